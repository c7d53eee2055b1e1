/**
 * Conditions as Kubernetes means them: one of each type, `lastTransitionTime` moves only when the status does,
 * so that a reconcile that changes nothing writes nothing.
 */
export type ConditionStatus = "True" | "False" | "Unknown";

export interface Condition {
  type: string;
  status: ConditionStatus;
  /** One CamelCase word for machines. */
  reason: string;
  /** For people: what is wrong, where, and what happens next. Cut at {@link MAX_MESSAGE} characters. */
  message: string;
  /** RFC 3339, the time at which `status` last changed. */
  lastTransitionTime: string;
  observedGeneration?: number;
}

export type ConditionInput = Omit<Condition, "lastTransitionTime">;

/** Longest message in characters; the CRDs allow four times as much. */
export const MAX_MESSAGE = 1024;

export const findCondition = (
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined => conditions?.find((c) => c.type === type);

/** The condition `c`, with the time of its last transition carried over from `existing` where the status is the same. */
export function setCondition(
  existing: readonly Condition[] | undefined,
  c: ConditionInput,
  nowIso: string,
): Condition {
  const old = findCondition(existing, c.type);
  const message = c.message.length > MAX_MESSAGE ? `${c.message.slice(0, MAX_MESSAGE - 3)}...` : c.message;
  return {
    ...c,
    message,
    lastTransitionTime: old !== undefined && old.status === c.status ? old.lastTransitionTime : nowIso,
  };
}

/** `existing` with the conditions `next` in place of those of the same type; order stays. */
export function mergeConditions(
  existing: readonly Condition[] | undefined,
  next: readonly Condition[],
): Condition[] {
  const merged = new Map((existing ?? []).map((c) => [c.type, c]));
  for (const c of next) merged.set(c.type, c);
  return [...merged.values()];
}

const sameCondition = (a: Condition, b: Condition): boolean =>
  a.type === b.type &&
  a.status === b.status &&
  a.reason === b.reason &&
  a.message === b.message &&
  a.observedGeneration === b.observedGeneration;

/** Whether both say the same, whatever the order and the time of the last transition. */
export function sameConditions(
  a: readonly Condition[] | undefined,
  b: readonly Condition[] | undefined,
): boolean {
  const [left, right] = [a ?? [], b ?? []];
  if (left.length !== right.length) return false;
  return left.every((c) => {
    const other = findCondition(right, c.type);
    return other !== undefined && sameCondition(c, other);
  });
}

export const isTrue = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === "True";

export const isFalse = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  findCondition(conditions, type)?.status === "False";
