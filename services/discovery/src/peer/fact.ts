import { foundOf, peerNamespace, tenantNamespace } from "@tideway/api";
import { isOnlyAnnounced } from "../found/ours.ts";
import type { PeerFact } from "../ports.ts";
import { isReachable } from "./reachable.ts";
import {
  allowsIncoming,
  at,
  deadlineOf,
  joinedByPolicy,
  verdictOf,
  wantsOutgoing,
  type World,
} from "./world.ts";

/** A person's token comes first; else the one that the rule names, which only those see that it joins. */
const tokenOf = (w: World): string =>
  w.cluster.spec.tokenSecretRef?.name ?? (joinedByPolicy(w) ? verdictOf(w).tokenSecret : "");
/** A rule that names the key stands for it as a person would. */
const isClaimed = (w: World): boolean =>
  isOnlyAnnounced(w.cluster) && !(joinedByPolicy(w) && verdictOf(w).pinned);

/** What the peer said of itself last, also before a restart. */
const spoken = ({ health, said }: World): Pick<PeerFact, "protocolVersion" | "capabilities"> =>
  health?.last?.ok
    ? { protocolVersion: health.last.version, capabilities: [...health.last.capabilities] }
    : { protocolVersion: said?.protocolVersion ?? "", capabilities: said?.capabilities ?? [] };

/** What others learn of the peer. */
export const factOf = (w: World): PeerFact => {
  const { metadata, spec } = w.cluster;
  const deadline = deadlineOf(w);
  return {
    clusterId: spec.clusterID,
    name: metadata.name,
    phase: "PRESENT",
    outgoing: wantsOutgoing(w),
    incoming: allowsIncoming(w),
    reachable: isReachable(w),
    authEndpoint: spec.authEndpoint,
    pins: [...spec.pins],
    tokenSecret: tokenOf(w),
    unpeerDeadline: deadline === undefined ? "" : at(deadline),
    tenantNamespace: tenantNamespace(metadata.name),
    peerNamespace: peerNamespace(metadata.name),
    clusterName: spec.clusterName,
    ...spoken(w),
    claimed: isClaimed(w),
    foundAt: foundOf(w.cluster).map((f) => `${f.way} ${f.domain}`),
    labels: metadata.labels ?? {},
  };
};

/** The last word: address and pins stay in it, for whoever still has something to tell the peer. */
export const goneFact = (last: PeerFact): PeerFact => ({
  ...last,
  phase: "GONE",
  outgoing: false,
  incoming: false,
});
