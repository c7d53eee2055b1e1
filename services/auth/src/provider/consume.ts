import { type Invitation, type InvitationStatus, invitations } from "@tideway/api";
import { DeniedError } from "@tideway/authclient";
import { isConflict, isNotFound } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { type Applicant, isUsed, mayRepeat } from "./admit.ts";

const used = (): DeniedError =>
  new DeniedError(
    "TokenUsed",
    "the invitation was used a moment ago; it is good for one cluster, ask for a new one",
  );

/**
 * Gives a single-use invitation to this cluster and its key, for good. The API server decides: the write carries the
 * version that was read unused, so of any number of clusters on any number of replicas exactly one gets it. That one
 * may ask again: "repeat", and something of the first time may stand here already.
 */
export const consume = async (
  kube: Kube,
  seen: Invitation,
  by: Pick<Applicant, "clusterID" | "provenPin">,
  now: number,
): Promise<"first" | "repeat"> => {
  if (seen.spec.standing) return "first";
  const { name, namespace, uid } = seen.metadata;
  let invitation = seen;
  for (let tries = 0; tries < 5; tries++) {
    if (!isUsed(invitation)) {
      try {
        await kube.replace(invitations, { ...invitation, status: usedBy(invitation, by, now) }, STATUS);
        return "first";
      } catch (err) {
        if (!isConflict(err)) throw err;
      }
    }
    // Someone wrote first: a reconciler that filled the status, or another call that took the token.
    const newest = await kube.find(invitations, name, namespace);
    if (!newest || newest.metadata.uid !== uid) throw used();
    if (isUsed(newest)) {
      if (mayRepeat(newest, by)) return "repeat";
      throw used();
    }
    invitation = newest;
  }
  throw used();
};

const STATUS = { subresource: "status" } as const;

const usedBy = (
  { status }: Invitation,
  { clusterID, provenPin }: Pick<Applicant, "clusterID" | "provenPin">,
  now: number,
): InvitationStatus => ({
  ...status,
  usedBy: clusterID,
  usedPin: provenPin,
  usedAt: new Date(now).toISOString(),
});

/** The peering of this cluster has ended: what it used before makes no new one. */
export const closeInvitations = async (
  kube: Kube,
  namespace: string,
  clusterID: string,
  now: number,
): Promise<void> => {
  const open = (await kube.list(invitations, { namespace })).filter(
    (i) => i.status?.usedBy === clusterID && i.status.closedAt === undefined && !i.spec.standing,
  );
  const status = { closedAt: new Date(now).toISOString() };
  await Promise.all(
    open.map(({ metadata: { name, uid } }) =>
      kube
        .patch(invitations, name, namespace, { metadata: { uid }, status }, STATUS)
        .catch((err: unknown) => {
          if (!isNotFound(err) && !isConflict(err)) throw err; // gone meanwhile, or another one of that name
        }),
    ),
  );
};
