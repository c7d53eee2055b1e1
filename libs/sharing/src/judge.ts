/** What the owner's SharingPolicy says to a peer, before capacity is looked at: ordered pure checks, the first that speaks decides. */
import { APPROVE, type ResourceRequest, type SharingAction } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { type Amounts, capList, NONE, parseList, toNumber } from "@tideway/quantity";
import { describeMistake, type Facts, isMistake } from "./cel/expression.ts";
import { type Matcher, type Policy, NO_POOL, type Pool, poolOf } from "./policy.ts";
import { costPerHour } from "./price.ts";

export interface Asker {
  /** Cluster ID, proven by the identity it came with. */
  id: string;
  /** Peer name here. */
  name: string;
  /** Name that the peer gives itself, if known. */
  clusterName?: string | undefined;
  /** Labels of its ForeignCluster. */
  labels?: Readonly<Record<string, string>>;
}

export interface Asked {
  asker: Asker;
  request: ResourceRequest;
  /** Whether the ForeignCluster allows incoming peering; undefined: not known, which is as yes. */
  incomingAllowed: boolean | undefined;
  policy: Policy | undefined;
  /** Name of the node pool; "" for the nodes in none. */
  pool: string;
  /** What the peer could get at most. */
  free: Amounts;
  /** It has an offer now. */
  granted: boolean;
  /** RFC 3339. */
  now: string;
}

export type Verdict =
  | { decision: "Accepted"; rule: string; reason: string; message: string; asked: Amounts; cap: Amounts }
  | { decision: "Refused" | "Pending"; rule: string; reason: string; message: string };

type Check = (a: Asked) => Verdict | undefined;

const no = (rule: string, reason: string, message: string): Verdict => ({
  decision: "Refused",
  rule,
  reason,
  message,
});
const wait = (rule: string, reason: string, message: string): Verdict => ({
  decision: "Pending",
  rule,
  reason,
  message,
});

/** Parsed, or the problem in words. */
const amountsOf = (
  list: Readonly<Record<string, string | number>> | undefined,
): { amounts: Amounts } | { problem: string } => {
  try {
    const amounts = parseList(list);
    const negative = [...amounts].find(([, q]) => q.nanos < 0n);
    return negative ? { problem: `${negative[0]} is below zero` } : { amounts };
  } catch (err) {
    return { problem: describeError(err) };
  }
};
/** What a request asks that was found sound. */
export const requested = (request: ResourceRequest): Amounts => {
  const asked = amountsOf(request.spec.resources);
  return "amounts" in asked ? asked.amounts : NONE;
};

const isWhoItSays: Check = ({ asker, request }) =>
  request.spec.clusterID === asker.id
    ? undefined
    : no(
        "identity",
        "ClusterIDMismatch",
        `the request names cluster ${request.spec.clusterID}, but came from ${asker.id}`,
      );

const isAllowedIn: Check = ({ incomingAllowed, asker }) =>
  incomingAllowed === false
    ? no(
        "incomingPeering",
        "IncomingPeeringOff",
        `incoming peering of ForeignCluster ${asker.name} is switched off`,
      )
    : undefined;

const asksSensibly: Check = ({ request }) => {
  const asked = amountsOf(request.spec.resources);
  return "problem" in asked ? no("request", "InvalidRequest", `spec.resources: ${asked.problem}`) : undefined;
};

const policyIsSound: Check = ({ policy }) => {
  const [first] = policy?.problems ?? [];
  return (
    first &&
    wait(first.rule, "InvalidPolicy", `the provider's policy has a mistake, ${first.field}: ${first.message}`)
  );
};

const namesOf = ({ id, name, clusterName }: Asker): string[] => [
  "*",
  id,
  name,
  ...(clusterName ? [clusterName] : []),
];

const isNotWithdrawn: Check = ({ policy, asker }) => {
  const mine = namesOf(asker).slice(1);
  const found = policy?.withdrawals.find((w) => mine.includes(w.peer));
  return (
    found &&
    no(
      `withdrawal of ${found.peer}`,
      "Withdrawn",
      `the owner takes back what ${asker.name} was given${found.reason ? `: ${found.reason}` : ""}`,
    )
  );
};

const hasPool: Check = ({ policy, pool }) =>
  !policy || poolOf(policy, pool)
    ? undefined
    : no(`pool "${pool}"`, "PoolGone", `there is no node pool ${pool} any more`);

const numbers = (amounts: Amounts): Record<string, number> =>
  Object.fromEntries([...amounts].map(([name, amount]) => [name, toNumber(amount)]));

