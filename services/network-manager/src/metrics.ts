import type { Metrics } from "@tideway/telemetry";
import { METHODS, type MethodName, type Outcome, OUTCOMES } from "./ipam/server.ts";

const STATES = ["up", "pending", "refused"] as const;
const KINDS = ["networks", "addresses"] as const;

export interface NetworkManagerMetrics {
  served(method: MethodName, outcome: Outcome, seconds: number): void;
  conflict(): void;
  /** Of a peer; undefined: there is no network to it. */
  link(id: string, state: (typeof STATES)[number] | undefined): void;
  watch(given: () => Record<(typeof KINDS)[number], number>): void;
}

export const networkManagerMetrics = (metrics: Metrics): NetworkManagerMetrics => {
  const calls = metrics.counter({
    name: "tideway_ipam_calls_total",
    help: "Calls of the IPAM service, by method and outcome",
    labels: { method: METHODS, outcome: OUTCOMES },
  });
  const seconds = metrics.histogram({
    name: "tideway_ipam_call_seconds",
    help: "From a call's arrival to its answer",
  });
  const conflicts = metrics.counter({
    name: "tideway_ipam_conflicts_total",
    help: "Writes of the AddressPool that another writer was ahead of, and that were done again",
  });
  const links = metrics.gauge({
    name: "tideway_network_peers",
    help: "Peers that this replica looks after, by the state of the network to them",
    labels: { state: STATES },
  });
  const given = metrics.gauge({
    name: "tideway_ipam_given",
    help: "Networks and single addresses given away",
    labels: { kind: KINDS },
  });
  const states = new Map<string, (typeof STATES)[number]>();
  for (const state of STATES)
    links.collect({ state }, () => [...states.values()].filter((s) => s === state).length);
  return {
    served: (method, outcome, took) => {
      calls.inc({ method, outcome });
      seconds.observe({}, took);
    },
    conflict: () => conflicts.inc({}),
    link: (id, state) => void (state === undefined ? states.delete(id) : states.set(id, state)),
    watch: (read) => {
      for (const kind of KINDS) given.collect({ kind }, () => read()[kind]);
    },
  };
};
