import { type Invitation, invitations } from "@tideway/api";
import { DeniedError } from "@tideway/authclient";
import { isConflict, isNotFound } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { isUsed } from "./admit.ts";

const used = (): DeniedError =>
  new DeniedError(
    "TokenUsed",
    "the invitation was used a moment ago; it is good for one cluster, ask for a new one",
  );

/**
 * Marks a single-use invitation as used. The API server decides: the write carries the version that was read unused,
 * so of any number of calls on any number of replicas exactly one passes.
 */
export const consume = async (kube: Kube, seen: Invitation, by: string, now: number): Promise<void> => {
  if (seen.spec.standing) return;
  let invitation: Invitation = seen;
  for (let tries = 0; tries < 5; tries++) {
    try {
      const status = { ...invitation.status, usedBy: by, usedAt: new Date(now).toISOString() };
      await kube.replace(invitations, { ...invitation, status }, { subresource: "status" });
      return;
    } catch (err) {
      if (isNotFound(err)) throw used();
      if (!isConflict(err)) throw err;
    }
    // Someone wrote first: a reconciler that filled the status, or another call that took the token.
    const newer = await kube.find(invitations, seen.metadata.name, seen.metadata.namespace);
    if (!newer || newer.metadata.uid !== seen.metadata.uid || isUsed(newer)) throw used();
    invitation = newer;
  }
  throw used();
};

/** Nothing was handed out for it, through no fault of the caller: the invitation is good again. */
export const giveBack = async (kube: Kube, seen: Invitation): Promise<void> => {
  if (seen.spec.standing) return;
  await kube.patch(
    invitations,
    seen.metadata.name,
    seen.metadata.namespace,
    { metadata: { uid: seen.metadata.uid }, status: { usedBy: null, usedAt: null } },
    { subresource: "status" },
  );
};
