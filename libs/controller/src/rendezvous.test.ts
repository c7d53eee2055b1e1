import fc from "fast-check";
import { expect, test } from "vitest";
import { ownerOf } from "./rendezvous.ts";

const members = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 });
const things = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 60 });

test("nobody owns anything when there is nobody", () => {
  expect(ownerOf("x", [])).toBeUndefined();
});

test("does not depend on the order of the members", () => {
  fc.assert(fc.property(members, fc.uuid(), (m, t) => ownerOf(t, m) === ownerOf(t, m.toReversed())));
});

test("a lost member moves its own share and nothing else", () => {
  fc.assert(
    fc.property(members, things, fc.nat(), (m, ts, n) => {
      const lost = m[n % m.length]!;
      const rest = m.filter((x) => x !== lost);
      for (const t of ts) {
        const before = ownerOf(t, m);
        if (before !== lost) expect(ownerOf(t, rest)).toBe(before);
        else if (rest.length > 0) expect(rest).toContain(ownerOf(t, rest));
      }
    }),
  );
});

test("a new member takes only for itself", () => {
  fc.assert(
    fc.property(members, things, fc.string({ minLength: 13, maxLength: 16 }), (m, ts, fresh) => {
      for (const t of ts) {
        const after = ownerOf(t, [...m, fresh]);
        if (after !== fresh) expect(after).toBe(ownerOf(t, m));
      }
    }),
  );
});

test.each([2, 3, 5, 8])("spreads 3,000 cluster ids evenly over %i pods of one Deployment", (count) => {
  const pods = Array.from({ length: count }, (_, i) => `replicator-7d9c5b8f6d-${"bcdfghjklmnp"[i]}x2v${i}`);
  const shares = new Map(pods.map((p) => [p, 0]));
  for (let i = 0; i < 3000; i++) {
    const id = `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`;
    const owner = ownerOf(id, pods)!;
    shares.set(owner, shares.get(owner)! + 1);
  }
  for (const share of shares.values()) {
    expect(share).toBeGreaterThan((3000 / count) * 0.8);
    expect(share).toBeLessThan((3000 / count) * 1.2);
  }
});
