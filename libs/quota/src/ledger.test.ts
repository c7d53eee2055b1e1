import type { TenantQuota } from "@tideway/api";
import { ConflictError, UnavailableError } from "@tideway/errors";
import type { Informer, Kube } from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import { compare, parse, parseList } from "@tideway/quantity";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { createLedger, type Ledger } from "./ledger.ts";

const ACCOUNT = { namespace: "tideway-tenant-east", name: "offer" };
const pod = (uid: string) => ({ kind: "pods", uid }) as const;
const one = parseList({ cpu: 1, pods: 1 });

/** One object with optimistic writes, told to every reader; `fail` says which requests fail, and whether they were stored. */
const createStore = (hard: Record<string, string> | undefined) => {
  const handlers = new Set<(key: string, q: TenantQuota | undefined, old: TenantQuota | undefined) => void>();
  let version = 1;
  let quota: TenantQuota | undefined;
  const states: TenantQuota[] = [];
  let requests = 0;
  let fail: (n: number) => "lost" | "stored" | undefined = () => undefined;
  const tell = (old: TenantQuota | undefined): void => {
    for (const h of handlers) queueMicrotask(() => h("", quota, old));
  };
  const put = (next: TenantQuota | undefined): void => {
    const old = quota;
    quota = next && { ...next, metadata: { ...next.metadata, resourceVersion: String(++version) } };
    if (quota) states.push(quota);
    tell(old);
  };
  const offer = (amounts: Record<string, string>): void =>
    put({
      ...quota,
      metadata: { ...ACCOUNT },
      spec: { clusterID: "east-id", peer: "east", hard: amounts },
    });
  if (hard) offer(hard);
  const kube = {
    find: async () => {
      requests++;
      await Promise.resolve();
      return quota && structuredClone(quota);
    },
    replace: async (_r: unknown, next: TenantQuota) => {
      const n = ++requests;
      await Promise.resolve();
      const how = fail(n);
      if (how === "lost") throw new UnavailableError("no answer");
      if (next.metadata.resourceVersion !== quota?.metadata.resourceVersion) throw new ConflictError("newer");
      put(structuredClone(next));
      if (how === "stored") throw new UnavailableError("no answer, though it was stored");
      return structuredClone(quota);
    },
  } as unknown as Kube;
  return {
    kube,
    quotas: { onChange: (h: never) => handlers.add(h) } as unknown as Informer<TenantQuota>,
    offer,
    withdraw: () => put(undefined),
    failing: (f: typeof fail) => (fail = f),
    states,
    get used() {
      return quota?.status?.used ?? {};
    },
    get requests() {
      return requests;
    },
  };
};

let abort = new AbortController();
afterEach(() => {
  abort.abort();
  abort = new AbortController();
});
const ledgerOn = (store: ReturnType<typeof createStore>): Ledger =>
  createLedger({
    kube: store.kube,
    quotas: store.quotas,
    clock: { now: () => Date.now() },
    log: silentLogger,
    signal: abort.signal,
    patienceMs: 1,
  });
const settled = async (look: () => boolean): Promise<void> => {
  for (let i = 0; i < 4_000 && !look(); i++) await new Promise((done) => setTimeout(done, 5));
  expect(look()).toBe(true);
};

