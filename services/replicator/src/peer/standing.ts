import type { FactOf } from "@tideway/bus";
import type { Peer } from "../ports.ts";

/** What the bus says about our identity at a peer, and what of it concerns replication. */
export type Standing =
  /** No identity was ever granted, or nothing of it is left. */
  | { is: "none" }
  | { is: "gone"; name: string }
  /** Refused or withdrawn by the peer: nothing can be done there. */
  | { is: "refused"; name: string; message: string }
  | { is: "granted"; peer: Peer; secretName: string; serial: string };

type Identity = FactOf["identity"];

export const standingOf = (identity: Identity | undefined): Standing => {
  if (!identity) return { is: "none" };
  const { clusterId: id, name, localNamespace, remoteNamespace, apiServer: server } = identity;
  switch (identity.state) {
    case "GRANTED":
      return {
        is: "granted",
        peer: { id, name, localNamespace, remoteNamespace, server },
        secretName: identity.secretName,
        serial: identity.serial,
      };
    case "GONE":
      return { is: "gone", name };
    case "DENIED":
    case "REVOKED":
      return {
        is: "refused",
        name,
        message: identity.message || identity.reason || identity.state.toLowerCase(),
      };
    default:
      return { is: "none" };
  }
};

/** ms since the epoch after which only what is local is cleaned up; undefined while the peering is wanted. */
export const deadlineOf = (peer: FactOf["peer"] | undefined): number | undefined => {
  if (!peer) return undefined;
  if (peer.phase === "GONE") return 0;
  const at = peer.outgoing ? NaN : Date.parse(peer.unpeerDeadline);
  return Number.isNaN(at) ? undefined : at;
};
