import type { NodeSelectorTerm } from "@tideway/api";

type Requirement = NonNullable<NodeSelectorTerm["matchExpressions"]>[number];

const matches = (r: Requirement, value: string | undefined): boolean => {
  const values = r.values ?? [];
  switch (r.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
  }
};

/**
 * As the scheduler reads nodeSelectorTerms: terms are alternatives, all requirements of one must hold, and a
 * term without any selects nothing. No selector at all selects every virtual node.
 */
export const selects = (
  terms: readonly NodeSelectorTerm[] | undefined,
  node: { name: string; labels: Readonly<Record<string, string>> },
): boolean => {
  if (!terms || terms.length === 0) return true;
  return terms.some((t) => {
    const expressions = t.matchExpressions ?? [];
    const fields = t.matchFields ?? [];
    if (expressions.length + fields.length === 0) return false;
    return (
      expressions.every((r) => matches(r, node.labels[r.key])) && fields.every((r) => matches(r, node.name))
    );
  });
};
