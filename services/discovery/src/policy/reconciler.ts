import {
  type ConditionInput,
  DISCOVERY_POLICY_NAME,
  discoveryPolicies,
  type DiscoveryPolicy,
  sameConditions,
  setCondition,
} from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import type { Kube } from "@tideway/k8s";
import type { Clock } from "../ports.ts";
import { unproven } from "./judge.ts";

export interface PolicyDeps {
  kube: Pick<Kube, "apply">;
  clock: Clock;
  get(name: string): Readonly<DiscoveryPolicy> | undefined;
  writes(name: string): boolean;
}

/** Whether the policy is used, and what its owner should know of it. Pure. */
export const readiness = ({ metadata, spec }: Readonly<DiscoveryPolicy>): ConditionInput => {
  if (metadata.name !== DISCOVERY_POLICY_NAME) {
    const message = `only the policy named ${DISCOVERY_POLICY_NAME} is used`;
    return { type: "Ready", status: "False", reason: "NotUsed", message };
  }
  const open = unproven({ metadata, spec });
  const count = `${spec.rules?.length ?? 0} rules, then ${spec.defaultAction ?? "ask"}`;
  const message =
    open.length === 0
      ? count
      : `${count}; whoever can announce itself there is joined, and gets the token, by ${open.join(", ")}: name pins where that matters`;
  return { type: "Ready", status: "True", reason: open.length === 0 ? "InUse" : "JoinsUnproven", message };
};

/** Tells the owner how a policy stands. The key is its name. */
export const createPolicyReconciler =
  (d: PolicyDeps): Reconcile =>
  async (name, { signal }) => {
    const policy = d.get(name);
    if (!policy || policy.metadata.deletionTimestamp || !d.writes(name)) return {};
    const { uid, generation } = policy.metadata;
    const now = new Date(d.clock.now()).toISOString();
    const condition = setCondition(policy.status?.conditions, readiness(policy), now);
    const { status: before } = policy;
    if (before?.observedGeneration === generation && sameConditions(before?.conditions, [condition]))
      return {};
    const observed = generation === undefined ? {} : { observedGeneration: generation };
    await d.kube.apply(
      discoveryPolicies,
      { metadata: { name, ...(uid ? { uid } : {}) }, status: { conditions: [condition], ...observed } },
      { fieldManager: "discovery", subresource: "status", signal },
    );
    return {};
  };
