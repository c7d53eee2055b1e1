import { type NodeSelectorTerm, VIRTUAL_NODE } from "@tideway/api";

type Requirement = NonNullable<NodeSelectorTerm["matchExpressions"]>[number];

export const ON_VIRTUAL: Requirement = { key: VIRTUAL_NODE, operator: "In", values: ["true"] };
export const OFF_VIRTUAL: Requirement = { key: VIRTUAL_NODE, operator: "DoesNotExist" };

export const STRATEGIES = ["Local", "Remote", "LocalAndRemote"] as const;
export type Strategy = (typeof STRATEGIES)[number];

const requirementsOf = (t: NodeSelectorTerm): { expressions: Requirement[]; fields: Requirement[] } => ({
  expressions: t.matchExpressions ?? [],
  fields: t.matchFields ?? [],
});

/** Kubernetes: a term without requirements matches no node. */
export const matchesNothing = (t: NodeSelectorTerm): boolean => {
  const { expressions, fields } = requirementsOf(t);
  return expressions.length + fields.length === 0;
};

const same = (a: Requirement, b: Requirement): boolean =>
  a.key === b.key &&
  a.operator === b.operator &&
  JSON.stringify([...(a.values ?? [])].sort()) === JSON.stringify([...(b.values ?? [])].sort());

const union = (a: Requirement[], b: Requirement[]): Requirement[] => [
  ...a,
  ...b.filter((x) => !a.some((y) => same(x, y))),
];

/** Every requirement of `b` stands in `a`. */
const implies = (a: NodeSelectorTerm, b: NodeSelectorTerm): boolean => {
  const [x, y] = [requirementsOf(a), requirementsOf(b)];
  return (
    y.expressions.every((r) => x.expressions.some((s) => same(r, s))) &&
    y.fields.every((r) => x.fields.some((s) => same(r, s)))
  );
};

const and = (a: NodeSelectorTerm, b: NodeSelectorTerm): NodeSelectorTerm => {
  const [x, y] = [requirementsOf(a), requirementsOf(b)];
  const expressions = union(x.expressions, y.expressions);
  const fields = union(x.fields, y.fields);
  return {
    ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
    ...(fields.length > 0 ? { matchFields: fields } : {}),
  };
};

/**
 * Terms are alternatives, requirements inside one are joined by "and". The nodes of the result are those that
 * match both lists. A term that is narrow enough already stays as it is, so narrowing twice changes nothing.
 */
export const narrow = (
  own: readonly NodeSelectorTerm[],
  by: readonly NodeSelectorTerm[],
): NodeSelectorTerm[] =>
  own
    .filter((t) => !matchesNothing(t))
    .flatMap((t) => (by.some((s) => implies(t, s)) ? [t] : by.map((s) => and(t, s))));

/**
 * The nodes a pod may run on, as terms; `undefined`: any. An empty list: none.
 * @param selector terms over the labels of virtual nodes; empty: all of them.
 */
export const termsOf = (
  strategy: Strategy,
  selector: readonly NodeSelectorTerm[],
): NodeSelectorTerm[] | undefined => {
  if (strategy === "Local") return undefined; // the taint of the virtual nodes keeps it here
  const on: NodeSelectorTerm = { matchExpressions: [ON_VIRTUAL] };
  const remote = selector.length === 0 ? [on] : narrow(selector, [on]).map(virtualFirst);
  if (strategy === "Remote") return remote;
  return selector.length === 0 ? undefined : [{ matchExpressions: [OFF_VIRTUAL] }, ...remote];
};

/** Only for the reader: what is most general stands first. */
const virtualFirst = (t: NodeSelectorTerm): NodeSelectorTerm => ({
  ...t,
  matchExpressions: union([ON_VIRTUAL], t.matchExpressions ?? []),
});
