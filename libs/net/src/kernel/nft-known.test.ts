import { describe, expect, it } from "vitest";
import { createKnown, type Known } from "./nft-known.ts";
import { nftListener } from "./nft-monitor.ts";

const KEY = "ip t";
const THIS: Known = {
  table: { name: "t", chains: [] },
  state: { counters: new Map(), sets: new Map(), chains: new Map() },
};
/** A driver whose monitor listens, and that has written once. */
const started = (now: () => number = () => 0) => {
  const known = createKnown(now);
  const line = nftListener(known, (key) => known.tracks(key));
  const committed = (...changes: string[]): boolean =>
    [...changes, "# new generation 7 by process 1 (nft)"].map(line).some(Boolean);
  const write = (): void => {
    const since = known.epoch(KEY);
    known.writes(KEY);
    known.keep(KEY, THIS, since);
  };
  committed("add table ip other");
  write();
  return { known, line, committed, write };
};
const OWN = "add element ip t s { 10.0.0.1 }";

describe("what is known of a table", () => {
  it("is nothing until the monitor has told of something, so that it listens", () => {
    const known = createKnown(() => 0);
    const since = known.epoch(KEY);
    known.writes(KEY);
    known.keep(KEY, THIS, since);
    expect(known.get(KEY)).toBeUndefined();
  });
  it("outlives own transactions, told of late or at once", () => {
    const s = started();
    expect(s.known.get(KEY)).toBe(THIS);
    s.write();
    expect([s.committed(OWN), s.committed(OWN, OWN)]).toEqual([false, false]);
    expect(s.known.get(KEY)).toBe(THIS);
  });
  it("is forgotten when one is told of that was not ours, whichever comes first", () => {
    const s = started();
    expect([s.committed("delete rule ip t c handle 5"), s.committed(OWN)]).toEqual([false, true]);
    expect(s.known.get(KEY)).toBeUndefined();
  });
  it("does not care for other tables", () => {
    const s = started();
    s.committed(OWN);
    expect(s.committed("add element ip kube s { 10.0.0.1 }", "add rule inet t c")).toBe(false);
    expect(s.known.get(KEY)).toBe(THIS);
  });
  it("is not kept when somebody wrote while it was read", () => {
    const s = started();
    s.committed(OWN);
    const since = s.known.epoch(KEY);
    s.committed("flush", "delete table ip t");
    s.known.keep(KEY, THIS, since);
    expect(s.known.get(KEY)).toBeUndefined();
  });
  it("is forgotten when the monitor owes one for a second, lost something or ended", () => {
    let now = 0;
    const late = started(() => now);
    now = 1_001;
    expect(late.known.get(KEY)).toBeUndefined();
    const lost = started();
    expect(lost.line("# ERROR: We lost some netlink events!")).toBe(true);
    expect(lost.known.get(KEY)).toBeUndefined();
    const ended = started();
    ended.known.deaf();
    expect(ended.known.get(KEY)).toBeUndefined();
    expect(ended.known.epoch(KEY)).toBeUndefined();
  });
});
