import type { CopyObject } from "../ports.ts";

type Status = Record<string, unknown>;

/**
 * A status as it reads on the other object. `observedGeneration` counts the changes of the object it stands on;
 * it becomes the target's generation when the source's newest state was observed and the target shows it too, else
 * one that is clearly behind.
 */
export const translateStatus = (
  source: Readonly<CopyObject>,
  target: Readonly<CopyObject>,
  alike: boolean,
): Status => {
  const here = source.metadata.generation;
  const there = target.metadata.generation ?? 0;
  const generation = (observed: unknown): unknown => {
    if (typeof observed !== "number" || here === undefined) return observed;
    return alike && observed >= here ? there : Math.max(0, there - 1);
  };
  const translate = <T extends object>(o: T): T =>
    "observedGeneration" in o ? { ...o, observedGeneration: generation(o.observedGeneration) } : o;
  const status = translate(source.status ?? {});
  if (!Array.isArray(status.conditions)) return status;
  return {
    ...status,
    conditions: status.conditions.map((c: unknown) =>
      typeof c === "object" && c !== null ? translate(c) : c,
    ),
  };
};