/** What expressions speak of. */
export const factsOf = (a: Asked, pool: Pool): Facts => {
  const asked = requested(a.request);
  const wanted = new Map([...capList(a.free, pool.perPeer), ...asked]);
  return {
    peer: {
      id: a.asker.id,
      name: a.asker.name,
      clusterName: a.asker.clusterName ?? "",
      labels: { ...a.asker.labels },
    },
    request: {
      resources: numbers(wanted),
      labels: { ...a.request.spec.labels },
      maxPrice: a.request.spec.maxPrice ? Number(a.request.spec.maxPrice.perHour) : -1,
      granted: a.granted,
    },
    pool: a.pool,
    free: numbers(a.free),
    price: { currency: pool.price?.currency ?? "", perHour: costPerHour(pool.price, wanted) },
    now: new Date(a.now),
  };
};

export type Match = { matched: boolean; why: string } | { failed: string };

/** Whether something is for this peer and request, and why. `facts` is asked for only where an expression needs it. */
export const match = (m: Matcher, asker: Asker, facts: () => Facts): Match => {
  const mine = namesOf(asker);
  if (m.peers !== undefined && !m.peers.some((p) => mine.includes(p)))
    return { matched: false, why: `${asker.name} is not among its peers` };
  if (!m.when)
    return { matched: true, why: m.peers ? `${asker.name} is among its peers` : "it is for everybody" };
  const result = m.when.evaluate(facts());
  if (isMistake(result)) return { failed: describeMistake(result) };
  return { matched: result, why: result ? "its expression is true" : "its expression is false" };
};

export interface Ruling {
  rule: string;
  action: SharingAction;
  why: string | undefined;
  /** The rule could not be evaluated: a person decides, since neither yes nor no is safe. */
  failed?: string;
}

const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/** Facts for the expressions, gathered when the first one asks. */
const lazyFacts = (a: Asked): (() => Facts) => once(() => factsOf(a, poolOf(a.policy, a.pool) ?? NO_POOL));

export const rulingOf = (a: Asked): Ruling => {
  const { policy, asker } = a;
  if (!policy) return { rule: "no policy", action: "ask", why: "the provider has no SharingPolicy" };
  const facts = lazyFacts(a);
  for (const rule of policy.rules) {
    const found = match(rule, asker, facts);
    if ("failed" in found) return { rule: rule.name, action: "ask", why: rule.reason, failed: found.failed };
    if (found.matched) return { rule: rule.name, action: rule.action, why: rule.reason };
  }
  return { rule: "default", action: policy.defaultAction, why: undefined };
};

/** Every rule with its result, for people who try a policy; the first that matches or fails has decided. */
export const traceRules = (a: Asked): { rule: string; action: SharingAction; match: Match }[] => {
  const facts = lazyFacts(a);
  return (a.policy?.rules ?? []).map((rule) => ({
    rule: rule.name,
    action: rule.action,
    match: match(rule, a.asker, facts),
  }));
};

/** What of a list is for this peer; what fails is left out. */
export const forPeer = <T extends Matcher>(list: readonly T[], a: Asked): T[] => {
  const facts = lazyFacts(a);
  return list.filter((m) => {
    const found = match(m, a.asker, facts);
    return "matched" in found && found.matched;
  });
};

const approvalOf = (request: ResourceRequest): "yes" | "no" | undefined => {
  const said = request.metadata.annotations?.[APPROVE];
  return said === "yes" || said === "no" ? said : undefined;
};

const ruleDecides: Check = (a) => {
  const { rule, action, why, failed } = rulingOf(a);
  const because = why ? `: ${why}` : "";
  const accept = (reason: string, message: string): Verdict => ({
    decision: "Accepted",
    rule,
    reason,
    message,
    asked: requested(a.request),
    cap: poolOf(a.policy, a.pool)?.perPeer ?? NONE,
  });
  if (action === "refuse") return no(rule, "RefusedByRule", `rule "${rule}" refuses${because}`);
  if (action === "accept") return accept("AcceptedByRule", `rule "${rule}" accepts${because}`);
  switch (approvalOf(a.request)) {
    case "yes":
      return accept("Approved", `rule "${rule}" asks, and the owner approved`);
    case "no":
      return no(rule, "NotApproved", `rule "${rule}" asks, and the owner said no`);
    case undefined: {
      const answer = `the provider's owner answers with annotation ${APPROVE}`;
      return failed
        ? wait(
            rule,
            "RuleFailed",
            `rule "${rule}" cannot be evaluated, so a person decides: ${failed}; ${answer}`,
          )
        : wait(rule, "ApprovalPending", `rule "${rule}" asks a person${because}; ${answer}`);
    }
  }
};

const CHECKS: readonly Check[] = [
  isWhoItSays,
  isAllowedIn,
  asksSensibly,
  policyIsSound,
  isNotWithdrawn,
  hasPool,
  ruleDecides,
];

export const judge = (asked: Asked): Verdict => {
  for (const check of CHECKS) {
    const verdict = check(asked);
    if (verdict) return verdict;
  }
  return no("none", "NoRule", "no rule speaks"); // never reached: the last check always speaks
};
