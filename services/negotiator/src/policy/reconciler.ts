import { sameConditions, setCondition, sharingPolicies, type SharingPolicy } from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import type { Kube } from "@tideway/k8s";
import { compilePolicy } from "@tideway/sharing";
import type { Cache, Clock, Share } from "../ports.ts";
import { readiness } from "./readiness.ts";

export interface Deps {
  kube: Pick<Kube, "apply">;
  policies: Cache<SharingPolicy>;
  share: Share;
  clock: Clock;
}

/** Tells the owner how a policy stands. The key is its name. */
export const makePolicyReconciler =
  (d: Deps): Reconcile =>
  async (name, { signal }) => {
    const policy = d.policies.get(name);
    if (!policy || policy.metadata.deletionTimestamp || !d.share.keepsBooks()) return {};
    const { uid, generation } = policy.metadata;
    const condition = setCondition(
      policy.status?.conditions,
      readiness(policy, compilePolicy(policy)),
      d.clock.now().toISOString(),
    );
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