describe("a ledger", () => {
  it("settles what comes together by one write", async () => {
    const store = createStore({ cpu: "100", pods: "100" });
    const ledger = ledgerOn(store);
    await ledger.reserve(ACCOUNT, pod("first"), one);
    const before = store.requests;
    const all = Array.from({ length: 50 }, (_, i) => ledger.reserve(ACCOUNT, pod(`p${i}`), one));
    await Promise.all(all);
    expect(store.requests - before).toBeLessThanOrEqual(2);
    expect(store.used).toMatchObject({ cpu: "51", pods: "51" });
  });

  it("refuses without a request, and wakes as many as fit when room is given back", async () => {
    const store = createStore({ cpu: "2", pods: "9" });
    const ledger = ledgerOn(store);
    const woken: string[] = [];
    const ask = (uid: string) => ledger.reserve(ACCOUNT, pod(uid), one, () => woken.push(uid));
    await Promise.all([ask("a"), ask("b")]);
    const before = store.requests;
    expect(await ask("c")).toMatchObject({ granted: false, message: "cpu: asked 1, used 2 of 2" });
    await ask("d");
    expect(store.requests).toBe(before);
    ledger.release(ACCOUNT, pod("a"));
    await settled(() => woken.length > 0);
    expect(woken).toEqual(["c"]);
    store.offer({ cpu: "9", pods: "9" });
    await settled(() => woken.length > 1);
    expect(woken).toEqual(["c", "d"]);
  });

  it("takes nothing without an offer, and begins when there is one", async () => {
    const store = createStore(undefined);
    const ledger = ledgerOn(store);
    let woken = false;
    const ask = () => ledger.reserve(ACCOUNT, pod("a"), one, () => (woken = true));
    expect(await ask()).toMatchObject({ granted: false, reason: "NoOffer" });
    store.offer({ cpu: "1", pods: "1" });
    await settled(() => woken);
    expect(await ask()).toEqual({ granted: true });
  });

  it("that ends leaves nobody waiting", async () => {
    const store = createStore({ cpu: "100", pods: "100" });
    const ledger = ledgerOn(store);
    const all = Array.from({ length: 9 }, (_, i) => ledger.reserve(ACCOUNT, pod(`p${i}`), one));
    const late = ledger
      .reserve(ACCOUNT, pod("first"), one)
      .then(() => ledger.reserve(ACCOUNT, pod("late"), one));
    abort.abort(new Error("the end"));
    const outcomes = await Promise.allSettled([...all, late, ledger.reserve(ACCOUNT, pod("after"), one)]);
    expect(outcomes.at(-1)).toMatchObject({ status: "rejected", reason: { message: "the end" } });
  });

  it("counts and gives back in spite of failures, and each once", async () => {
    const store = createStore({ cpu: "9", pods: "9" });
    store.failing((n) => (n % 3 === 0 ? "lost" : n % 5 === 0 ? "stored" : undefined));
    const ledger = ledgerOn(store);
    for (const uid of ["a", "b", "c"]) ledger.count(ACCOUNT, pod(uid), one);
    await settled(() => store.used["pods"] === "3");
    for (const uid of ["a", "a", "b"]) ledger.release(ACCOUNT, pod(uid));
    await settled(() => store.used["pods"] === "1");
    expect(await ledger.holders(ACCOUNT, "pods")).toEqual(["c"]);
  });
});

it("two of them on one offer, with failures, never go beyond it, and lose no holder", async () => {
  const step = fc.record({
    ledger: fc.nat(1),
    uid: fc.nat(12).map((n) => `p${n}`),
    ask: fc.boolean(),
    pause: fc.boolean(),
  });
  const failures = fc.array(fc.constantFrom(undefined, undefined, undefined, "lost", "stored"));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), failures, async (steps, fails) => {
      const store = createStore({ cpu: "5", pods: "9" });
      store.failing((n) => fails[n]);
      const ledgers = [ledgerOn(store), ledgerOn(store)];
      const asked: Promise<unknown>[] = [];
      for (const s of steps) {
        const ledger = ledgers[s.ledger]!;
        if (s.ask) asked.push(ledger.reserve(ACCOUNT, pod(s.uid), one).catch(() => undefined));
        else ledger.release(ACCOUNT, pod(s.uid));
        if (s.pause) await Promise.resolve();
      }
      await Promise.all(asked);
      for (const { status } of store.states)
        expect(compare(parse(status?.used?.["cpu"] ?? "0"), parse("5"))).toBeLessThanOrEqual(0);
      for (const { status } of store.states)
        expect(status?.holders?.reduce((n, h) => n + h.count, 0) ?? 0).toBe(
          Number(status?.used?.["pods"] ?? 0),
        );
    }),
    { numRuns: 60 },
  );
});
