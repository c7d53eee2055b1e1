/** How much of what others send is read. */
import { SHARE_OF_ONE } from "./share.ts";

/** Whether one more packet `from` this address is read at `now`, ms; counts it. */
export type Budget = (from: string, now: number) => boolean;

/**
 * Counts by the second, in all and by sender. It keeps no more senders than packets that it lets through in a second:
 * senders of UDP have as many addresses as they like.
 */
export const createBudget = (perSecond: number): Budget => {
  const each = Math.ceil(perSecond * SHARE_OF_ONE);
  const read = new Map<string, number>();
  let [second, all] = [0, 0];
  return (from, now) => {
    const current = Math.floor(now / 1000);
    if (current !== second) {
      [second, all] = [current, 0];
      read.clear();
    }
    const before = read.get(from) ?? 0;
    if (all >= perSecond || before >= each) return false;
    all++;
    read.set(from, before + 1);
    return true;
  };
};
