import { type Metrics, OPEN } from "@tideway/telemetry";
import type { Kind } from "./ports.ts";

export interface ReplicatorMetrics {
  /** Objects of a peer that wait to be copied; undefined: the peer is not ours any more. */
  backlog(peer: string, count: number | undefined): void;
  /** From the first sight of a change to both sides alike, seconds. */
  lag(kind: Kind, seconds: number): void;
  links(read: () => { up: number; down: number }): void;
}

export const replicatorMetrics = (m: Metrics, kinds: readonly Kind[]): ReplicatorMetrics => {
  const backlog = m.gauge({
    name: "tideway_replication_backlog",
    help: "Objects that wait to be copied, by peer",
    labels: { peer: OPEN },
  });
  const lag = m.histogram({
    name: "tideway_replication_lag_seconds",
    help: "Time from the first sight of a change until both sides are alike",
    labels: { kind: kinds.map((k) => k.name) },
  });
  const links = m.gauge({
    name: "tideway_replication_peers",
    help: "Peers this replica looks after, by state of the link",
    labels: { link: ["up", "down"] },
  });
  return {
    backlog: (peer, count) => (count === undefined ? backlog.remove({ peer }) : backlog.set({ peer }, count)),
    lag: (kind, seconds) => lag.observe({ kind: kind.name }, seconds),
    links: (read) => {
      links.collect({ link: "up" }, () => read().up);
      links.collect({ link: "down" }, () => read().down);
    },
  };
};
