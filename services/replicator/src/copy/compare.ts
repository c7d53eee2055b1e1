import type { Applied } from "../ports.ts";

/** Deep equality of JSON values; `undefined` and a missing key are the same. */
export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((v, i) => sameJson(v, b[i]))
    );
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = new Set([...Object.keys(x), ...Object.keys(y)]);
  for (const key of keys) if (!sameJson(x[key], y[key])) return false;
  return true;
};

interface Typed {
  type?: unknown;
}
const byType = (a: Typed, b: Typed): number => (String(a.type) < String(b.type) ? -1 : 1);

/** Conditions are a set keyed by type: their order says nothing. */
const normal = (status: Record<string, unknown> | undefined): Record<string, unknown> => {
  if (!Array.isArray(status?.conditions)) return status ?? {};
  return { ...status, conditions: (status.conditions as Typed[]).toSorted(byType) };
};

export const sameStatus = (
  a: Record<string, unknown> | undefined,
  b: Record<string, unknown> | undefined,
): boolean => sameJson(normal(a), normal(b));

/** What a body says, in one string: to know again later what was applied. */
export const fingerprint = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) =>
    typeof v === "object" && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );

/** The same for an object that is applied: which object it lands on is not part of what it says. */
export const bodyFingerprint = ({ metadata: { labels, annotations }, spec }: Applied): string =>
  fingerprint({ labels, annotations, spec });
