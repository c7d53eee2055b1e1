import {
  findCondition,
  PEER,
  setCondition,
  type ShadowPod,
  type WorkloadPolicy,
  workloadPolicies,
} from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import { isNotFound } from "@tideway/errors";
import type { Informer, Kube, Namespace } from "@tideway/k8s";
import { type Clock, nowIso } from "../../ports.ts";
import { FIELD_MANAGER } from "../labels.ts";
import type { Policies } from "../policies.ts";
import { decide } from "./decide.ts";

export interface WorkloadPolicyDeps {
  kube: Kube;
  clock: Clock;
  policies: Informer<WorkloadPolicy>;
  policyOf: Policies;
  shadows: Informer<ShadowPod>;
  twins: Informer<Namespace>;
  /** This replica looks after the policy. */
  owns(name: string): boolean;
}

export const isRefused = (shadow: Readonly<ShadowPod> | undefined): boolean =>
  findCondition(shadow?.status?.conditions, "Ready")?.reason === "PolicyRefused";

/** Key: the name of a WorkloadPolicy. */
export const makeWorkloadPolicyReconciler = (d: WorkloadPolicyDeps): Reconcile => {
  const peerOf = (twin: Readonly<Namespace> | undefined): string => twin?.metadata.labels?.[PEER] ?? "";
  const refusedBy = (name: string): number =>
    d.shadows
      .list()
      .filter(
        (s) => isRefused(s) && d.policyOf(peerOf(d.twins.get(s.metadata.namespace ?? ""))).name === name,
      ).length;

  return async (name, { signal }) => {
    const policy = d.policies.get(name);
    if (!policy || !d.owns(name)) return {};
    const tenants = [...new Set(d.twins.list().map(peerOf))].filter((t) => t !== "").toSorted();
    const { condition, refused } = decide({
      policy,
      tenants,
      withOwn: tenants.filter((t) => d.policies.get(t) !== undefined),
      refused: refusedBy(name),
    });
    const before = policy.status;
    const next = setCondition(before?.conditions, condition, nowIso(d.clock));
    const old = findCondition(before?.conditions, "Ready");
    const isSame =
      old?.status === next.status &&
      old.reason === next.reason &&
      old.message === next.message &&
      before?.observedGeneration === policy.metadata.generation &&
      before?.refused === refused;
    if (isSame) return {};
    const { uid, generation } = policy.metadata;
    const status = {
      conditions: [next],
      refused,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    try {
      await d.kube.apply(
        workloadPolicies,
        { metadata: { name, ...(uid ? { uid } : {}) }, status },
        { fieldManager: FIELD_MANAGER, subresource: "status", signal },
      );
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
    return {};
  };
};
