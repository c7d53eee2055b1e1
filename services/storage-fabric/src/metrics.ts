import { type Metrics, OPEN } from "@tideway/telemetry";

const SIDES = ["local", "peer"] as const;
export type Side = (typeof SIDES)[number];
/** States of a volume, as the facts say them. */
const STATES = ["pending", "bound", "kept", "deleting"] as const;
export type VolumeState = (typeof STATES)[number];

export interface StorageFabricMetrics {
  /** A claim got its volume, this many seconds after its node was chosen. */
  bound(side: Side, seconds: number): void;
  /** So many bytes were sent by a move. */
  moved(bytes: number): void;
  /** Read at each scrape. */
  watch(volumes: () => { peer: string; class: string; state: VolumeState }[]): void;
}

export const storageFabricMetrics = (metrics: Metrics): StorageFabricMetrics => {
  const latency = metrics.histogram({
    name: "tideway_volume_bind_seconds",
    help: "From the choice of the first pod's node to the bound claim, by where the data is",
    labels: { side: SIDES },
  });
  const states = metrics.gauge({
    name: "tideway_volumes",
    help: "Volumes of claims in virtual storage classes, by state",
    labels: { state: STATES },
  });
  const byPeer = metrics.gauge({
    name: "tideway_peer_volumes",
    help: "Volumes by the peer that holds the data (local: this cluster) and by its storage class",
    labels: { peer: OPEN, class: OPEN },
  });
  const sent = metrics.counter({
    name: "tideway_volume_moved_bytes_total",
    help: "Bytes sent by the copies of moves",
    labels: {},
  });
  return {
    moved: (bytes) => {
      if (bytes > 0) sent.inc({}, bytes);
    },
    bound: (side, seconds) => latency.observe({ side }, seconds),
    watch: (volumes) => {
      const seen = new Map<string, { peer: string; class: string }>();
      for (const state of STATES)
        states.collect({ state }, () => {
          if (state === STATES[0]) count(volumes(), seen);
          return volumes().filter((v) => v.state === state).length;
        });
    },
  };
  function count(
    all: { peer: string; class: string }[],
    seen: Map<string, { peer: string; class: string }>,
  ): void {
    const counts = Map.groupBy(all, (v) => `${v.peer}/${v.class}`);
    for (const [key, labels] of seen) if (!counts.has(key)) byPeer.remove(labels);
    for (const [key, group] of counts) {
      const [first] = group;
      if (!first) continue;
      const labels = { peer: first.peer, class: first.class };
      seen.set(key, labels);
      byPeer.set(labels, group.length);
    }
  }
};
