export { meterOf } from "./book.ts";
export { createLedger, type Ledger, type LedgerOptions } from "./ledger.ts";
export { inHours, type Meter, meterAt } from "./meter.ts";
export { podAmounts } from "./pod.ts";
export type { Account, Exceeded, Holder, HolderKind, Verdict } from "./types.ts";
