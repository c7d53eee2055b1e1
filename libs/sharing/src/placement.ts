/** On which nodes the pods of a pool belong: those that match its selector and none before it. Pure. */
import { POOL } from "@tideway/api";

/** One requirement of a NodeSelectorTerm. */
export interface NodeRequirement {
  key: string;
  operator: "In" | "NotIn";
  values: string[];
}
/** All of it has to hold. */
export interface NodeTerm {
  all: NodeRequirement[];
}

interface Selecting {
  name: string;
  nodeSelector: Readonly<Record<string, string>>;
}

/** A selector of several labels is not met where one of them is missing, so terms multiply. */
export const MAX_TERMS = 32;

/** No real node has the label: it is that of a virtual one. */
const NOWHERE = (pool: string): NodeTerm => ({ all: [{ key: POOL, operator: "In", values: [pool] }] });

/** Which labels a node has, and which values it must not have. */
interface Term {
  has: ReadonlyMap<string, string>;
  lacks: ReadonlyMap<string, ReadonlySet<string>>;
}

const without = (t: Term, key: string, value: string): Term => ({
  has: t.has,
  lacks: new Map([...t.lacks, [key, new Set([...(t.lacks.get(key) ?? []), value])]]),
});

/** Nodes with the selector's labels are another pool's. */
const outside = (t: Term, selector: Readonly<Record<string, string>>): Term[] => {
  const labels = Object.entries(selector);
  const isMet = ([key, value]: [string, string]): boolean => {
    const has = t.has.get(key);
    return (has !== undefined && has !== value) || t.lacks.get(key)?.has(value) === true;
  };
  return labels.some(isMet) ? [t] : labels.map(([key, value]) => without(t, key, value));
};

const written = ({ has, lacks }: Term): NodeTerm => ({
  all: [
    ...[...has].map(([key, value]): NodeRequirement => ({ key, operator: "In", values: [value] })),
    ...[...lacks].map(([key, values]): NodeRequirement => ({ key, operator: "NotIn", values: [...values] })),
  ],
});

/**
 * Terms of which one has to hold, empty where any node will do. `pools`: in the order in which nodes are given to
 * them, the nodes in none ("") last. Undefined: more than {@link MAX_TERMS} of them would be needed.
 */
export const placementOf = (pools: readonly Selecting[], name: string): NodeTerm[] | undefined => {
  const at = pools.findIndex((p) => p.name === name);
  const own = pools[at];
  if (!own) return name === "" ? [] : [NOWHERE(name)];
  let terms: Term[] = [{ has: new Map(Object.entries(own.nodeSelector)), lacks: new Map() }];
  for (const before of pools.slice(0, at)) {
    terms = terms.flatMap((t) => outside(t, before.nodeSelector));
    if (terms.length > MAX_TERMS) return undefined;
  }
  const all = terms.map(written);
  return all.every((t) => t.all.length === 0) ? [] : all;
};
