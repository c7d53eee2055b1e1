/** How much work an expression can be at most, seen from its tree: CEL has no loops but its macros over lists and maps. */
import type { ASTNode } from "@marcbachmann/cel-js";

/** What a rule may cost; a comparison costs about three, and a step takes less than 0.1 µs. */
export const MAX_COST = 2_000;
/** Most additions: each can double a text or a list. */
const MAX_ADDITIONS = 16;
/** The most entries of a list or map that is not written out: labels and resources are bounded by their schema. */
const UNKNOWN_LENGTH = 64;

const MACROS = new Set(["all", "exists", "exists_one", "map", "filter"]);
/** Functions whose work depends on a text in a way that cannot be bounded. */
const REFUSED: Readonly<Record<string, string>> = {
  matches: "matches() is not available, its work has no bound: use startsWith, endsWith, contains or ==",
};

export interface Flaw {
  message: string;
  /** Offset in the text. */
  at: number;
}

const isNode = (v: unknown): v is ASTNode => typeof v === "object" && v !== null && "op" in v && "args" in v;

const children = (v: unknown): ASTNode[] =>
  Array.isArray(v) ? v.flatMap((one) => (isNode(one) ? [one] : children(one))) : isNode(v) ? [v] : [];

/** The node and all below it. */
export const nodesOf = (node: ASTNode): ASTNode[] => [node, ...children(node.args).flatMap(nodesOf)];

const methodOf = (node: ASTNode): string | undefined =>
  node.op === "rcall" || node.op === "call" ? String((node.args as unknown[])[0]) : undefined;

export const costOf = (node: ASTNode): number => {
  const below = children(node.args);
  const method = methodOf(node);
  if (node.op !== "rcall" || method === undefined || !MACROS.has(method))
    return 1 + below.reduce((sum, child) => sum + costOf(child), 0);
  const [over, ...body] = below;
  const length = over?.op === "list" ? children(over.args).length : UNKNOWN_LENGTH;
  return 1 + (over ? costOf(over) : 0) + length * body.reduce((sum, child) => sum + costOf(child), 0);
};

/** Why the expression is too much work; undefined when its work is bounded. */
export const flawOf = (ast: ASTNode): Flaw | undefined => {
  const all = nodesOf(ast);
  for (const node of all) {
    const why = REFUSED[methodOf(node) ?? ""];
    if (why) return { message: why, at: node.start };
  }
  if (all.filter((n) => n.op === "+").length > MAX_ADDITIONS)
    return { message: `more than ${MAX_ADDITIONS} additions`, at: ast.start };
  const cost = costOf(ast);
  return cost > MAX_COST
    ? {
        message: `costs up to ${cost} steps, allowed are ${MAX_COST}: split it, or nest fewer macros`,
        at: ast.start,
      }
    : undefined;
};
