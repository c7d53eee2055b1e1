import { findCondition, type ForeignCluster, FOREIGN_CLUSTER_CONDITIONS, FOUND_BY, WAYS } from "@tideway/api";
import { type Metrics, OPEN } from "@tideway/telemetry";
import { FAILURES, type Outcome } from "./probe/health.ts";

const STATES = ["Ready", "NotReady", "Unpeering", "NotPeered"] as const;
export type PeerState = (typeof STATES)[number];
const SEARCHES = ["Found", "NothingFound", "Failed"] as const;
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
  /** A search of a domain. */
  searched(outcome: (typeof SEARCHES)[number]): void;
  /** An announced cluster was not taken in, for want of room. */
  refused(): void;
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
  const found = metrics.gauge({
    name: "tideway_discovery_found",
    help: "Peers of this replica that were found, by the way",
    labels: { way: WAYS },
  });
  const searches = metrics.counter({
    name: "tideway_discovery_searches_total",
    help: "Searches of DNS domains, by outcome",
    labels: { outcome: SEARCHES },
  });
  const refused = metrics.counter({
    name: "tideway_discovery_refused_total",
    help: "Times that an announced cluster was not taken in, since there are too many",
  });
  return {
    searched: (outcome) => searches.inc({ outcome }),
    refused: () => refused.inc({}),
    probed: (peer, outcome, took) => {
      probes.inc({ outcome: outcome.ok ? "Answered" : outcome.reason });
      if (!outcome.ok) return;
      seconds.observe({}, took);
      skew.set({ peer }, outcome.skewMs / 1000);
    },
    gone: (peer) => skew.remove({ peer }),
    watch: (list) => {
      for (const way of WAYS)
        found.collect({ way }, () => list().filter((p) => p.metadata.labels?.[FOUND_BY] === way).length);
      for (const state of STATES)
        peers.collect({ state }, () => list().filter((p) => stateOf(p) === state).length);
    },
  };
};
