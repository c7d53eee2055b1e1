import { type Invitation, type InvitationStatus, invitations, sameConditions } from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import type { Kube } from "@tideway/k8s";
import type { Clock, Self } from "../ports.ts";
import { decide } from "./decide.ts";

export interface InvitationDeps {
  kube: Kube;
  clock: Clock;
  self: Self;
  keepMs: number;
  get(key: string): Invitation | undefined;
  owns(key: string): boolean;
}

/** Longest sleep of a timer in Node is 24.8 days. */
const MAX_SLEEP_MS = 24 * 3_600_000;

/** Key: namespace/name. Fills in what the invited cluster needs, and removes what is of no use any more. */
export const createInvitationReconciler = (d: InvitationDeps): Reconcile => {
  const { clusterID, clusterName, authEndpoint, pin } = d.self;
  const address: InvitationStatus = {
    clusterID,
    clusterName,
    pin,
    ...(authEndpoint ? { authEndpoint } : {}),
  };
  const filled = (s: InvitationStatus | undefined): boolean =>
    s?.clusterID === clusterID &&
    s.clusterName === clusterName &&
    s.pin === pin &&
    (s.authEndpoint ?? "") === authEndpoint;

  return async (key) => {
    const invitation = d.get(key);
    if (!invitation || invitation.metadata.deletionTimestamp || !d.owns(key)) return {};
    const { name, namespace, uid, generation } = invitation.metadata;
    const plan = decide({ invitation, now: d.clock.now(), keepMs: d.keepMs });
    if (plan.step === "delete") {
      await d.kube.delete(invitations, name, namespace, uid ? { uid } : {});
      return {};
    }
    if (!filled(invitation.status) || !sameConditions(invitation.status?.conditions, plan.conditions)) {
      const status = {
        ...address,
        conditions: plan.conditions,
        ...(generation !== undefined ? { observedGeneration: generation } : {}),
      };
      await d.kube.apply(
        invitations,
        { metadata: { name, ...(namespace ? { namespace } : {}) }, status },
        { fieldManager: "auth", subresource: "status" },
      );
    }
    return plan.requeueAfterMs === undefined
      ? {}
      : { requeueAfterMs: Math.min(plan.requeueAfterMs, MAX_SLEEP_MS) };
  };
};
