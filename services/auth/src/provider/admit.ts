import type { Invitation, Tenant } from "@tideway/api";
import type { Denial } from "@tideway/authclient";
import { sameHash } from "@tideway/pki";
import type { PeerView, Self } from "../ports.ts";
import { revocationOf } from "../tenant/decide.ts";

export interface Applicant {
  clusterID: string;
  clusterName: string;
  /** Pin of the key with which the applicant has proven that it is who it was. */
  provenPin: string;
  /** Undefined: no token was shown, the key alone speaks. */
  tokenHash: string | undefined;
}
/** Everything that is looked at before a cluster becomes a tenant. */
export interface World {
  applicant: Applicant;
  invitation: Invitation | undefined;
  /** The key alone opens: see `vouch.ts`. */
  vouched: boolean;
  peer: PeerView | undefined;
  tenant: Tenant | undefined;
  self: Pick<Self, "clusterID">;
  now: number;
}
export interface Refusal {
  reason: Denial;
  message: string;
}

/** Looks at every invitation, so that the time tells nothing of which one matched. */
export const findInvitation = (all: readonly Invitation[], tokenHash: string): Invitation | undefined => {
  let found: Invitation | undefined;
  for (const i of all) if (sameHash(i.spec.tokenHash, tokenHash) && !i.metadata.deletionTimestamp) found = i;
  return found;
};

export const isExpired = (i: Invitation, now: number): boolean =>
  i.spec.expiresAt !== undefined && now >= Date.parse(i.spec.expiresAt);
export const isUsed = (i: Invitation): boolean => !i.spec.standing && i.status?.usedAt !== undefined;
/**
 * The cluster that used the token asks again, with the key that it proved then: its answer may have been lost. Not
 * after the peering has ended, for then it would be a second one.
 */
export const mayRepeat = (i: Invitation, a: Pick<Applicant, "clusterID" | "provenPin">): boolean =>
  i.status?.usedBy === a.clusterID && i.status.usedPin === a.provenPin && i.status.closedAt === undefined;

type Check = (w: World) => Refusal | undefined;

const notOurselves: Check = ({ applicant, self }) =>
  applicant.clusterID === self.clusterID
    ? {
        reason: "SelfPeering",
        message: "a cluster cannot be its own tenant: the cluster ID is this cluster's",
      }
    : undefined;
const tokenKnown: Check = ({ applicant, invitation, vouched }) => {
  if (invitation || (applicant.tokenHash === undefined && vouched)) return undefined;
  return {
    reason: "UnknownToken",
    message:
      applicant.tokenHash === undefined
        ? "no token was shown, and this cluster does not let that key in without one; ask its owner for an invitation"
        : "the token is not one of this cluster's invitations; ask its owner for a new one",
  };
};
const tokenNotExpired: Check = ({ invitation, now }) =>
  invitation && isExpired(invitation, now)
    ? {
        reason: "TokenExpired",
        message: `the invitation expired at ${invitation.spec.expiresAt}; ask for a new one`,
      }
    : undefined;
const tokenNotUsed: Check = ({ invitation, applicant }) =>
  invitation && isUsed(invitation) && !mayRepeat(invitation, applicant)
    ? {
        reason: "TokenUsed",
        message: `the invitation was used at ${invitation.status?.usedAt}; it is good for one cluster, ask for a new one`,
      }
    : undefined;
const incomingAllowed: Check = ({ peer, tenant, applicant }) => {
  const why = revocationOf(tenant, peer);
  return why === undefined
    ? undefined
    : {
        reason: "IncomingRefused",
        message: `this cluster does not let ${applicant.clusterName} in: ${why}`,
      };
};
/**
 * Who holds an invitation may become a tenant, but not the one that another cluster is already. What was only announced
 * binds no ID to a key: else whoever can send a packet could lock the real cluster out.
 */
const sameKeyAsBefore: Check = ({ applicant, tenant, peer }) => {
  const known = tenant?.spec.pins ?? (peer?.present && !peer.claimed ? peer.pins : []);
  return known.length > 0 && !known.includes(applicant.provenPin)
    ? {
        reason: "ClusterKeyMismatch",
        message: `cluster ID ${applicant.clusterID} is known here with another key; if that cluster was installed anew, delete its Tenant and ForeignCluster here`,
      }
    : undefined;
};
const tenantNotLeaving: Check = ({ tenant }) =>
  tenant?.metadata.deletionTimestamp
    ? {
        reason: "TenantLeaving",
        message: "the previous peering is still being taken down; try again in a moment",
      }
    : undefined;

/** The token first: without it nothing else is told. */
const CHECKS: readonly Check[] = [
  tokenKnown,
  tokenNotExpired,
  tokenNotUsed,
  notOurselves,
  incomingAllowed,
  sameKeyAsBefore,
  tenantNotLeaving,
];

export const refuse = (w: World): Refusal | undefined => {
  for (const check of CHECKS) {
    const refusal = check(w);
    if (refusal) return refusal;
  }
  return undefined;
};
