/** How much of what is free may be offered, and to whom. Pure arithmetic. */
import {
  add,
  addLists,
  type Amounts,
  amountOf,
  atLeastZero,
  atLeastZeroList,
  capList,
  compare,
  floorTo,
  isZero,
  mapList,
  min,
  NONE,
  parse,
  percent,
  type Quantity,
  subtractLists,
} from "@tideway/quantity";
import type { Reserve } from "../policy.ts";
import type { Capacity } from "./ledger.ts";

/** What a peer was offered. */
export interface Grant {
  /** Namespace and name of the offer. */
  holder: string;
  /** Whose nodes: a node pool, "" for the nodes in none. */
  pool: string;
  /** When the peer asked, RFC 3339: who came first keeps when capacity shrinks. */
  since: string;
  amounts: Amounts;
}

/** What of it is kept for local use. */
export const kept = (allocatable: Amounts, reserve: Reserve): Amounts =>
  mapList(allocatable, (amount, name) => {
    const own = reserve.resources.get(name);
    if (own === undefined) return percent(amount, reserve.percent);
    return "percent" in own ? percent(amount, own.percent) : min(own, amount);
  });

/** What all peers together may be offered: what local pods leave, less what is kept for local use, within the cap on all. */
export const available = ({ allocatable, used }: Capacity, reserve: Reserve, total: Amounts): Amounts =>
  capList(
    atLeastZeroList(subtractLists(subtractLists(allocatable, used), kept(allocatable, reserve))),
    total,
  );

const byAge = (a: Grant, b: Grant): number =>
  a.since < b.since ? -1 : a.since > b.since ? 1 : a.holder < b.holder ? -1 : 1;

/** Of `a` as much as `rest` has. */
const within = (a: Amounts, rest: Amounts): Amounts =>
  mapList(a, (amount, name) => min(amount, amountOf(rest, name)));

/** What is left of `open` when every grant stands; undefined when some do not fit. */
const restOf = (grants: readonly Grant[], open: Amounts): Amounts | undefined => {
  const sums = new Map<string, bigint>();
  for (const { amounts } of grants)
    for (const [name, { nanos }] of amounts) sums.set(name, (sums.get(name) ?? 0n) + nanos);
  for (const [name, sum] of sums) if (sum > amountOf(open, name).nanos) return undefined;
  return mapList(open, (amount, name) => ({ ...amount, nanos: amount.nanos - (sums.get(name) ?? 0n) }));
};

/**
 * The most that `holder` may be offered. Grants are kept oldest first, as far as they fit; what then is left is open
 * to whoever is looked at. So every peer at its limit, or shrinking to it, leaves the sum within what is available.
 */
export function limitOf(holder: string, grants: readonly Grant[], open: Amounts): Amounts {
  let rest = restOf(grants, open);
  let kept = rest && grants.find((g) => g.holder === holder)?.amounts;
  if (!rest) {
    rest = open;
    for (const grant of grants.toSorted(byAge)) {
      const keeps = within(grant.amounts, rest);
      rest = subtractLists(rest, keeps);
      if (grant.holder === holder) kept = keeps;
    }
  }
  return addLists(rest, kept ?? NONE);
}

/** Finest steps in which what capacity bounds is offered. */
const FINEST: Readonly<Record<string, Quantity>> = {
  cpu: parse("10m"),
  memory: parse("1Mi"),
  "ephemeral-storage": parse("1Mi"),
};
const ONE = parse(1);

/**
 * The step for a resource: the finest times a round number (a power of two for bytes, of ten for the rest), at most
 * a hundredth of what the cluster has.
 */
export const grainOf = (name: string, allocatable: Amounts): Quantity => {
  let grain = FINEST[name] ?? ONE;
  const most = amountOf(allocatable, name).nanos / 100n;
  const factor = grain.format === "binary" ? 2n : 10n;
  while (grain.nanos * factor <= most) grain = { ...grain, nanos: grain.nanos * factor };
  return grain;
};

export interface ShareInput {
  /** What the peer asks; a resource not named: as much as there is. */
  asked: Amounts;
  /** The most one peer gets; a resource not named is not capped. */
  cap: Amounts;
  limit: Amounts;
  allocatable: Amounts;
}

/** What to offer: what is asked within cap and limit; where the limit decides, in whole grains. */
export const target = ({ asked, cap, limit, allocatable }: ShareInput): Amounts => {
  const bounded = mapList(limit, (most, name) => {
    const wish = min(asked.get(name) ?? most, cap.get(name) ?? most);
    return compare(wish, most) < 0 ? atLeastZero(wish) : floorTo(most, grainOf(name, allocatable));
  });
  return new Map([...bounded].filter(([name, amount]) => ESSENTIAL.includes(name) || !isZero(amount)));
};

/** Without these nothing runs. */
export const ESSENTIAL: readonly string[] = ["cpu", "memory", "pods"];

/** Whether `current` may stand although `target` differs: nothing above the limit, nothing two grains below the goal. */
export const isSteady = (
  current: Amounts,
  goal: Amounts,
  i: Pick<ShareInput, "limit" | "allocatable">,
): boolean =>
  [...new Set([...current.keys(), ...goal.keys()])].every((name) => {
    const [has, wants, grain] = [amountOf(current, name), amountOf(goal, name), grainOf(name, i.allocatable)];
    const fits = compare(has, amountOf(i.limit, name)) <= 0;
    return fits && compare(wants, add(has, add(grain, grain))) < 0;
  });
