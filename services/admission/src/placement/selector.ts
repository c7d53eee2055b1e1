import type { NodeSelectorTerm } from "@tideway/api";
import type { Cause } from "../review/review.ts";

type Requirement = NonNullable<NodeSelectorTerm["matchExpressions"]>[number];

const problemOf = (r: Requirement, inFields: boolean): string | undefined => {
  const count = r.values?.length ?? 0;
  if (inFields && r.key !== "metadata.name") return "fields other than metadata.name cannot be matched";
  switch (r.operator) {
    case "In":
    case "NotIn":
      return count > 0 ? undefined : `operator ${r.operator} needs at least one value`;
    case "Exists":
    case "DoesNotExist":
      return count === 0 ? undefined : `operator ${r.operator} takes no values`;
    case "Gt":
    case "Lt":
      return count === 1 && /^-?\d+$/.test(r.values?.[0] ?? "")
        ? undefined
        : `operator ${r.operator} needs one integer`;
    default:
      return `operator ${String(r.operator)} is not known`;
  }
};

/** What the API server would object to later, in every single pod. Found here, once, by field. */
export const selectorProblems = (terms: readonly NodeSelectorTerm[], path: string): Cause[] =>
  terms.flatMap((t, i) =>
    (["matchExpressions", "matchFields"] as const).flatMap((list) =>
      (t[list] ?? []).flatMap((r, j) => {
        const message = problemOf(r, list === "matchFields");
        return message ? [{ field: `${path}[${i}].${list}[${j}]`, message }] : [];
      }),
    ),
  );
