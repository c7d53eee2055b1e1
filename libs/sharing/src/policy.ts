/** A SharingPolicy as it is used: every amount read, every expression compiled, every mistake found, once a generation. */
import type { SharingAction, SharingPolicy, SharingPolicySpec } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { type Amounts, NONE, parse, parseList, type Quantity } from "@tideway/quantity";
import { compile, describeMistake, type Expression, isMistake } from "./cel/expression.ts";
import { durationMs } from "./duration.ts";
import { placementOf } from "./placement.ts";
import type { Prices } from "./price.ts";

export interface Problem {
  /** `rule "gold"`, `perPeer`: what stands in the request's status in place of a rule. */
  rule: string;
  /** `spec.rules[3].when`. */
  field: string;
  message: string;
}

/** Whom something is for; absent parts match all. */
export interface Matcher {
  peers: readonly string[] | undefined;
  when: Expression | undefined;
}
export interface Rule extends Matcher {
  name: string;
  action: SharingAction;
  reason: string | undefined;
}

export interface Reserve {
  percent: number;
  /** By resource name in place of the percent: a share or an amount. */
  resources: ReadonlyMap<string, Kept>;
}
type Kept = { percent: number } | Quantity;

/** Nodes that are offered together: a pool, or the nodes in none. */
export interface Pool {
  /** "" for the nodes in none. */
  name: string;
  nodeSelector: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  reserve: Reserve;
  perPeer: Amounts;
  total: Amounts;
  price: Prices | undefined;
}

export interface StorageClass extends Matcher {
  name: string;
  default: boolean;
  capacity: string | undefined;
  price: string | undefined;
}
export interface IngressClass extends Matcher {
  name: string;
  default: boolean;
}
export interface WithdrawalTimes {
  cordonForMs: number;
  deadlineMs: number;
}
export interface Withdrawal extends WithdrawalTimes {
  peer: string;
  reason: string | undefined;
}

export interface Policy {
  /** Of the object: what is decided by another generation is another basis. */
  uid: string;
  generation: number;
  problems: readonly Problem[];
  rules: readonly Rule[];
  defaultAction: SharingAction;
  /** In the order in which nodes are given to them; the last one takes the rest. */
  pools: readonly Pool[];
  storageClasses: readonly StorageClass[];
  ingressClasses: readonly IngressClass[];
  /** How long an offer is valid, ms. */
  validForMs: number;
  withdrawals: readonly Withdrawal[];
  withdrawal: WithdrawalTimes;
  /** Some expression speaks of `now`. */
  usesTime: boolean;
}

export const DEFAULT_RESERVE: Reserve = { percent: 30, resources: new Map() };
const DEFAULT_TIMES: WithdrawalTimes = { cordonForMs: 30_000, deadlineMs: 300_000 };
const DEFAULT_VALIDITY_MS = 3_600_000;

/** What all rules may cost together: so a decision stays within milliseconds. */
const MAX_POLICY_COST = 40_000;

type Report = (rule: string, field: string, message: string) => void;
type ReserveSpec = NonNullable<SharingPolicySpec["reserve"]>;
type MatcherSpec = Pick<NonNullable<SharingPolicySpec["rules"]>[number], "peers" | "when">;

const amountsOf = (
  list: Readonly<Record<string, string | number>> | undefined,
  at: { rule: string; field: string },
  report: Report,
): Amounts => {
  try {
    const amounts = parseList(list);
    for (const [name, { nanos }] of amounts)
      if (nanos < 0n) report(at.rule, at.field, `${name} is below zero`);
    return amounts;
  } catch (err) {
    report(at.rule, at.field, describeError(err));
    return NONE;
  }
};

const reserveOf = (spec: ReserveSpec | undefined, base: Reserve, field: string, report: Report): Reserve => {
  if (!spec) return base;
  const resources = Object.entries(spec.resources ?? {}).flatMap(([name, text]): [string, Kept][] => {
    const share = /^(\d{1,3})%$/.exec(String(text));
    if (share) return [[name, { percent: Number(share[1]) }]];
    const amount = amountsOf({ [name]: text }, { rule: "reserve", field }, report).get(name);
    return amount ? [[name, amount]] : [];
  });
  return { percent: spec.percent ?? base.percent, resources: new Map([...base.resources, ...resources]) };
};

const matcherOf = (spec: MatcherSpec, rule: string, field: string, report: Report): Matcher => {
  const when = spec.when === undefined ? undefined : compile(spec.when);
  if (when && isMistake(when))
    report(
      rule,
      `${field}.when`,
      `${describeMistake(when)}, in: ${spec.when?.replaceAll(/\s+/g, " ").slice(0, 200)}`,
    );
  return { peers: spec.peers, when: when && !isMistake(when) ? when : undefined };
};

const timeOf = (
  text: string | undefined,
  base: number,
  rule: string,
  field: string,
  report: Report,
): number => {
  if (text === undefined) return base;
  const ms = durationMs(text);
  if (ms === undefined || ms <= 0)
    report(rule, field, `${JSON.stringify(text)} is not a duration such as "5m"`);
  return ms ?? base;
};

const timesOf = (
  spec: { cordonFor?: string; deadline?: string } | undefined,
  base: WithdrawalTimes,
  rule: string,
  field: string,
  report: Report,
): WithdrawalTimes => ({
  cordonForMs:
    spec?.cordonFor === "0s"
      ? 0
      : timeOf(spec?.cordonFor, base.cordonForMs, rule, `${field}.cordonFor`, report),
  deadlineMs: timeOf(spec?.deadline, base.deadlineMs, rule, `${field}.deadline`, report),
});

