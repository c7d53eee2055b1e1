import { type ConditionInput, findCondition, type ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import type { Refusal } from "@tideway/podspec";
import { POD_FINALIZER } from "../labels.ts";

export type Phase = NonNullable<NonNullable<ShadowPod["status"]>["phase"]>;

/** What this replica saw of a pod that is no more. */
export interface Ended {
  phase: Phase;
  reason: string;
  message: string;
}

export interface World {
  /** The ShadowPod in the cache; undefined when it is gone. */
  shadow: Readonly<ShadowPod> | undefined;
  /** The pod of that name that was made from a ShadowPod; undefined when there is none. */
  pod: Readonly<Pod> | undefined;
  /** The name belongs to a pod that was not made here: it is never touched. */
  nameTaken: boolean;
  /** Whether the namespace is a twin, and stands. */
  namespace: "twin" | "terminating" | "other";
  /** The end of this ShadowPod's pod is written down, in its status or by us a moment ago. */
  concluded: boolean;
  /** The end of this ShadowPod's pod, where this process saw it. */
  ended: Ended | undefined;
  /** The last wish about the grace of the ShadowPod that owned the pod, when this process saw it go. */
  departed: { gracePeriodSeconds?: number } | undefined;
  refusals: readonly Refusal[];
  /** Whether the node pool that the ShadowPod names is offered to its tenant. */
  pool: "given" | "unknown" | "none";
}

export type Effect =
  | { do: "create" }
  /** Compare, and patch where the two differ. */
  | { do: "forward" }
  /**
   * The pod belongs to no ShadowPod any more: end it where `end` says so, and let it go. `verify`: only our
   * caches say that it has no owner; ask the server before.
   */
  | { do: "dismiss"; uid: string; owner: string; verify: boolean; end: boolean; gracePeriodSeconds?: number }
  /** Drop our finalizer. */
  | { do: "release"; uid: string }
  | { do: "conclude"; ended: Ended }
  | { do: "report"; condition: ConditionInput; phase: Phase };

const TERMINAL: readonly string[] = ["Succeeded", "Failed"];

/** UID of the ShadowPod a pod was made from. */
export const ownerOf = (pod: Readonly<Pod>): string | undefined =>
  pod.metadata.ownerReferences?.find((r) => r.controller === true && r.kind === "ShadowPod")?.uid;

/** The kubelet is done with it, or there never was one: what is left is the object. */
const hasEnded = (pod: Readonly<Pod>): boolean =>
  pod.metadata.deletionTimestamp !== undefined && pod.metadata.deletionGracePeriodSeconds === 0;

const isHeld = (pod: Readonly<Pod>): boolean => pod.metadata.finalizers?.includes(POD_FINALIZER) ?? false;

export const isConcluded = (shadow: Readonly<ShadowPod>): boolean =>
  TERMINAL.includes(shadow.status?.phase ?? "");

/** How a pod ended that its owner did not ask to end. */
export const endOf = (pod: Readonly<Pod>): Ended => {
  const phase = pod.status?.phase;
  const disruption = pod.status?.conditions?.find(
    (c) => c.type === "DisruptionTarget" && c.status === "True",
  );
  if (phase === "Succeeded") return { phase, reason: "Completed", message: "the pod ran to its end" };
  return {
    phase: "Failed",
    reason: pod.status?.reason || disruption?.reason || "PodDeleted",
    message: pod.status?.message || disruption?.message || "the pod was deleted in the provider's cluster",
  };
};

export const condition = (shadow: Readonly<ShadowPod>, reason: string, message: string): ConditionInput => ({
  type: "Ready",
  status: "False",
  reason,
  message,
  ...(shadow.metadata.generation ? { observedGeneration: shadow.metadata.generation } : {}),
});

const dismiss = (pod: Readonly<Pod>, verify: boolean, gracePeriodSeconds: number | undefined): Effect[] => {
  const now = pod.metadata.deletionGracePeriodSeconds;
  const shorter = now !== undefined && gracePeriodSeconds !== undefined && gracePeriodSeconds < now;
  const end = pod.metadata.deletionTimestamp === undefined || shorter;
  if (!end && !isHeld(pod)) return [];
  const grace = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  return [{ do: "dismiss", uid: pod.metadata.uid ?? "", owner: ownerOf(pod) ?? "", verify, end, ...grace }];
};

const whenMissing = (shadow: Readonly<ShadowPod>, w: World): Effect[] => {
  if (w.concluded) return [];
  if (w.ended) return [{ do: "conclude", ended: w.ended }];
  if (w.namespace !== "twin") return [];
  if (w.nameTaken) {
    const message = `pod ${shadow.metadata.name} exists here and was not made for this ShadowPod; it is left alone`;
    return [{ do: "report", phase: "Pending", condition: condition(shadow, "NameTaken", message) }];
  }
  if (w.refusals.length > 0) {
    const fields = w.refusals.map((r) => `spec.pod.${r.field}: ${r.message}`).join("; ");
    const reason = w.refusals.some((r) => r.rule === undefined) ? "FieldRefused" : "PolicyRefused";
    return [{ do: "report", phase: "Failed", condition: condition(shadow, reason, fields) }];
  }
  if (w.pool === "none") {
    const message = `node pool ${shadow.spec.pool} is not offered to this tenant (any more): it runs nothing there`;
    return [{ do: "report", phase: "Pending", condition: condition(shadow, "PoolNotOffered", message) }];
  }
  return w.pool === "unknown" ? [] : [{ do: "create" }];
};

/** One ShadowPod and the pod of its name. Order matters: an end is written down before the pod is let go. */
export const decide = (w: World): Effect[] => {
  const { shadow, pod } = w;
  if (w.namespace === "other") return [];
  const wanted = shadow !== undefined && shadow.metadata.deletionTimestamp === undefined;
  if (!pod) return wanted ? whenMissing(shadow, w) : [];
  if (shadow && !wanted) return dismiss(pod, false, shadow.spec.gracePeriodSeconds);
  if (!shadow) return dismiss(pod, w.departed === undefined, w.departed?.gracePeriodSeconds);
  if (ownerOf(pod) !== shadow.metadata.uid) return dismiss(pod, true, undefined);
  if (hasEnded(pod)) {
    const uid = pod.metadata.uid ?? "";
    const told: Effect[] = w.concluded ? [] : [{ do: "conclude", ended: endOf(pod) }];
    return isHeld(pod) ? [...told, { do: "release", uid }] : told;
  }
  if (pod.metadata.deletionTimestamp !== undefined) return [];
  const recovered = findCondition(shadow.status?.conditions, "Ready")?.status === "False" && !w.concluded;
  return recovered ? [{ do: "forward" }, { do: "report", ...created(shadow) }] : [{ do: "forward" }];
};

/** Only said where something else was said before: an ordinary pod costs no status write. */
const created = (shadow: Readonly<ShadowPod>): { phase: Phase; condition: ConditionInput } => ({
  phase: "Pending",
  condition: { ...condition(shadow, "PodCreated", "the pod was created"), status: "True" },
});
