/** Decides as the negotiator does, by the same code, and tells every rule on the way. Pure. */
import { formatList } from "@tideway/quantity";
import {
  answer,
  askedOf,
  costPerHour,
  type Question,
  termsOf,
  traceRules,
  type Terms,
  type Verdict,
} from "@tideway/sharing";
import type { TestInput } from "./gather.ts";

export interface RuleResult {
  rule: string;
  action: string;
  result: "matches" | "no" | "fails";
  /** It is the one that decided. */
  decides: boolean;
  why: string;
}

export interface PoolResult {
  /** "" for the nodes in no pool. */
  pool: string;
  rules: RuleResult[];
  decision: Verdict["decision"];
  rule: string;
  reason: string;
  message: string;
  /** What would be offered, by resource name. */
  offered: Record<string, string>;
  terms: Terms;
  /** What an hour of it costs; 0 without a price. */
  costPerHour: number;
}

export interface TestResult {
  peer: string;
  at: string;
  problems: { rule: string; field: string; message: string }[];
  pools: PoolResult[];
}

const rulesOf = (q: Question, verdict: Verdict): RuleResult[] => {
  let over = false;
  return traceRules(askedOf(q)).map(({ rule, action, match }) => {
    const failed = "failed" in match;
    const result = failed ? "fails" : match.matched ? "matches" : "no";
    const decides = !over && result !== "no" && verdict.rule === rule;
    over ||= result !== "no";
    return { rule, action, result, decides, why: failed ? match.failed : match.why };
  });
};

const poolResult = (i: TestInput, pool: string): PoolResult => {
  const q: Question = {
    asker: i.peer,
    request: i.request,
    incomingAllowed: i.incomingAllowed,
    policy: i.policy,
    pool,
    now: i.now,
    holder: `${i.namespace}/${pool ? `offer-${pool}` : "offer"}`,
    capacity: i.ledger.capacity(pool),
    grants: i.grants,
    current: undefined, // asked as if for the first time: what stands would only keep itself
    before: undefined,
  };
  const { verdict, amounts } = answer(q);
  const terms = termsOf(askedOf(q), i.ledger.labels(pool));
  return {
    pool,
    rules: rulesOf(q, verdict),
    decision: verdict.decision,
    rule: verdict.rule,
    reason: verdict.reason,
    message: verdict.message,
    offered: amounts ? formatList(amounts) : {},
    terms,
    costPerHour: amounts ? costPerHour(terms.price, amounts) : 0,
  };
};

export const tryPolicy = (i: TestInput): TestResult => ({
  peer: i.peer.name,
  at: i.now,
  problems: [...(i.policy?.problems ?? [])],
  pools: (i.policy?.pools.map((p) => p.name) ?? [""]).toSorted().map((name) => poolResult(i, name)),
});
