import type { Metrics } from "@tideway/telemetry";

const OUTCOMES = ["routed", "refused"] as const;

export interface RouteAgentMetrics {
  /** Somebody else had changed what this agent keeps, and it was set again. */
  repaired(): void;
  routed(prefixes: number, refused: number): void;
}

export const routeAgentMetrics = (metrics: Metrics): RouteAgentMetrics => {
  const repairs = metrics.counter({
    name: "tideway_route_agent_repairs_total",
    help: "Passes that set again what somebody else had changed or removed",
  });
  const prefixes = metrics.gauge({
    name: "tideway_route_agent_prefixes",
    help: "Networks behind gateways that this node sends there, or refuses to",
    labels: { outcome: OUTCOMES },
  });
  return {
    repaired: () => repairs.inc({}),
    routed: (routed, refused) => {
      prefixes.set({ outcome: "routed" }, routed);
      prefixes.set({ outcome: "refused" }, refused);
    },
  };
};
