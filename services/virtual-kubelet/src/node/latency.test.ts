import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LATENCY_CLASS, LATENCY_MS, latencyLabels } from "./latency.ts";

const labels = (ms: number, name: string) => ({ [LATENCY_MS]: String(ms), [LATENCY_CLASS]: name });

describe("how far a peer is", () => {
  it.each<[string, number | undefined, Record<string, string>, Record<string, string>]>([
    ["is not said before it is known", undefined, {}, {}],
    ["is rounded up", 0.4, {}, labels(1, "near")],
    ["is near up to 10 ms", 9.9, {}, labels(10, "near")],
    ["is regional up to 50 ms", 31, {}, labels(50, "regional")],
    ["is far beyond", 180, {}, labels(200, "far")],
    ["ends at a second", 4000, {}, labels(1000, "far")],
    [
      "stays as it was said while the tunnel is down",
      undefined,
      labels(20, "regional"),
      labels(20, "regional"),
    ],
    ["stays while it wobbles a little above", 11.9, labels(10, "near"), labels(10, "near")],
    ["stays while it wobbles a little below", 4.2, labels(10, "near"), labels(10, "near")],
    ["changes when it is clearly more", 12.1, labels(10, "near"), labels(20, "regional")],
    ["changes when it is clearly less", 3.9, labels(10, "near"), labels(5, "near")],
    ["overrules what somebody wrote there", 3, labels(7, "far"), labels(5, "near")],
  ])("%s", (_, ms, have, want) => {
    expect(latencyLabels(ms, have)).toEqual(want);
  });

  it("does not flap: a round trip that wobbles by a tenth changes the labels at most once", () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 2000, noNaN: true }),
        fc.array(fc.double({ min: 0.91, max: 1.09, noNaN: true }), { minLength: 5 }),
        (ms, wobble) => {
          const seen: string[] = [];
          let have = latencyLabels(ms, {});
          for (const w of wobble) {
            have = latencyLabels(ms * w, have);
            if (seen.at(-1) !== have[LATENCY_MS]) seen.push(have[LATENCY_MS] ?? "");
          }
          expect(seen.length).toBeLessThanOrEqual(2);
        },
      ),
    ));
});
