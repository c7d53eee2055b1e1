/** What offers cost. Prices are exact texts in the API; what is shown and compared is a sum of a few of them. */
import type { ResourceOfferSpec } from "@tideway/api";
import { type Amounts, parse, toNumber } from "@tideway/quantity";

export type Prices = NonNullable<ResourceOfferSpec["price"]>;

const GIB = 1024 ** 3;
/** Counted in bytes, so priced by the GiB. */
const isBytes = (name: string): boolean =>
  name === "memory" || name === "ephemeral-storage" || name === "storage" || name.startsWith("hugepages-");

/** What an hour of the amounts costs; a resource without a price costs nothing. */
export const costPerHour = (prices: Prices | undefined, amounts: Amounts): number => {
  let sum = 0;
  for (const [name, price] of Object.entries(prices?.perHour ?? {})) {
    const amount = amounts.get(name);
    if (amount) sum += (toNumber(amount) / (isBytes(name) ? GIB : 1)) * toNumber(parse(price));
  }
  return Math.round(sum * 1e9) / 1e9;
};
