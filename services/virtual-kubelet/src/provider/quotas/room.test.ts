import { ORIGIN, PEER, type ShadowPod } from "@tideway/api";
import type { Namespace, Pod } from "@tideway/k8s";
import { formatList, parseList } from "@tideway/quantity";
import type { Ledger, Verdict } from "@tideway/quota";
import { describe, expect, it } from "vitest";
import { createRoom, MAKING_MS, type Seen } from "./room.ts";

const ONE = parseList({ pods: 1 });
const KEY = "tideway-east--shop/web";
const twin: Namespace = {
  metadata: { name: "tideway-east--shop", labels: { [ORIGIN]: "east-id", [PEER]: "east" } },
};
const shadow = (uid = "s1", more: object = {}): ShadowPod => ({
  metadata: { name: "web", uid, ...more },
  spec: { originUID: "o", originNamespace: "shop", pod: { containers: [{ name: "c" }] } },
});
const pod = (phase = "Running", owner = "s1"): Pod => ({
  metadata: {
    name: "web",
    ownerReferences: [{ apiVersion: "v1", kind: "ShadowPod", name: "web", uid: owner, controller: true }],
  },
  spec: { containers: [{ name: "c", resources: { requests: { cpu: "1" } } }] },
  status: { phase },
});
const seen = (more: Partial<Seen> = {}): Seen => ({
  shadow: undefined,
  pod: undefined,
  concluded: false,
  ...more,
});

const setUp = (verdict: Verdict = { granted: true }, stands = true) => {
  const held = new Map<string, object>();
  const ledger: Ledger = {
    reserve: async (_a, h, amounts) => {
      if (!verdict.granted) return verdict;
      const heldBefore = held.has(h.uid);
      held.set(h.uid, formatList(amounts));
      return heldBefore ? { granted: true, heldBefore } : { granted: true };
    },
    count: (_a, h, amounts) => void held.set(h.uid, formatList(amounts)),
    leave: () => undefined,
    release: (_a, h) => void held.delete(h.uid),
    holds: async (_a, h) => held.has(h.uid),
    look: () => undefined,
    holders: async () => [...held.keys()],
  };
  let doubts = 0;
  const clock = { ms: 0 };
  const room = createRoom({
    ledger,
    wake: () => undefined,
    clock: { now: () => clock.ms },
    doubt: () => void doubts++,
    stands: async () => stands,
  });
  return { held, room, clock, doubted: () => doubts };
};

describe("the room of a pod", () => {
  it("that was made stays held until the pod is seen, even when its ShadowPod goes meanwhile", async () => {
    const { held, room } = setUp();
    await room.reserve(KEY, twin, shadow(), ONE);
    room.tried(shadow(), "made");
    await room.settle(KEY, twin, seen());
    expect([...held.keys()]).toEqual(["s1"]);
    await room.settle(KEY, twin, seen({ pod: pod() }));
    expect([...held.keys()]).toEqual(["s1"]);
    await room.settle(KEY, twin, seen());
    expect(held.size).toBe(0);
  });
  it("that nobody knows to be made or not is left to the sweep", async () => {
    const { held, room, doubted } = setUp();
    await room.reserve(KEY, twin, shadow(), ONE);
    room.tried(shadow(), "unknown");
    await room.settle(KEY, twin, seen());
    expect([...held.keys()]).toEqual(["s1"]);
    expect(doubted()).toBe(1);
  });
  it("that another replica holds is taken over when its pod does not come", async () => {
    const { held, room, clock } = setUp();
    held.set("s1", {});
    expect(await room.reserve(KEY, twin, shadow(), ONE)).toEqual({ granted: true, waitMs: MAKING_MS });
    clock.ms += MAKING_MS / 2;
    expect(await room.reserve(KEY, twin, shadow(), ONE)).toEqual({ granted: true, waitMs: MAKING_MS / 2 });
    clock.ms += MAKING_MS / 2;
    expect(await room.reserve(KEY, twin, shadow(), ONE)).toEqual({ granted: true });
  });
  it("is for one pod: whoever made it does not make it again because it is not seen yet", async () => {
    const { room } = setUp();
    expect(await room.reserve(KEY, twin, shadow(), ONE)).toEqual({ granted: true });
    room.tried(shadow(), "made");
    expect(await room.reserve(KEY, twin, shadow(), ONE)).toEqual({ granted: true, waitMs: MAKING_MS });
  });
  it("whose pod was refused is there for the next attempt", async () => {
    const { room } = setUp();
    await room.reserve(KEY, twin, shadow(), ONE);
    room.tried(shadow(), "not made");
    expect(await room.reserve(KEY, twin, shadow(), ONE)).toEqual({ granted: true });
  });
  it("that another replica holds is not given back on the word of a cache that shows no pod yet", async () => {
    const { held, room } = setUp();
    held.set("s1", {});
    await room.settle(KEY, twin, seen({ shadow: shadow("s1", { deletionTimestamp: "t" }) }));
    await room.settle(KEY, twin, seen({ shadow: shadow("s1"), pod: pod("Running", "s0") }));
    expect(held.has("s1")).toBe(true);
  });
  it("that could not be made is given back with its ShadowPod", async () => {
    const { held, room } = setUp();
    await room.reserve(KEY, twin, shadow(), ONE);
    room.tried(shadow(), "not made");
    await room.settle(KEY, twin, seen({ shadow: shadow() }));
    expect(held.size).toBe(1);
    await room.settle(KEY, twin, seen({ shadow: shadow("s1", { deletionTimestamp: "t" }) }));
    expect(held.size).toBe(0);
  });
  it("that found none keeps nothing busy", async () => {
    const { room } = setUp({ granted: false, reason: "NoOffer", exceeded: [], message: "" });
    await room.reserve(KEY, twin, shadow(), ONE);
    expect(room.isBusy("s1")).toBe(false);
  });
  it("that stands without is counted, as much as the pod asks for", async () => {
    const { held, room } = setUp();
    await room.settle(KEY, twin, seen({ pod: pod(), shadow: shadow() }));
    expect(held.get("s1")).toEqual({ cpu: "1", pods: "1" });
  });
  it("that only a cache still shows is not counted again", async () => {
    const { held, room } = setUp({ granted: true }, false);
    await room.settle(KEY, twin, seen({ pod: pod(), shadow: shadow() }));
    expect(held.size).toBe(0);
  });
  it.each(["Succeeded", "Failed"])(
    "is given back when it has %s, though all of it still stands",
    async (phase) => {
      const { held, room } = setUp();
      held.set("s1", {}); // by a replica that is no more
      await room.settle(KEY, twin, seen({ pod: pod(phase), shadow: shadow() }));
      expect(held.size).toBe(0);
    },
  );
  it("of a concluded ShadowPod is given back, known or not", async () => {
    const { held, room } = setUp();
    held.set("s1", {});
    await room.settle(KEY, twin, seen({ shadow: shadow(), concluded: true }));
    expect(held.size).toBe(0);
  });
  it("of an earlier one of the name is held while its pod ends, and the next one's is its own", async () => {
    const { held, room } = setUp();
    await room.settle(KEY, twin, seen({ pod: pod("Running", "s0"), shadow: shadow("s1") }));
    expect([...held.keys()]).toEqual(["s0"]);
    await room.reserve(KEY, twin, shadow("s1"), ONE);
    await room.settle(KEY, twin, seen({ shadow: shadow("s1") }));
    expect([...held.keys()]).toEqual(["s1"]);
  });
});
