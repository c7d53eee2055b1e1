import type { Pod } from "@tideway/k8s";
import { expect, it } from "vitest";
import type { NamespaceFact, NamespaceFacts } from "../ports.ts";
import { podHandler } from "./handler.ts";

const facts = () => {
  const known = new Map<string, NamespaceFact>();
  const handlers = new Set<(ns: string) => void>();
  const view: NamespaceFacts = {
    get: (ns) => known.get(ns),
    onChange: (h) => {
      handlers.add(h);
      return () => handlers.delete(h);
    },
  };
  const set = (ns: string, f: Partial<NamespaceFact>): void => {
    known.set(ns, { state: "OFFLOADED", strategy: "Remote", clusterSelectorJson: "", ...f });
    for (const h of handlers) h(ns);
  };
  return { view, set, handlers };
};
const MOVER = "system:serviceaccount:tideway-system:storage-fabric";
const handler = (view: NamespaceFacts, held?: string, waitMs = 0) =>
  podHandler({
    facts: view,
    moves: { isHeld: (namespace, claim) => `${namespace}/${claim}` === held },
    waitMs,
    mover: MOVER,
  });
const ask = (
  view: NamespaceFacts,
  waitMs = 0,
  o: { held?: string; username?: string; volumes?: object[] } = {},
) =>
  handler(
    view,
    o.held,
    waitMs,
  )({
    uid: "r",
    kind: { group: "", version: "v1", kind: "Pod" },
    operation: "CREATE",
    namespace: "shop",
    userInfo: { username: o.username ?? "u" },
    object: {
      metadata: { generateName: "p-" },
      spec: { containers: [{ name: "c" }], volumes: o.volumes },
    } as unknown as Pod,
  });

it("denies with a retry while nothing is known, and never lets a pod be silently local", async () => {
  expect(await ask(facts().view)).toMatchObject({
    allowed: false,
    reason: "NotKnownYet",
    retryAfterSeconds: 1,
  });
});
it("waits for a fact that is on its way, and lets go of it", async () => {
  const { view, set, handlers } = facts();
  const answer = ask(view, 5_000);
  set("other", {});
  set("shop", {});
  expect(await answer).toMatchObject({
    allowed: true,
    patch: [{ path: "/spec/tolerations" }, { path: "/spec/affinity" }],
  });
  expect(handlers.size).toBe(0);
});
it("denies for a namespace whose offloading has ended while its label still stands", async () => {
  const { view, set } = facts();
  set("shop", { state: "GONE" });
  expect(await ask(view)).toMatchObject({ reason: "NotKnownYet" });
});
it.each([{ clusterSelectorJson: "{" }, { clusterSelectorJson: '{"a":1}' }, { strategy: "Sometimes" }])(
  "guesses nothing from %j",
  async (f) => {
    const { view, set } = facts();
    set("shop", f);
    expect(await ask(view)).toMatchObject({ allowed: false, reason: "BadSelector" });
  },
);

it("leaves a pod alone that came from a peer, even where its twin is labelled as offloaded", async () => {
  const { view, set } = facts();
  const foreign = {
    metadata: { name: "p", labels: { "tideway.dev/origin": "east-id" } },
    spec: { containers: [] },
  } as unknown as Pod;
  const request = {
    uid: "r",
    kind: { group: "", version: "v1", kind: "Pod" },
    operation: "CREATE" as const,
    namespace: "tideway-east--shop",
    userInfo: { username: "u" },
    object: foreign,
  };
  expect(await handler(view)(request)).toEqual({ allowed: true });
  set("tideway-east--shop", {});
  expect(await handler(view)(request)).toEqual({ allowed: true });
});
const mounting = (claimName: string) => [{ name: "data", persistentVolumeClaim: { claimName } }];
it("holds back a pod whose data is on its last way, until it has arrived", async () => {
  const { view, set } = facts();
  set("shop", {});
  const verdict = await ask(view, 0, { held: "shop/db", volumes: mounting("db") });
  expect(verdict).toMatchObject({ allowed: true });
  expect((verdict as { patch: object[] }).patch).toContainEqual({
    op: "add",
    path: "/spec/schedulingGates",
    value: [{ name: "storage.tideway.dev/move" }],
  });
});
it("lets pods with other data start", async () => {
  const { view, set } = facts();
  set("shop", {});
  const verdict = await ask(view, 0, { held: "shop/db", volumes: mounting("web") });
  expect(JSON.stringify(verdict)).not.toContain("schedulingGates");
});
it("leaves the pods that copy data alone", async () => {
  expect(await ask(facts().view, 0, { username: MOVER })).toEqual({ allowed: true });
});
