import type { DiscoveryPolicy, ForeignCluster } from "@tideway/api";
import type { Sighting } from "../found/sightings.ts";
import { judge, type Verdict } from "../policy/judge.ts";
import type { Heard, PeerFact } from "../ports.ts";
import type { Health } from "../probe/health.ts";

/** Everything a decision about one ForeignCluster may look at. */
export interface World {
  cluster: Readonly<ForeignCluster>;
  /** ID of this cluster. */
  self: string;
  /** Name of another ForeignCluster with the same ID, which came first and counts. */
  elder: string | undefined;
  said: PeerFact | undefined;
  heard: Heard;
  health: Health | undefined;
  /** Decides where outgoingPeering is Auto. */
  policy: Readonly<DiscoveryPolicy> | undefined;
  /** Who announces the same ID with a key that the ForeignCluster does not have. */
  strangers: readonly Sighting[];
  /** Between two probes, ms. */
  probeMs: number;
  now: number;
  /** What the other services have after the deadline, ms. */
  graceMs: number;
}

/** One line for people and machines about one concern. */
export interface Line {
  status: "True" | "False" | "Unknown";
  /** CamelCase word. */
  reason: string;
  message: string;
  /** On its way: it changes by itself within moments. */
  passing?: true;
  /** Somebody should look: worth a warning when it begins. */
  serious?: true;
}

const DEFAULT_TIMEOUT_SECONDS = 30;

export const isLeaving = ({ cluster }: World): boolean => cluster.metadata.deletionTimestamp !== undefined;
export const verdictOf = ({ policy, cluster }: World): Verdict => judge(policy, cluster);
/** The policy has its say, and says join. */
export const joinedByPolicy = (w: World): boolean =>
  w.cluster.spec.outgoingPeering === "Auto" && verdictOf(w).action === "join";
export const wantsOutgoing = (w: World): boolean =>
  (w.cluster.spec.outgoingPeering === "Yes" || joinedByPolicy(w)) && !isLeaving(w);
/** Auto is as Yes: what a peer may have is the SharingPolicy's. */
export const allowsIncoming = (w: World): boolean => w.cluster.spec.incomingPeering !== "No" && !isLeaving(w);

/** Something of a peering stands, in either direction. An identity that was never given does not. */
export const stands = ({ identity, node }: Heard): boolean =>
  (identity.outgoing !== undefined && !["GONE", "DENIED"].includes(identity.outgoing.state)) ||
  (identity.incoming !== undefined && identity.incoming.state !== "GONE") ||
  (node !== undefined && node.state !== "GONE");

/** What still stands of our use of the peer, by who has to take it away. */
export const outgoingLeft = ({ heard, cluster }: World): string[] => [
  ...(heard.node && heard.node.state !== "GONE"
    ? [`virtual-kubelet (node ${heard.node.nodeName || cluster.metadata.name})`]
    : []),
  ...(heard.identity.outgoing && heard.identity.outgoing.state !== "GONE"
    ? ["auth (our identity there)"]
    : []),
];

/** What still stands of the peer's use of this cluster. */
export const incomingLeft = ({ heard }: World): string[] =>
  heard.identity.incoming && heard.identity.incoming.state !== "GONE"
    ? ["auth (the peer's identity here)"]
    : [];

export const allLeft = (w: World): string[] => [...outgoingLeft(w), ...incomingLeft(w)];

/** Our use of the peer ends: it is not wanted any more, and something of it stands or was asked for until now. */
export const endsOutgoing = (w: World): boolean =>
  !wantsOutgoing(w) && (outgoingLeft(w).length > 0 || (w.said?.phase === "PRESENT" && w.said.outgoing));

/**
 * When the other services stop waiting for the peer, ms; undefined while nothing is taken down. What was said once
 * is kept, so that neither a restart nor a second look moves it; a shorter timeout brings it nearer, and a deletion
 * has its whole time.
 */
export const deadlineOf = (w: World): number | undefined => {
  if (!isLeaving(w) && !endsOutgoing(w)) return undefined;
  const timeoutMs = (w.cluster.spec.unpeerTimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
  const said = w.said?.phase === "PRESENT" ? Date.parse(w.said.unpeerDeadline) : Number.NaN;
  const kept = Number.isNaN(said) ? undefined : Math.min(said, w.now + timeoutMs);
  if (!isLeaving(w)) return kept ?? w.now + timeoutMs;
  const deleted = Date.parse(w.cluster.metadata.deletionTimestamp ?? "");
  return Math.max(kept ?? 0, (Number.isNaN(deleted) ? w.now : deleted) + timeoutMs);
};

export const at = (ms: number): string => new Date(ms).toISOString();