const poolsOf = (spec: SharingPolicySpec, report: Report): Pool[] => {
  const rest: Pool = {
    name: "",
    nodeSelector: {},
    labels: spec.offer?.labels ?? {},
    reserve: reserveOf(spec.reserve, DEFAULT_RESERVE, "spec.reserve", report),
    perPeer: amountsOf(spec.perPeer, { rule: "perPeer", field: "spec.perPeer" }, report),
    total: amountsOf(spec.total, { rule: "total", field: "spec.total" }, report),
    price: spec.offer?.price,
  };
  const own = (spec.pools ?? []).map((p, i): Pool => {
    const [rule, field] = [`pool "${p.name}"`, `spec.pools[${i}]`];
    const amounts = (name: "perPeer" | "total"): Amounts =>
      p[name] ? amountsOf(p[name], { rule, field: `${field}.${name}` }, report) : rest[name];
    return {
      name: p.name,
      nodeSelector: p.nodeSelector,
      labels: { ...rest.labels, ...p.labels },
      reserve: reserveOf(p.reserve, rest.reserve, `${field}.reserve`, report),
      perPeer: amounts("perPeer"),
      total: amounts("total"),
      price: p.price ?? rest.price,
    };
  });
  const all = [...own, rest];
  all.forEach(({ name }, i) => {
    if (placementOf(all, name)) return;
    const at = own[i] ? `spec.pools[${i}].nodeSelector` : "spec.pools";
    report(
      name === "" ? "pools" : `pool "${name}"`,
      at,
      `the selectors before it have too many labels to say which nodes are left: give the nodes of a pool one label`,
    );
  });
  return all;
};

const checkPrices = (spec: SharingPolicySpec, report: Report): void => {
  const all = [
    ["spec.offer.price", spec.offer?.price] as const,
    ...(spec.pools ?? []).map((p, i) => [`spec.pools[${i}].price`, p.price] as const),
  ];
  for (const [field, price] of all)
    for (const [name, text] of Object.entries(price?.perHour ?? {}))
      try {
        parse(text);
      } catch (err) {
        report("price", `${field}.perHour`, `${name}: ${describeError(err)}`);
      }
};

/** Nothing is thrown: mistakes are in `problems`, and a policy with any accepts nobody. */
export const compilePolicy = (object: SharingPolicy): Policy => {
  const { spec, metadata } = object;
  const problems: Problem[] = [];
  const report: Report = (rule, field, message) => void problems.push({ rule, field, message });
  const withdrawal = timesOf(spec.withdrawal, DEFAULT_TIMES, "withdrawal", "spec.withdrawal", report);
  const policy = {
    uid: metadata.uid ?? "",
    generation: metadata.generation ?? 0,
    problems,
    rules: (spec.rules ?? []).map((r, i) => ({
      name: r.name,
      action: r.action,
      reason: r.reason,
      ...matcherOf(r, `rule "${r.name}"`, `spec.rules[${i}]`, report),
    })),
    defaultAction: spec.defaultAction ?? "ask",
    pools: poolsOf(spec, report),
    storageClasses: (spec.offer?.storageClasses ?? []).map((c, i) => ({
      name: c.name,
      default: c.default ?? false,
      capacity: c.capacity === undefined ? undefined : String(c.capacity),
      price: c.price,
      ...matcherOf(c, `storage class "${c.name}"`, `spec.offer.storageClasses[${i}]`, report),
    })),
    ingressClasses: (spec.offer?.ingressClasses ?? []).map((c, i) => ({
      name: c.name,
      default: c.default ?? false,
      ...matcherOf(c, `ingress class "${c.name}"`, `spec.offer.ingressClasses[${i}]`, report),
    })),
    validForMs: timeOf(spec.offer?.validFor, DEFAULT_VALIDITY_MS, "offer", "spec.offer.validFor", report),
    withdrawals: (spec.withdrawals ?? []).map((w, i) => ({
      peer: w.peer,
      reason: w.reason,
      ...timesOf(w, withdrawal, `withdrawal of ${w.peer}`, `spec.withdrawals[${i}]`, report),
    })),
    withdrawal,
  };
  checkPrices(spec, report);
  const cost = policy.rules.reduce((sum, r) => sum + (r.when?.cost ?? 0), 0);
  if (cost > MAX_POLICY_COST)
    report(
      "rules",
      "spec.rules",
      `all expressions together cost up to ${cost} steps, allowed are ${MAX_POLICY_COST}`,
    );
  const matchers: Matcher[] = [...policy.rules, ...policy.storageClasses, ...policy.ingressClasses];
  return { ...policy, usesTime: matchers.some((m) => m.when?.usesTime) };
};

/** Compiled once a generation of the object. */
export const createPolicies = (): ((object: SharingPolicy | undefined) => Policy | undefined) => {
  let known: { object: Readonly<SharingPolicy>; policy: Policy } | undefined;
  return (object) => {
    if (!object) return undefined;
    const same =
      known?.object === object ||
      (known?.object.metadata.uid === object.metadata.uid &&
        known?.object.metadata.generation === object.metadata.generation &&
        object.metadata.generation !== undefined);
    if (!known || !same) known = { object, policy: compilePolicy(object) };
    return known.policy;
  };
};

/** The nodes in no pool, also where there is no policy. */
export const NO_POOL: Pool = {
  name: "",
  nodeSelector: {},
  labels: {},
  reserve: DEFAULT_RESERVE,
  perPeer: NONE,
  total: NONE,
  price: undefined,
};
export const poolOf = (policy: Policy | undefined, name: string): Pool | undefined =>
  policy ? policy.pools.find((p) => p.name === name) : name === "" ? NO_POOL : undefined;
