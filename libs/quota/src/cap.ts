import { add, type Amounts, amountOf, compare, format, isZero } from "@tideway/quantity";
import type { Exceeded, Verdict } from "./types.ts";

/**
 * Counts of objects and amounts of storage are capped only where an offer names them, as ResourceQuota does. Whatever
 * a node has (cpu, memory, devices, ..) is capped always: what is not offered is not there.
 */
const ONLY_WHERE_NAMED =
  /^(persistentvolumeclaims|requests\.storage|services(\..+)?|count\/.+|.+\.storageclass\.storage\.k8s\.io\/.+)$/;

const isCapped = (name: string, hard: Amounts): boolean => hard.has(name) || !ONLY_WHERE_NAMED.test(name);

/** What of `asked` does not fit beside `used`, by name. An amount of zero always fits. */
export const exceededBy = (asked: Amounts, used: Amounts, hard: Amounts): Exceeded[] =>
  [...asked]
    .filter(
      ([name, amount]) =>
        !isZero(amount) &&
        isCapped(name, hard) &&
        compare(add(amountOf(used, name), amount), amountOf(hard, name)) > 0,
    )
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([resource, amount]) => {
      const offered = hard.get(resource);
      return {
        resource,
        asked: format(amount),
        used: format(amountOf(used, resource)),
        offered: offered && format(offered),
      };
    });

const inWords = ({ resource, asked, used, offered }: Exceeded): string =>
  offered === undefined
    ? `${resource}: asked ${asked}, none offered`
    : `${resource}: asked ${asked}, used ${used} of ${offered}`;

/** `hard`: undefined where there is no offer. */
export const judge = (asked: Amounts, used: Amounts, hard: Amounts | undefined): Verdict => {
  if (!hard)
    return {
      granted: false,
      reason: "NoOffer",
      exceeded: [],
      message: "nothing is offered to this tenant (any more): it runs nothing here until it has an offer",
    };
  const exceeded = exceededBy(asked, used, hard);
  if (exceeded.length === 0) return { granted: true };
  return { granted: false, reason: "QuotaExceeded", exceeded, message: exceeded.map(inWords).join("; ") };
};
