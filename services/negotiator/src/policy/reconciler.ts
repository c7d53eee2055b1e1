import {
  type ConditionInput,
  sameConditions,
  setCondition,
  sharingPolicies,
  SHARING_POLICY_NAME,
  type SharingPolicy,
} from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { parseList } from "@tideway/quantity";
import type { Cache, Clock, Share } from "../ports.ts";

export interface Deps {
  kube: Pick<Kube, "apply">;
  policies: Cache<SharingPolicy>;
  share: Share;
  clock: Clock;
}

/** Whether the policy is used, and what is wrong with it. Pure. */
export const readiness = (policy: SharingPolicy): ConditionInput => {
  const say = (status: ConditionInput["status"], reason: string, message: string): ConditionInput => ({
    type: "Ready",
    status,
    reason,
    message,
  });
  if (policy.metadata.name !== SHARING_POLICY_NAME)
    return say("False", "NotUsed", `only the policy named ${SHARING_POLICY_NAME} is used`);
  try {
    parseList(policy.spec.perPeer);
  } catch (err) {
    return say(
      "False",
      "InvalidPolicy",
      `spec.perPeer: ${describeError(err)}; every request waits until it is mended`,
    );
  }
  return say(
    "True",
    "InUse",
    `${policy.spec.rules?.length ?? 0} rules, then ${policy.spec.defaultAction ?? "ask"}`,
  );
};

/** Tells the owner how a policy stands. The key is its name. */
export const makePolicyReconciler =
  (d: Deps): Reconcile =>
  async (name, { signal }) => {
    const policy = d.policies.get(name);
    if (!policy || policy.metadata.deletionTimestamp || !d.share.keepsBooks()) return {};
    const { uid, generation } = policy.metadata;
    const condition = setCondition(policy.status?.conditions, readiness(policy), d.clock.now().toISOString());
    const upToDate =
      policy.status?.observedGeneration === generation &&
      sameConditions(policy.status?.conditions, [condition]);
    if (upToDate) return {};
    const status = {
      conditions: [condition],
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    await d.kube.apply(
      sharingPolicies,
      { metadata: { name, ...(uid ? { uid } : {}) }, status },
      { fieldManager: "negotiator", subresource: "status", signal },
    );
    return {};
  };
