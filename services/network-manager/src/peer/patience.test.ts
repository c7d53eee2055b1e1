import { expect, test } from "vitest";
import { createPatience } from "./patience.ts";

const at = { ms: 0 };
const patience = createPatience({ now: () => new Date(at.ms) });
const wait = (status: "True" | "False" | "Unknown", ms: number): number | undefined => {
  at.ms = ms;
  return patience.waitMs("peer", { status });
};

test("steps on the way wait for a second in all, then each is said", () => {
  expect(wait("Unknown", 100)).toBe(1_000);
  expect(wait("Unknown", 700)).toBe(400);
  expect(wait("Unknown", 1_100)).toBeUndefined();
  expect(wait("Unknown", 1_200)).toBeUndefined();
});

test("what is known is said at once, and the next doubt waits again", () => {
  expect(wait("True", 2_000)).toBeUndefined();
  expect(wait("False", 2_001)).toBeUndefined();
  expect(wait("Unknown", 2_100)).toBe(1_000);
});
