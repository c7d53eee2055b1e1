/** Whether there is room for one more announcement: so many are kept, and so many new ones come in a minute. Pure. */
import { SHARE_OF_ONE } from "../share.ts";
import type { Allowance, Browser, Limits } from "./state.ts";

type Room = Pick<Browser, "instances" | "allowance" | "allowances" | "limits">;

const ofOne = ({ instances, newPerMinute }: Limits): Limits => ({
  instances: Math.ceil(instances * SHARE_OF_ONE),
  newPerMinute: newPerMinute * SHARE_OF_ONE,
});

const grown = (a: Allowance, { instances, newPerMinute }: Limits, now: number): Allowance => ({
  left: Math.min(instances, a.left + ((now - a.atMs) / 60_000) * newPerMinute),
  atMs: now,
});
const without = (a: Allowance): Allowance => ({ ...a, left: a.left - 1 });

/** Takes the place of a new one that `from` tells of; undefined where there is none, in all or for this sender. */
export const takeRoom = (
  r: Room,
  from: string,
  now: number,
): Pick<Room, "allowance" | "allowances"> | undefined => {
  const each = ofOne(r.limits);
  const kept = [...r.instances.values()].filter((i) => i.from === from).length;
  const allowance = grown(r.allowance, r.limits, now);
  const own = grown(r.allowances.get(from) ?? { left: each.instances, atMs: now }, each, now);
  if (r.instances.size >= r.limits.instances || allowance.left < 1) return undefined;
  if (kept >= each.instances || own.left < 1) return undefined;
  // who has all of it again need not be remembered: there are no more senders here than new ones of late
  const others = [...r.allowances].filter(([, a]) => grown(a, each, now).left < each.instances);
  return { allowance: without(allowance), allowances: new Map([...others, [from, without(own)]]) };
};
