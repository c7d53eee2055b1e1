/** What tenants used over time, from their quotas and from the history of the bus. Pure. */
import type { TenantQuota } from "@tideway/api";
import { type Amounts, atLeastZeroList, parseList, subtractLists } from "@tideway/quantity";
import { inHours, type Meter, meterAt } from "@tideway/quota";

/** A state of a ledger: what was held from `meter.at` on. */
export interface Reading {
  peer: string;
  clusterID: string;
  offer: string;
  hard: Record<string, string>;
  used: Record<string, string>;
  meter: Meter;
}

export interface Usage extends Omit<Reading, "meter"> {
  /** From when, RFC 3339. */
  since: string;
  /** Amount times hours, by resource. */
  hours: Amounts;
}

export const readingOf = ({ metadata, spec, status }: TenantQuota): Reading | undefined =>
  status?.meter && {
    peer: spec.peer,
    clusterID: spec.clusterID,
    offer: metadata.name,
    hard: spec.hard,
    used: status.used ?? {},
    meter: status.meter,
  };

const secondsAt = (r: Reading, at: string): Amounts =>
  parseList(meterAt(r.meter, parseList(r.used), at).seconds);

/**
 * What was used from `since` (undefined: from the beginning) until `now`. `history`: earlier states of the same ledger,
 * oldest first; where it begins later than `since`, so does the answer.
 */
export const usageOf = (
  reading: Reading,
  history: readonly Reading[],
  since: string | undefined,
  now: string,
): Usage => {
  const { meter, ...rest } = reading;
  const all = secondsAt(reading, now);
  if (since === undefined || since <= meter.since)
    return { ...rest, since: meter.since, hours: inHours(all) };
  const same = [...history, reading].filter((r) => r.meter.since === meter.since);
  const before = same.findLast((r) => r.meter.at <= since) ?? same[0] ?? reading;
  const from = before.meter.at > since ? before.meter.at : since;
  return {
    ...rest,
    since: from,
    hours: inHours(atLeastZeroList(subtractLists(all, secondsAt(before, from)))),
  };
};
