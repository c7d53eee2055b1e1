import { MOVE_GATE } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import type { MoveFacts } from "../ports.ts";
import type { JsonPatchOp, Verdict } from "../review/review.ts";

type Spec = NonNullable<Pod["spec"]>;

const claimsOf = (spec: Spec): string[] =>
  (spec.volumes ?? []).flatMap((v) => (v.persistentVolumeClaim ? [v.persistentVolumeClaim.claimName] : []));

const gatePatch = (spec: Spec): JsonPatchOp => {
  const gate = { name: MOVE_GATE };
  return spec.schedulingGates?.length
    ? { op: "add", path: "/spec/schedulingGates/-", value: gate }
    : { op: "add", path: "/spec/schedulingGates", value: [gate] };
};

/**
 * A pod whose data is on its last way to another place waits for it: a scheduling gate (KEP-3521) that
 * storage-fabric takes away when the claim has its new volume.
 */
export const hold = (verdict: Verdict, pod: Pod, namespace: string, moves: MoveFacts): Verdict => {
  if (!verdict.allowed || !pod.spec) return verdict;
  const held = claimsOf(pod.spec).filter((claim) => moves.isHeld(namespace, claim));
  if (held.length === 0) return verdict;
  return {
    ...verdict,
    patch: [...(verdict.patch ?? []), gatePatch(pod.spec)],
    warnings: [
      ...(verdict.warnings ?? []),
      `tideway moves the data of claim ${held.join(", ")}: the pod starts when it has arrived (kubectl get volumemoves)`,
    ],
  };
};
