import { make, type SearchDomain, searchDomains } from "@tideway/api";
import { silentLogger } from "@tideway/log";
import { expect, it } from "vitest";
import { createDomainReconciler } from "./reconciler.ts";

it("a SearchDomain is searched once in its pause, and a new one of the same name at once", async () => {
  const of = (uid: string): SearchDomain => ({
    ...make(searchDomains, { metadata: { name: "lab" }, spec: { domain: "lab.example" } }),
    metadata: { name: "lab", uid, generation: 1 },
  });
  let now: SearchDomain | undefined;
  let searches = 0;
  const reconcile = createDomainReconciler({
    kube: { apply: () => Promise.reject(new Error("not ours to write")) },
    clock: { now: () => 0 },
    get: () => now,
    writes: () => false,
    search: () => {
      searches++;
      return Promise.resolve({ found: [], problems: [], ttlMs: Infinity });
    },
    clustersOf: () => [],
    sightings: { of: () => [], knows: () => false, setDomain: () => [], ids: () => [] },
    changed: () => undefined,
    searched: () => undefined,
  });
  const look = (): Promise<unknown> =>
    reconcile("lab", { signal: new AbortController().signal, log: silentLogger });
  now = of("first");
  await look();
  await look();
  expect(searches).toBe(1);
  now = of("second"); // the end of the first was never seen: a watch tells of both at once
  await look();
  expect(searches).toBe(2);
});
