/** What a request comes to: the owner's verdict, and how much of what is free. Pure; the service and `tideway policy test` use this one. */
import type { ResourceRequest } from "@tideway/api";
import { type Amounts, amountOf, capList, format, isZero, shortfall } from "@tideway/quantity";
import type { Capacity } from "./capacity/ledger.ts";
import { available, ESSENTIAL, type Grant, isSteady, limitOf, target } from "./capacity/share.ts";
import { type Asked, judge, requested, type Verdict } from "./judge.ts";
import { NO_POOL, type Pool, poolOf } from "./policy.ts";

export interface Question extends Omit<Asked, "free" | "granted"> {
  /** Namespace and name of the offer. */
  holder: string;
  /** Of the pool. */
  capacity: Capacity;
  /** Of every peer in every pool, this one included. */
  grants: readonly Grant[];
  /** What stands now; undefined: no offer. */
  current:
    | {
        amounts: Amounts;
        /** It answers this very request and policy. */
        sameBasis: boolean;
      }
    | undefined;
  /** What the request was answered before. */
  before: NonNullable<ResourceRequest["status"]>["decision"];
}

export interface Answer {
  verdict: Verdict;
  /** What is offered; undefined: nothing. */
  amounts: Amounts | undefined;
}

const inWords = (amounts: Amounts): string =>
  [...amounts].map(([name, amount]) => `${name} ${format(amount)}`).join(", ") || "nothing";
const pick = (amounts: Amounts, names: string[]): Amounts =>
  new Map(names.map((n) => [n, amountOf(amounts, n)]));

/** The most that the peer may be offered of the pool. */
export const limitFor = (q: Pick<Question, "holder" | "capacity" | "grants" | "pool">, pool: Pool): Amounts =>
  limitOf(
    q.holder,
    q.grants.filter((g) => g.pool === q.pool),
    available(q.capacity, pool.reserve, pool.total),
  );

/** What the judge is asked. */
export const askedOf = (q: Question): Asked => ({
  ...q,
  free: limitFor(q, poolOf(q.policy, q.pool) ?? NO_POOL),
  granted: q.current !== undefined,
});

/**
 * A question to a person takes nothing away: what a peer was granted under an earlier rule stands, and does not grow,
 * until somebody says no. So neither a policy with a mistake nor a deleted one drains peers.
 */
const standing = (q: Question, verdict: Verdict): Verdict => {
  if (verdict.decision !== "Pending" || !q.current || q.before !== "Accepted") return verdict;
  const message = `${verdict.message}; what was granted before stands until then`;
  const [asked, cap] = [requested(q.request), q.current.amounts];
  return { decision: "Accepted", rule: verdict.rule, reason: "GrantedBefore", message, asked, cap };
};

export const answer = (q: Question): Answer => {
  const asked = askedOf(q);
  const verdict = standing(q, judge(asked));
  if (verdict.decision !== "Accepted") return { verdict, amounts: undefined };
  const { allocatable } = q.capacity;
  const limit = asked.free;
  const goal = target({ asked: verdict.asked, cap: verdict.cap, limit, allocatable });
  if (q.current) {
    // A peer that has an offer keeps one, be it small: taking it away would drain the peer.
    const { amounts, sameBasis } = q.current;
    return {
      verdict,
      amounts: sameBasis && isSteady(amounts, goal, { limit, allocatable }) ? amounts : goal,
    };
  }
  const short = shortfall(capList(verdict.asked, verdict.cap), limit); // beyond the cap is no shortage: the cap is what it gets
  const empty = ESSENTIAL.filter((name) => isZero(amountOf(goal, name)));
  if (short.length === 0 && empty.length === 0) return { verdict, amounts: goal };
  const why =
    short.length > 0
      ? `asks ${inWords(pick(verdict.asked, short))}, free are ${inWords(pick(limit, short))}`
      : `no ${empty.join(", ")} is free`;
  const { percent } = (poolOf(q.policy, q.pool) ?? NO_POOL).reserve;
  const message = `${verdict.message}, but ${why} (${percent} % of the cluster is kept for local use)`;
  return {
    verdict: { decision: "Refused", rule: verdict.rule, reason: "NoCapacity", message },
    amounts: undefined,
  };
};
