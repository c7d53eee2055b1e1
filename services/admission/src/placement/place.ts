import { type NodeSelectorTerm, VIRTUAL_NODE } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import type { Refusal } from "@tideway/podspec";
import { ALLOWED, deny, type JsonPatchOp, type Verdict } from "../review/review.ts";
import { narrow, OFF_VIRTUAL, type Strategy, termsOf } from "./terms.ts";

export interface Placement {
  strategy: Strategy;
  /** Terms over the labels of virtual nodes; empty: all. */
  selector: readonly NodeSelectorTerm[];
}

type Spec = NonNullable<Pod["spec"]>;
type Toleration = NonNullable<Spec["tolerations"]>[number];
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";

export const TOLERATION: Toleration = { key: VIRTUAL_NODE, operator: "Exists", effect: "NoSchedule" };

const tolerates = (t: Toleration): boolean =>
  (t.effect === undefined || t.effect === "" || t.effect === "NoSchedule") &&
  (t.operator === "Exists"
    ? !t.key || t.key === VIRTUAL_NODE
    : t.key === VIRTUAL_NODE && (t.value ?? "") === "true");

/** Pods that belong to a node: of a DaemonSet, and the mirrors of static pods. They are never lent. */
export const belongsToANode = (pod: Pod): boolean =>
  (pod.metadata.ownerReferences ?? []).some(
    (o) => o.controller === true && (o.kind === "DaemonSet" || o.kind === "Node"),
  ) || pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined;

export const isTolerated = (spec: Spec): boolean => (spec.tolerations ?? []).some(tolerates);

export const tolerationPatch = (spec: Spec, at = "/spec"): JsonPatchOp[] => {
  if (isTolerated(spec)) return [];
  return (spec.tolerations ?? []).length > 0
    ? [{ op: "add", path: `${at}/tolerations/-`, value: TOLERATION }]
    : [{ op: "add", path: `${at}/tolerations`, value: [TOLERATION] }];
};

/** The smallest patch: added at the first level that is not there yet. */
export const affinityPatch = (
  spec: Spec,
  terms: readonly NodeSelectorTerm[],
  at = "/spec",
): JsonPatchOp[] => {
  const selector = { nodeSelectorTerms: terms };
  if (!spec.affinity)
    return [{ op: "add", path: `${at}/affinity`, value: { nodeAffinity: { [REQUIRED]: selector } } }];
  if (!spec.affinity.nodeAffinity)
    return [{ op: "add", path: `${at}/affinity/nodeAffinity`, value: { [REQUIRED]: selector } }];
  const path = `${at}/affinity/nodeAffinity/${REQUIRED}`;
  const own = spec.affinity.nodeAffinity[REQUIRED];
  if (!own) return [{ op: "add", path, value: selector }];
  const now = own.nodeSelectorTerms as NodeSelectorTerm[];
  const next = narrow(now, terms);
  // nothing left means that the pod's own terms match no node: they say so already
  if (next.length === 0 || JSON.stringify(next) === JSON.stringify(now)) return [];
  return [{ op: "replace", path: `${path}/nodeSelectorTerms`, value: next }];
};

/** Whatever it tolerates. */
export const keepHome = (pod: Pod): Verdict => ({
  allowed: true,
  patch: pod.spec ? affinityPatch(pod.spec, [{ matchExpressions: [OFF_VIRTUAL] }]) : [],
});

const listed = (refusals: readonly Refusal[]): string =>
  refusals.map((r) => `spec.${r.field} ${r.message}`).join("; ");

/**
 * Where a new pod of an offloaded namespace may run.
 * @param refusals what of the pod no provider would take.
 */
export const place = (pod: Pod, p: Placement, refusals: readonly Refusal[]): Verdict => {
  const spec = pod.spec;
  if (!spec || p.strategy === "Local" || belongsToANode(pod)) return ALLOWED;
  if (refusals.length > 0) {
    if (p.strategy === "Remote")
      return deny(
        "CannotCross",
        `the namespace's strategy is Remote, and this pod cannot run in another cluster: ${listed(refusals)}`,
        refusals.map(({ field, message }) => ({ field: `spec.${field}`, message })),
      );
    const patch = affinityPatch(spec, [{ matchExpressions: [OFF_VIRTUAL] }]);
    return {
      allowed: true,
      patch,
      warnings: [`tideway keeps this pod in this cluster: ${listed(refusals)}`],
    };
  }
  const terms = termsOf(p.strategy, p.selector);
  if (terms?.length === 0)
    return deny(
      "BadSelector",
      "the clusterSelector of the namespace's NamespaceOffloading has only empty terms, which match no cluster",
    );
  return { allowed: true, patch: [...tolerationPatch(spec), ...(terms ? affinityPatch(spec, terms) : [])] };
};
