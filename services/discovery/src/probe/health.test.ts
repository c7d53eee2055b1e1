import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANSWER } from "../peer/fixtures.ts";
import {
  type Failure,
  FAILURES,
  type Health,
  judge,
  type Outcome,
  pauseMs,
  sameHealth,
  START,
} from "./health.ts";

const ok: Outcome = ANSWER;
const fail = (reason: Failure = "Unreachable"): Outcome => ({ ok: false, reason, error: "refused" });
const over = (...outcomes: Outcome[]): Health => outcomes.reduce((h, o) => judge(h, o, 3), START);

describe("a peer", () => {
  it.each<[string, Outcome[], Health["verdict"]]>([
    ["is unknown at first", [], "Unknown"],
    ["is up after one answer", [ok], "Up"],
    ["stays up through two lost answers", [ok, fail(), fail()], "Up"],
    ["is down after three in a row", [ok, fail(), fail("Timeout"), fail()], "Down"],
    ["is not down when an answer comes between", [ok, fail(), fail(), ok, fail(), fail()], "Up"],
    ["is up again with the first answer", [fail(), fail(), fail(), ok], "Up"],
    ["stays unknown until three failures", [fail(), fail()], "Unknown"],
    ["is down at once when another key answers", [ok, fail("WrongKey")], "Down"],
    ["is down at once when another cluster answers", [ok, fail("ClusterIDChanged")], "Down"],
  ])("%s", (_name, outcomes, verdict) => {
    expect(over(...outcomes).verdict).toBe(verdict);
  });

  it("keeps its last certain outcome while in doubt", () => {
    expect(over(ok, fail()).last).toEqual(ok);
  });
  it("tells the newest reason while it is down", () => {
    expect(over(fail(), fail(), fail(), fail("WrongKey")).last).toEqual(fail("WrongKey"));
  });
  it("has no news in another failure of the same kind", () => {
    expect(sameHealth(over(fail(), fail(), fail()), over(fail(), fail(), fail(), fail()))).toBe(true);
  });
});

describe("the pause", () => {
  it("is the interval, give or take a tenth", () => {
    expect(pauseMs(over(ok), 5000, 0)).toBe(4500);
    expect(pauseMs(over(ok), 5000, 1)).toBe(5500);
    expect(pauseMs(over(fail(), fail(), fail()), 5000, 0.5)).toBe(5000);
  });
  it("is short while in doubt", () => {
    expect(pauseMs(over(ok, fail()), 5000, 0.5)).toBe(1000);
    expect(pauseMs(over(fail()), 100, 0.5)).toBe(100);
  });
});

it("is up exactly after a success, until failures count", () => {
  const outcome = fc.oneof(fc.constant(ok), fc.constantFrom(...FAILURES).map(fail));
  fc.assert(
    fc.property(fc.array(outcome), (outcomes) => {
      const h = over(...outcomes);
      const lastOk = outcomes.findLastIndex((o) => o.ok);
      const tail = outcomes.slice(lastOk + 1);
      const certain = tail.some((o) => !o.ok && (o.reason === "WrongKey" || o.reason === "ClusterIDChanged"));
      const isDown = certain || tail.length >= 3;
      expect(h.verdict).toBe(isDown ? "Down" : lastOk >= 0 ? "Up" : "Unknown");
    }),
  );
});

describe("the clock of a peer", () => {
  const skewed = (skewMs: number): Outcome => ({ ...ANSWER, skewMs });
  const said = (...measured: number[]): number => {
    const { last } = over(...measured.map(skewed));
    return last?.ok ? last.skewMs : Number.NaN;
  };
  it.each([
    ["is as ours while it is less than 2 s off", [1_999, -1_999], 0],
    ["is said in whole seconds", [37_412], 37_000],
    ["stays as it was said while it is measured a little differently", [37_412, 38_900, 35_100], 37_000],
    ["is said anew when it is really another", [37_412, 39_100], 39_000],
    ["is as ours again when it was set", [37_412, 3], 0],
  ])("%s", (_name, measured, ms) => expect(said(...measured)).toBe(ms));
});
