import { findCondition, type ForeignCluster, FOREIGN_CLUSTER_CONDITIONS } from "@tideway/api";
import { type Metrics, OPEN } from "@tideway/telemetry";
import { FAILURES, type Outcome } from "./probe/health.ts";

const STATES = ["Ready", "NotReady", "Unpeering", "NotPeered"] as const;
export type PeerState = (typeof STATES)[number];
const OUTCOMES = ["Answered", ...FAILURES] as const;

export const stateOf = ({ metadata, status }: Readonly<ForeignCluster>): PeerState => {
  const ready = findCondition(status?.conditions, FOREIGN_CLUSTER_CONDITIONS.ready);
  if (metadata.deletionTimestamp || ready?.reason.startsWith("Unpeer")) return "Unpeering";
  if (ready?.reason === "NotPeered") return "NotPeered";
  return ready?.status === "True" ? "Ready" : "NotReady";
};

export interface DiscoveryMetrics {
  probed(peer: string, outcome: Outcome, seconds: number): void;
  /** The peer is gone, and so is what was measured of it. */
  gone(peer: string): void;
  /** Where the gauge reads at each scrape: the peers of this replica. */
  watch(peers: () => Readonly<ForeignCluster>[]): void;
}

export const discoveryMetrics = (metrics: Metrics): DiscoveryMetrics => {
  const probes = metrics.counter({
    name: "tideway_discovery_probes_total",
    help: "Probes of the auth services of peers, by outcome",
    labels: { outcome: OUTCOMES },
  });
  const seconds = metrics.histogram({
    name: "tideway_discovery_probe_seconds",
    help: "Time until a peer answered a probe",
  });
  const skew = metrics.gauge({
    name: "tideway_discovery_clock_skew_seconds",
    help: "How far the clock of a peer is ahead of ours",
    labels: { peer: OPEN },
  });
  const peers = metrics.gauge({
    name: "tideway_discovery_peers",
    help: "Peers of this replica by state",
    labels: { state: STATES },
  });
  return {
    probed: (peer, outcome, took) => {
      probes.inc({ outcome: outcome.ok ? "Answered" : outcome.reason });
      if (!outcome.ok) return;
      seconds.observe({}, took);
      skew.set({ peer }, outcome.skewMs / 1000);
    },
    gone: (peer) => skew.remove({ peer }),
    watch: (list) => {
      for (const state of STATES)
        peers.collect({ state }, () => list().filter((p) => stateOf(p) === state).length);
    },
  };
};
