import { findCondition, type ForeignCluster, FOREIGN_CLUSTER_CONDITIONS } from "@tideway/api";
import type { Metrics } from "@tideway/telemetry";
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
  probed(outcome: Outcome, seconds: number): void;
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
  const peers = metrics.gauge({
    name: "tideway_discovery_peers",
    help: "Peers of this replica by state",
    labels: { state: STATES },
  });
  return {
    probed: (outcome, took) => {
      probes.inc({ outcome: outcome.ok ? "Answered" : outcome.reason });
      if (outcome.ok) seconds.observe({}, took);
    },
    watch: (list) => {
      for (const state of STATES)
        peers.collect({ state }, () => list().filter((p) => stateOf(p) === state).length);
    },
  };
};
