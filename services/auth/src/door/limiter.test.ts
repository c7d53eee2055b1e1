import { expect, test } from "vitest";
import { createFailureLimiter, sourceOf } from "./limiter.ts";

test("a source that fails too often is refused, others are not, and time heals", () => {
  let now = 0;
  const limiter = createFailureLimiter({ burst: 3, perMinute: 6, now: () => now });
  for (let i = 0; i < 3; i++) {
    expect(limiter.allows("a")).toBe(true);
    limiter.failed("a");
  }
  expect([limiter.allows("a"), limiter.allows("b")]).toEqual([false, true]);
  now = 9_999;
  expect(limiter.allows("a")).toBe(false);
  now = 10_001;
  expect(limiter.allows("a")).toBe(true);
});

test("only so many sources are remembered", () => {
  const limiter = createFailureLimiter({ burst: 1, perMinute: 1, sources: 2, now: () => 0 });
  for (const s of ["a", "b", "c"]) limiter.failed(s);
  expect(["a", "b", "c"].map((s) => limiter.allows(s))).toEqual([true, false, false]);
});

test.each([
  ["10.0.0.1:4711", "10.0.0.1"],
  ["ipv4:10.0.0.1:4711", "10.0.0.1"],
  ["[::1]:4711", "[::1]"],
  ["unknown", "unknown"],
])("the source of %s is %s", (peer, source) => {
  expect(sourceOf(peer)).toBe(source);
});
