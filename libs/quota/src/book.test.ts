import type { TenantQuota } from "@tideway/api";
import { formatList, parseList } from "@tideway/quantity";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { count, holdersOf, openBook, release, reserve, statusOf } from "./book.ts";
import { judge } from "./cap.ts";

const NOW = "2030-01-01T00:00:00.000Z";
const quota = (hard: Record<string, string>, status: TenantQuota["status"] = {}): TenantQuota => ({
  metadata: { name: "offer", namespace: "tideway-tenant-east", generation: 1 },
  spec: { clusterID: "east-id", peer: "east", hard },
  status,
});
const pod = (uid: string) => ({ kind: "pods", uid }) as const;
const saved = (book: ReturnType<typeof openBook>, now = NOW): TenantQuota => ({
  ...book.quota,
  status: statusOf(book, now),
});

describe("what is asked beside what is used", () => {
  const offer = { cpu: "8", memory: "16Gi", pods: "10" };
  it.each<[string, Record<string, string>, Record<string, string>, string | undefined]>([
    ["fits", { cpu: "1", pods: "1" }, { cpu: "7" }, undefined],
    ["fits to the last", { cpu: "1" }, { cpu: "7" }, undefined],
    ["is refused with the number", { cpu: "2" }, { cpu: "7" }, "cpu: asked 2, used 7 of 8"],
    [
      "is refused with each number",
      { cpu: "2", memory: "10Gi" },
      { cpu: "7", memory: "8Gi" },
      "cpu: asked 2, used 7 of 8; memory: asked 10Gi, used 8Gi of 16Gi",
    ],
    [
      "of what is not offered is refused",
      { "gpu.example/a": "1" },
      {},
      "gpu.example/a: asked 1, none offered",
    ],
    ["of nothing is no matter", { "gpu.example/a": "0", cpu: "0" }, { cpu: "9" }, undefined],
    ["of storage is capped only where it is named", { "requests.storage": "1Ti" }, {}, undefined],
  ])("%s", (_what, asked, used, message) => {
    const verdict = judge(parseList(asked), parseList(used), parseList(offer));
    expect(verdict.granted ? undefined : verdict.message).toBe(message);
  });
  it("storage of a class is capped where it is named", () => {
    const name = "gold.storageclass.storage.k8s.io/requests.storage";
    const verdict = judge(parseList({ [name]: "2Gi" }), new Map(), parseList({ [name]: "1Gi" }));
    expect(verdict).toMatchObject({ granted: false, message: `${name}: asked 2Gi, used 0 of 1Gi` });
  });
  it("without an offer nothing fits", () =>
    expect(judge(new Map(), new Map(), undefined)).toMatchObject({ granted: false, reason: "NoOffer" }));
});

describe("a book", () => {
  it("is read again as it was written, one line a pod", () => {
    const book = openBook(quota({ cpu: "2", pods: "10" }));
    for (const uid of ["a", "b"]) reserve(book, pod(uid), parseList({ cpu: "500m", pods: 1 }));
    reserve(book, { kind: "claims", uid: "c" }, parseList({ persistentvolumeclaims: 1 }));
    const again = saved(book);
    expect(again.status).toMatchObject({
      used: { cpu: "1", pods: "2", persistentvolumeclaims: "1" },
      holders: [
        { kind: "pods", count: 2, uids: "a\nb", amounts: { cpu: "500m", pods: "1" } },
        { kind: "claims", count: 1, uids: "c" },
      ],
      conditions: [{ type: "Ready", status: "True", reason: "WithinOffer" }],
    });
    expect(holdersOf(openBook(again), "pods")).toEqual(["a", "b"]);
    expect(statusOf(openBook(again), NOW)).toEqual(again.status);
  });
  it("takes the holders for true, not the sum beside them", () => {
    const holders = [{ kind: "pods" as const, amounts: { cpu: "1" }, count: 1, uids: "a" }];
    const book = openBook(quota({ cpu: "2" }, { used: { cpu: "0" }, holders }));
    expect(formatList(book.used)).toEqual({ cpu: "1" });
    expect(book.isChanged).toBe(true);
  });
  it("whose offer shrank keeps what runs, says so, and takes nothing more", () => {
    const book = openBook(quota({ cpu: "1", pods: "1" }));
    count(book, pod("a"), parseList({ cpu: "4", pods: 1 }));
    expect(statusOf(book, NOW).conditions).toMatchObject([
      { status: "False", reason: "OverOffer", message: expect.stringContaining("cpu") },
    ]);
    expect(reserve(book, pod("b"), parseList({ cpu: "1m" }))).toMatchObject({ granted: false });
    release(book, pod("a"));
    expect(reserve(book, pod("b"), parseList({ cpu: "1m" }))).toEqual({ granted: true });
  });
  it("lets a holder grow where that fits, and keeps what it had where not", () => {
    const name = "requests.storage";
    const book = openBook(quota({ [name]: "10Gi" }));
    const claim = { kind: "claims", uid: "c" } as const;
    const ask = (size: string) => reserve(book, claim, parseList({ [name]: size })).granted;
    expect([ask("4Gi"), ask("8Gi"), ask("11Gi"), ask("2Gi")]).toEqual([true, true, false, true]);
    expect(formatList(book.used)).toEqual({ [name]: "2Gi" });
    expect(ask("11Gi")).toBe(false);
    expect(formatList(book.used)).toEqual({ [name]: "2Gi" });
  });
  it("meters exactly what was held, for as long as it was", () => {
    const book = openBook(quota({ cpu: "8" }));
    reserve(book, pod("a"), parseList({ cpu: "1500m" }));
    const half = openBook(saved(book));
    reserve(half, pod("b"), parseList({ cpu: "1" }));
    const later = saved(half, "2030-01-01T01:00:00.000Z");
    expect(later.status?.meter?.seconds).toEqual({ cpu: "5400" });
    const last = openBook(later);
    release(last, pod("a"));
    expect(statusOf(last, "2030-01-01T01:00:10.000Z").meter).toEqual({
      since: NOW,
      at: "2030-01-01T01:00:10.000Z",
      seconds: { cpu: "5425" },
    });
    // a clock that went back takes nothing away
    expect(statusOf(last, "2029-01-01T00:00:00.000Z").meter?.seconds).toEqual({ cpu: "5400" });
  });
});

const uid = fc.constantFrom("a", "b", "c", "d", "e", "f");
const amounts = fc.record({ cpu: fc.integer({ min: 0, max: 5 }), pods: fc.constant(1) }).map(parseList);
const step = fc.record({ uid, amounts, do: fc.constantFrom("reserve", "release", "save") });

it("whatever is asked and given back: the sum is that of the holders, and never above the offer", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let book = openBook(quota({ cpu: "9", pods: "4" }));
      const held = new Map<string, number>();
      for (const s of steps) {
        if (s.do === "save") book = openBook(saved(book));
        else if (s.do === "release") {
          expect(release(book, pod(s.uid))).toBe(held.delete(s.uid));
        } else if (reserve(book, pod(s.uid), s.amounts).granted)
          held.set(s.uid, Number(s.amounts.get("cpu")!.nanos / 1_000_000_000n));
        const cpu = [...held.values()].reduce((sum, n) => sum + n, 0);
        expect(statusOf(book, NOW).used).toEqual({ cpu: `${cpu}`, pods: `${held.size}` });
        expect(cpu).toBeLessThanOrEqual(9);
        expect(held.size).toBeLessThanOrEqual(4);
      }
    }),
  );
});
