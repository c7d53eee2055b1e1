import { addLists, type Amounts, formatList, mapList, parseList, type Quantity } from "@tideway/quantity";

/**
 * What was held, times how long: `cpu: 3600` is one core for an hour. What is held changes only with a write of the
 * ledger, so the sum is exact when each write adds what was held since the one before; between writes it is read
 * off the clock, and nothing beats.
 */
export interface Meter {
  /** When metering began, RFC 3339. */
  since: string;
  /** Up to when `seconds` is counted, RFC 3339. */
  at: string;
  /** Amount times seconds, by resource. */
  seconds: Record<string, string>;
}

const scale = (amount: Quantity, ms: number): Quantity => ({
  ...amount,
  nanos: (amount.nanos * BigInt(ms)) / 1000n,
});

/** `meter` moved on to `now`, with `held` all the while. A clock that went back adds nothing. */
export const meterAt = (meter: Meter | undefined, held: Amounts, now: string): Meter => {
  if (!meter) return { since: now, at: now, seconds: {} };
  const ms = Math.round(Date.parse(now) - Date.parse(meter.at));
  if (!(ms > 0)) return meter;
  const more = mapList(held, (amount) => scale(amount, ms));
  return { ...meter, at: now, seconds: formatList(addLists(parseList(meter.seconds), more)) };
};

/** Amount times hours; exact to a nano. */
export const inHours = (seconds: Amounts): Amounts =>
  mapList(seconds, (amount) => ({ ...amount, nanos: amount.nanos / 3600n }));
