import type { KnownTables } from "./nft-known.ts";

const CHANGE = /^(?:add|insert|replace|create|delete|destroy) (?:ct )?\w+ (\w+) (\S+)/;
const COMMITTED = /^# new generation/;
const LOST = /ERROR/;

/** Takes what `nft monitor` says line by line; true for somebody else's transaction on tables that `ours` knows. */
export const nftListener = (known: KnownTables, ours: (key: string) => boolean) => {
  let touched = new Set<string>();
  return (line: string): boolean => {
    const change = CHANGE.exec(line);
    if (change) {
      touched.add(`${change[1]} ${change[2]}`);
      return false;
    }
    if (LOST.test(line)) {
      known.deaf();
      return true;
    }
    if (!COMMITTED.test(line)) return false;
    const keys = touched;
    touched = new Set();
    return known.told(keys) && [...keys].some(ours);
  };
};
