export { type Answer, answer, askedOf, limitFor, type Question } from "./answer.ts";
export { type Capacity, createLedger, type Ledger, type NodePool } from "./capacity/ledger.ts";
export { type CountedNode, countNode, type NodeRules } from "./capacity/node.ts";
export { type CountedPod, podCounter } from "./capacity/pod.ts";
export { type Grant, grainOf } from "./capacity/share.ts";
export { compile, describeMistake, type ExpressionError, isMistake } from "./cel/expression.ts";
export { durationMs } from "./duration.ts";
export {
  type Asked,
  type Asker,
  judge,
  type Match,
  type Ruling,
  rulingOf,
  traceRules,
  type Verdict,
} from "./judge.ts";
export {
  compilePolicy,
  createPolicies,
  NO_POOL,
  type Policy,
  type Pool,
  poolOf,
  type Problem,
  type WithdrawalTimes,
} from "./policy.ts";
export { type NodeRequirement, type NodeTerm, placementOf } from "./placement.ts";
export { costPerHour, type Prices } from "./price.ts";
export { type Terms, termsOf } from "./terms.ts";
