import { OPEN, type Metrics } from "@tideway/telemetry";
import type { CounterValue } from "@tideway/net";
import { DROPS } from "./desired/drops.ts";
import type { TunnelFact } from "./ports.ts";

const STATES = ["CONNECTING", "CONNECTED", "DISCONNECTED"] as const;
const IMPLEMENTATIONS = ["kernel", "userspace"] as const;

export interface PeerFigures {
  peer: string;
  state: TunnelFact["state"];
  receivedBytes: number;
  sentBytes: number;
  latencyMs: number;
  loss: number;
  /** Seconds since the epoch; undefined: never. */
  lastHandshake: number | undefined;
}

export interface GatewayMetrics {
  implementation(is: string): void;
  /** All peers of this replica; series of others go. */
  peers(figures: readonly PeerFigures[], wallSeconds: number): void;
  dropped(counters: ReadonlyMap<string, CounterValue>): void;
  /** Asked for anew with each scrape: two looks a second apart tell a throughput. Bounded; a failure is the caller's. */
  beforeScrape(look: () => Promise<void>): void;
}

/** A scrape shows older figures rather than none. */
const LOOK_WITHIN_MS = 1_000;

/** What grew since the last look; an interface that was made anew begins at 0 again. */
const growth = (): ((key: string, value: number) => number) => {
  const last = new Map<string, number>();
  return (key, value) => {
    const before = last.get(key) ?? 0;
    last.set(key, value);
    return value >= before ? value - before : value;
  };
};

export const gatewayMetrics = (metrics: Metrics): GatewayMetrics => {
  const peer = { peer: OPEN } as const;
  const received = metrics.counter({
    name: "tideway_gateway_received_bytes_total",
    help: "Bytes that came through the tunnel to a peer",
    labels: peer,
  });
  const sent = metrics.counter({
    name: "tideway_gateway_sent_bytes_total",
    help: "Bytes that were sent through the tunnel to a peer",
    labels: peer,
  });
  const gauges = {
    latency: metrics.gauge({
      name: "tideway_gateway_latency_seconds",
      help: "Round trip between this gateway and the peer's, median of the last probes",
      labels: peer,
    }),
    loss: metrics.gauge({
      name: "tideway_gateway_loss_ratio",
      help: "Share of the last probes without an answer",
      labels: peer,
    }),
    age: metrics.gauge({
      name: "tideway_gateway_handshake_age_seconds",
      help: "Time since the last WireGuard handshake with a peer; -1: never",
      labels: peer,
    }),
  };
  const tunnels = metrics.gauge({
    name: "tideway_gateway_tunnels",
    help: "Tunnels of this replica by state",
    labels: { state: STATES },
  });
  const implementation = metrics.gauge({
    name: "tideway_gateway_wireguard_implementation",
    help: "1 for the WireGuard that is used",
    labels: { implementation: IMPLEMENTATIONS },
  });
  const drops = metrics.counter({
    name: "tideway_gateway_dropped_packets_total",
    help: "Packets that the rules dropped, by reason",
    labels: { reason: DROPS },
  });
  const grew = growth();
  let shown: string[] = [];
  return {
    beforeScrape: (look) => {
      const { registry } = metrics;
      const scrape = registry.metrics.bind(registry);
      registry.metrics = async () => {
        const bound = AbortSignal.timeout(LOOK_WITHIN_MS);
        await Promise.race([look(), new Promise((resolve) => bound.addEventListener("abort", resolve))]);
        return scrape();
      };
    },
    implementation: (is) => {
      for (const i of IMPLEMENTATIONS) implementation.set({ implementation: i }, i === is ? 1 : 0);
    },
    peers: (figures, wallSeconds) => {
      for (const f of figures) {
        const labels = { peer: f.peer };
        received.inc(labels, grew(`rx/${f.peer}`, f.receivedBytes));
        sent.inc(labels, grew(`tx/${f.peer}`, f.sentBytes));
        gauges.latency.set(labels, f.latencyMs / 1000);
        gauges.loss.set(labels, f.loss);
        gauges.age.set(labels, f.lastHandshake ? Math.max(0, wallSeconds - f.lastHandshake) : -1);
      }
      const now = figures.map((f) => f.peer);
      for (const gone of shown.filter((p) => !now.includes(p)))
        for (const gauge of Object.values(gauges)) gauge.remove({ peer: gone });
      shown = now;
      for (const state of STATES) tunnels.set({ state }, figures.filter((f) => f.state === state).length);
    },
    dropped: (counters) => {
      for (const reason of DROPS)
        drops.inc({ reason }, grew(`drop/${reason}`, counters.get(reason)?.packets ?? 0));
    },
  };
};
