/**
 * Taking an offer back, or part of it, without taking what pods still use before the deadline. Pure.
 *
 * ```
 *            less is given            nothing is given any more
 *   (none) -------------> Shrinking ------------+
 *      |  <-------------                        v
 *      |    it fits, or deadline            Cordoned --cordonFor--> Draining --unused, or deadline--> (offer ends)
 *      +--------------------------------------> |  unused, and the consumer knows --------------------^
 * ```
 */
import type { ResourceOffer, ResourceOfferSpec } from "@tideway/api";
import { type Amounts, amountOf, compare, isZero, mapList, max, min } from "@tideway/quantity";
import type { WithdrawalTimes } from "@tideway/sharing";

export type Withdrawal = NonNullable<ResourceOfferSpec["withdrawal"]>;

export interface Stand {
  offer: ResourceOffer;
  /** What the offer says now. */
  current: Amounts;
  /** What it comes to by rules and capacity; undefined: nothing. */
  wanted: Amounts | undefined;
  why: string;
  /** What the peer's pods hold. */
  used: Amounts;
  times: WithdrawalTimes;
  /** The consumer has accepted the offer as it stands, so it knows of the state. */
  acknowledged: boolean;
  /** The policy or the request changed since the offer was written. */
  newBasis: boolean;
  /** RFC 3339. */
  now: string;
}

export type Course =
  { do: "offer"; amounts: Amounts; withdrawal: Withdrawal | undefined; recheckMs?: number } | { do: "end" };

const later = (now: string, ms: number): string => new Date(Date.parse(now) + ms).toISOString();
const msUntil = (at: string, now: string): number => Date.parse(at) - Date.parse(now);

const begin = (s: Stand, state: Withdrawal["state"]): Withdrawal => ({
  state,
  reason: s.why.slice(0, 1024),
  since: s.now,
  deadline: later(s.now, s.times.deadlineMs),
});

/** A decision of a newer policy may end it sooner, never later. */
const hastened = (s: Stand, w: Withdrawal): Withdrawal => {
  const deadline = later(s.now, s.times.deadlineMs);
  return s.newBasis && deadline < w.deadline ? { ...w, deadline } : w;
};

/** As much of the current offer as is used. */
const stillUsed = ({ current, used }: Stand): Amounts =>
  mapList(current, (amount, name) => min(amount, amountOf(used, name)));

const isIdle = (used: Amounts): boolean => [...used.values()].every(isZero);

const shrink = (s: Stand, wanted: Amounts): Course => {
  const floor = stillUsed(s);
  const names = new Set([...wanted.keys(), ...floor.keys()]);
  const amounts = new Map([...names].map((n) => [n, max(amountOf(wanted, n), amountOf(floor, n))]));
  const fits = [...amounts].every(([name, amount]) => compare(amount, amountOf(wanted, name)) <= 0);
  if (fits) return { do: "offer", amounts: wanted, withdrawal: undefined };
  const before = s.offer.spec.withdrawal;
  const w = before?.state === "Shrinking" ? hastened(s, before) : begin(s, "Shrinking");
  const leftMs = msUntil(w.deadline, s.now);
  if (leftMs <= 0) return { do: "offer", amounts: wanted, withdrawal: undefined };
  return { do: "offer", amounts, withdrawal: w, recheckMs: leftMs };
};

const end = (s: Stand): Course => {
  const before = s.offer.spec.withdrawal;
  const w = before && before.state !== "Shrinking" ? hastened(s, before) : begin(s, "Cordoned");
  const leftMs = msUntil(w.deadline, s.now);
  if (leftMs <= 0) return { do: "end" };
  const idle = isIdle(s.used);
  if (w.state === "Draining")
    return idle ? { do: "end" } : { do: "offer", amounts: stillUsed(s), withdrawal: w, recheckMs: leftMs };
  const cordonMs = msUntil(later(w.since, s.times.cordonForMs), s.now);
  if (idle && (cordonMs <= 0 || (before?.state === "Cordoned" && s.acknowledged))) return { do: "end" };
  if (cordonMs > 0)
    return { do: "offer", amounts: s.current, withdrawal: w, recheckMs: Math.min(cordonMs, leftMs) };
  return {
    do: "offer",
    amounts: stillUsed(s),
    withdrawal: { ...w, state: "Draining", since: s.now },
    recheckMs: leftMs,
  };
};

/** How an offer that stands goes on. */
export const courseOf = (s: Stand): Course => (s.wanted ? shrink(s, s.wanted) : end(s));
