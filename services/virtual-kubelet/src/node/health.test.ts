import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Health, nextHealth, nextProbe, type ProbeResult, UNKNOWN_HEALTH } from "./health.ts";

const ok: ProbeResult = { ok: true, reason: "ProviderReady", message: "" };
const bad: ProbeResult = { ok: false, reason: "ProviderUnreachable", message: "no answer" };
const LONG_AGO = 60_000;
const after = (results: ProbeResult[], heard = LONG_AGO, from: Health = UNKNOWN_HEALTH): Health =>
  results.reduce<Health>((h, r) => nextHealth(h, r, heard), from);

describe("health of a provider", () => {
  it("is ready after one good probe", () => expect(after([ok]).ok).toBe(true));
  it("is not ready before the first probe, and after a first bad one", () => {
    expect(UNKNOWN_HEALTH.ok).toBe(false);
    expect(after([bad])).toMatchObject({ ok: false, reason: "ProviderUnreachable" });
  });
  it("survives one lost probe", () => expect(after([ok, bad]).ok).toBe(true));
  it("is lost after two in a row, with the reason", () =>
    expect(after([ok, bad, bad])).toMatchObject({ ok: false, message: "no answer" }));
  it("is not lost while the provider answers something else", () =>
    expect(after([ok, bad, bad, bad], 200).ok).toBe(true));
  it("is back after one good probe", () => expect(after([ok, bad, bad, ok]).ok).toBe(true));

  it("shows a loss within 3 s and a return within 2 s, wherever in the beat they fall", () => {
    // worst case: the provider dies just after it answered; every probe then waits for its whole timeout
    let h = after([ok]);
    let ms = 0;
    while (h.ok) {
      const next = nextProbe(h);
      ms += next.afterMs + next.timeoutMs;
      h = nextHealth(h, bad, ms);
    }
    expect(ms).toBeLessThan(3_000);
    const away = nextProbe(h);
    expect(away.timeoutMs + away.afterMs).toBeLessThan(2_000);
  });

  it("says ok exactly when the last probe was good, or fewer than two failed since it was", () =>
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1 }), (history) => {
        const h = after(history.map((good) => (good ? ok : bad)));
        const lastGood = history.lastIndexOf(true);
        expect(h.ok).toBe(lastGood >= 0 && history.length - 1 - lastGood < 2);
      }),
    ));
});
