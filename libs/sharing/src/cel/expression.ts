/** Expressions of the owner's rules in CEL: compiled and type-checked once, then evaluated in microseconds. */
import {
  type ASTNode,
  Environment,
  EvaluationError,
  ParseError,
  TypeError as CheckError,
} from "@marcbachmann/cel-js";
import { isQuantity, parse, toNumber } from "@tideway/quantity";
import { describeError } from "@tideway/errors";
import { costOf, type Flaw, flawOf, nodesOf } from "./cost.ts";

/** What expressions speak of. Amounts are doubles: cores, bytes, pieces. */
export interface Facts {
  peer: { id: string; name: string; clusterName: string; labels: Record<string, string> };
  request: {
    /** What is asked; what it does not name is as much as is free. */
    resources: Record<string, number>;
    labels: Record<string, string>;
    /** What the consumer pays an hour at most; -1: it did not say. */
    maxPrice: number;
    /** It has an offer now. */
    granted: boolean;
  };
  /** Name of the node pool; "" for the nodes in none. */
  pool: string;
  /** What this peer could get at most: what others and the reserve leave. */
  free: Record<string, number>;
  /** What an hour of what is asked costs. */
  price: { currency: string; perHour: number };
  now: Date;
}

/** A mistake in an expression, found when it is compiled or when it is evaluated. */
export interface ExpressionError {
  message: string;
  /** From 1. */
  line: number;
  column: number;
}

export interface Expression {
  text: string;
  /** Its result changes with the time alone. */
  usesTime: boolean;
  /** Steps it takes at most. */
  cost: number;
  evaluate(facts: Facts): boolean | ExpressionError;
}

const quantity = (text: string): number => toNumber(parse(text));

const environment = new Environment({
  enableOptionalTypes: true,
  limits: { maxAstNodes: 512, maxDepth: 48, maxListElements: 256, maxMapEntries: 64, maxCallArguments: 8 },
})
  .registerVariable({
    name: "peer",
    schema: { id: "string", name: "string", clusterName: "string", labels: "map<string, string>" },
  })
  .registerVariable({
    name: "request",
    schema: {
      resources: "map<string, double>",
      labels: "map<string, string>",
      maxPrice: "double",
      granted: "bool",
    },
  })
  .registerVariable("pool", "string")
  .registerVariable("free", "map<string, double>")
  .registerVariable({ name: "price", schema: { currency: "string", perHour: "double" } })
  .registerVariable("now", "google.protobuf.Timestamp")
  .registerFunction("quantity(string): double", quantity);

const placeOf = (text: string, at: number): { line: number; column: number } => {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
};

/** Missing keys are the usual mistake, and the way around them is not widely known. */
const HINT = ' (ask with has(...) or "key" in ..., or read it with [?"key"].orValue(...))';

const errorOf = (text: string, err: unknown): ExpressionError => {
  const known =
    err instanceof ParseError || err instanceof EvaluationError || err instanceof CheckError
      ? err
      : undefined;
  const message = known?.summary ?? describeError(err);
  const hint = known?.code === "no_such_key" && /^No such key/.test(message) ? HINT : "";
  return { message: `${message}${hint}`, ...placeOf(text, known?.range?.start ?? 0) };
};

/** Amounts that are written out must be some. */
const quantityFlaw = (ast: ASTNode): Flaw | undefined => {
  for (const node of nodesOf(ast)) {
    if (node.op !== "call" || node.args[0] !== "quantity") continue;
    const given = node.args[1][0];
    if (given?.op === "value" && !isQuantity(given.args))
      return { message: `${JSON.stringify(given.args)} is not a quantity such as "8Gi"`, at: given.start };
  }
  return undefined;
};

/** Compiles and type-checks. The result is bool, its work is bounded; else the first mistake with its place. */
export const compile = (text: string): Expression | ExpressionError => {
  let run: ReturnType<Environment["parse"]>;
  try {
    run = environment.parse(text);
  } catch (err) {
    return errorOf(text, err);
  }
  const checked = run.check();
  if (!checked.valid) return errorOf(text, checked.error);
  if (checked.type !== "bool")
    return { message: `the result is a ${checked.type}, it must be true or false`, line: 1, column: 1 };
  const flaw = flawOf(run.ast) ?? quantityFlaw(run.ast);
  if (flaw) return { message: flaw.message, ...placeOf(text, flaw.at) };
  return {
    text,
    cost: costOf(run.ast),
    usesTime: nodesOf(run.ast).some((n) => n.op === "id" && n.args === "now"),
    evaluate: (facts) => {
      try {
        return run(facts) === true;
      } catch (err) {
        return errorOf(text, err);
      }
    },
  };
};

export const isMistake = (e: Expression | ExpressionError | boolean): e is ExpressionError =>
  typeof e === "object" && "column" in e;
export const describeMistake = (e: ExpressionError): string =>
  `line ${e.line}, column ${e.column}: ${e.message}`;
