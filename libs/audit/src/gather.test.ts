import fc from "fast-check";
import { expect, test } from "vitest";
import { createGatherer, type Gathered } from "./gather.ts";
import type { AuditRecord } from "./types.ts";

const denied = (o: Partial<AuditRecord> = {}): AuditRecord => ({
  peer: "east",
  actor: { clusterID: "east" },
  action: "authenticate",
  outcome: "DENIED",
  reason: "UnknownToken",
  message: "no",
  ...o,
});

/** A gatherer whose time is moved by hand. */
const setUp = (kinds?: number) => {
  let now = 0;
  const told: (Gathered & { at: number })[] = [];
  const timers: { at: number; fn: () => void }[] = [];
  const gatherer = createGatherer({
    now: () => now,
    after: (ms, fn) => void timers.push({ at: now + ms, fn }),
    emit: (g) => void told.push({ ...g, at: now }),
    ...(kinds ? { kinds } : {}),
  });
  const passTo = (ms: number): void => {
    for (;;) {
      timers.sort((a, b) => a.at - b.at);
      if (!timers[0] || timers[0].at > ms) break;
      const next = timers.shift() as (typeof timers)[number];
      now = next.at;
      next.fn();
    }
    now = ms;
  };
  return { gatherer, told, passTo, timers };
};

test("the first of a kind is told at once, those alike within a second with their number", () => {
  const { gatherer, told, passTo } = setUp();
  for (const message of ["first", "second", "third"]) gatherer.add(denied({ message }));
  expect(told.map((g) => [g.record.message, g.count])).toEqual([["first", 1]]);
  passTo(1_000);
  expect(told.map((g) => [g.record.message, g.count])).toEqual([
    ["first", 1],
    ["third", 2],
  ]);
});

test("one alone leaves nothing behind, and the next a minute later is told at once", () => {
  const { gatherer, told, passTo, timers } = setUp();
  gatherer.add(denied());
  passTo(60_000);
  expect(timers).toEqual([]);
  gatherer.add(denied());
  expect(told.map((g) => [g.at, g.count])).toEqual([
    [0, 1],
    [60_000, 1],
  ]);
});

test("while it goes on it is told less and less often, at least every ten seconds", () => {
  const { gatherer, told, passTo } = setUp();
  for (let ms = 0; ms < 60_000; ms += 100) {
    passTo(ms);
    gatherer.add(denied());
  }
  expect(told.map((g) => g.at)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 25_000, 35_000, 45_000, 55_000]);
});

test.each<[string, Partial<AuditRecord>]>([
  ["address of one who has no ID", { actor: { address: "10.0.0.8" } }],
  ["peer", { peer: "north" }],
  ["actor", { actor: { clusterID: "north" } }],
  ["key", { actor: { clusterID: "east", pin: "sha256/x" } }],
  ["action", { action: "renew" }],
  ["outcome", { outcome: "REVOKED" }],
  ["reason", { reason: "TokenUsed" }],
])("another %s is another kind", (_, o) => {
  const { gatherer, told } = setUp();
  gatherer.add(denied());
  gatherer.add(denied(o));
  expect(told.map((g) => g.count)).toEqual([1, 1]);
});

test("one who has an ID is the same from any address", () => {
  const { gatherer, told } = setUp();
  for (const address of ["10.0.0.7", "10.0.0.8"])
    gatherer.add(denied({ actor: { clusterID: "east", address } }));
  expect(told).toHaveLength(1);
});

test("of any storm every decision is counted once, and the records are bounded", () => {
  const step = fc.record({ actor: fc.nat(200), reason: fc.constantFrom("A", "B"), wait: fc.nat(300) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { gatherer, told, passTo } = setUp(8);
      let now = 0;
      for (const { actor, reason, wait } of steps) {
        passTo((now += wait));
        gatherer.add(denied({ actor: { clusterID: `c${actor}` }, reason }));
      }
      gatherer.flush();
      expect(told.reduce((n, g) => n + g.count, 0)).toBe(steps.length);
      // 8 kinds apart and 2 of what is left, each told when it begins and once a second
      expect(told.length).toBeLessThanOrEqual((8 + 2) * (2 + Math.ceil(now / 1_000)));
    }),
  );
});
