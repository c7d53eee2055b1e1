import { expect, test } from "vitest";
import { createRoster } from "./roster.ts";

const LEASE = 6_000;
const setup = (): ReturnType<typeof createRoster> & { at(ms: number): void; renew(m: string): void } => {
  let time = 0;
  let stamps = 0;
  const roster = createRoster({ self: "a", leaseMs: LEASE, now: () => time });
  return {
    ...roster,
    at: (ms) => void (time = ms),
    renew: (m) => roster.saw(m, `stamp-${++stamps}`, LEASE),
  };
};
/** Seconds pass in which only `renewing` renew, every two seconds. */
const pass = (r: ReturnType<typeof setup>, fromMs: number, toMs: number, renewing: string[]): void => {
  for (let t = fromMs; t <= toMs; t += 2_000) {
    r.at(t);
    for (const m of renewing) r.renew(m);
    r.settle();
  }
};

test("alone from the start", () => {
  const r = setup();
  expect(r.members()).toEqual(["a"]);
  expect(r.settle()).toBe(false);
});

test("a member counts when seen and expires after its own lease", () => {
  const r = setup();
  pass(r, 0, 0, ["a", "b"]);
  expect(r.members()).toEqual(["a", "b"]);
  pass(r, 2_000, 4_000, ["a"]);
  expect(r.members()).toEqual(["a", "b"]);
  expect(r.nextCheckMs()).toBe(2_000);
  r.at(6_000);
  expect(r.settle()).toBe(true);
  expect(r.members()).toEqual(["a"]);
});

test("an unchanged renewal stamp is no sign of life", () => {
  const r = setup();
  r.saw("b", "same", LEASE);
  pass(r, 0, 4_000, ["a"]);
  r.saw("b", "same", LEASE);
  pass(r, 6_000, 6_000, ["a"]);
  expect(r.members()).toEqual(["a"]);
});

test("who leaves is out at once, who comes back is in at once", () => {
  const r = setup();
  pass(r, 0, 0, ["a", "b"]);
  r.left("b");
  expect(r.settle()).toBe(true);
  expect(r.members()).toEqual(["a"]);
  r.renew("b");
  r.settle();
  expect(r.members()).toEqual(["a", "b"]);
});

test("a stale leftover must renew before it counts", () => {
  const r = setup();
  r.saw("b", "old", LEASE, { stale: true });
  r.settle();
  expect(r.members()).toEqual(["a"]);
  r.saw("b", "new", LEASE, { stale: true });
  r.settle();
  expect(r.members()).toEqual(["a", "b"]);
});

test("while own renewals are not seen nobody else expires", () => {
  const r = setup();
  pass(r, 0, 0, ["a", "b"]);
  r.at(60_000);
  expect(r.settle()).toBe(false);
  expect(r.members()).toEqual(["a", "b"]);
});

test("after an outage everybody has a full lease to be heard again", () => {
  const r = setup();
  pass(r, 0, 0, ["a", "b", "c"]);
  pass(r, 60_000, 60_000, ["a"]);
  expect(r.members()).toEqual(["a", "b", "c"]);
  pass(r, 62_000, 66_000, ["a", "b"]);
  expect(r.members()).toEqual(["a", "b"]);
});

test("names who has been silent for long", () => {
  const r = setup();
  pass(r, 0, 0, ["a", "b"]);
  r.at(61_000);
  expect(r.silentFor(60_000)).toEqual(["b"]);
});
