import fc from "fast-check";
import { expect, test } from "vitest";
import type { Heard } from "../ports.ts";
import type { Health } from "../probe/health.ts";
import { decide } from "./decide.ts";
import {
  ANSWER,
  after,
  clusterOf,
  deletedAt,
  identityOf,
  nodeOf,
  NOW,
  offerOf,
  replicationOf,
  saidOf,
  worldOf,
} from "./fixtures.ts";
import { allLeft, deadlineOf, type World } from "./world.ts";

const perhaps = <T>(a: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(a, { nil: undefined });
const words = { reason: fc.oneof(fc.constant(""), fc.string()), message: fc.string() };
const identity = fc
  .tuple(
    fc.constantFrom("GRANTED" as const, "DENIED" as const, "REVOKED" as const, "GONE" as const),
    fc.record(words),
  )
  .map(([state, more]) => identityOf(state, more));
const offer = fc
  .tuple(
    fc.constantFrom(
      "REQUESTED" as const,
      "OFFERED" as const,
      "ACCEPTED" as const,
      "REFUSED" as const,
      "PENDING" as const,
      "GONE" as const,
    ),
    fc.record(words),
  )
  .map(([state, more]) => offerOf(state, more));
const heard: fc.Arbitrary<Heard> = fc.record({
  identity: fc.record({ outgoing: perhaps(identity), incoming: perhaps(identity) }),
  offer: fc.record({ outgoing: perhaps(offer), incoming: perhaps(offer) }),
  node: perhaps(
    fc
      .constantFrom("READY" as const, "NOT_READY" as const, "DRAINING" as const, "GONE" as const)
      .map((s) => nodeOf(s)),
  ),
  replication: perhaps(
    fc
      .constantFrom("CONNECTED" as const, "DISCONNECTED" as const, "IDLE" as const, "GONE" as const)
      .map((s) => replicationOf(s)),
  ),
});
const health: fc.Arbitrary<Health> = fc.constantFrom<Health>(
  { verdict: "Unknown", failures: 0, last: undefined },
  { verdict: "Up", failures: 0, last: ANSWER },
  { verdict: "Down", failures: 3, last: { ok: false, reason: "Timeout", error: "no answer" } },
  { verdict: "Down", failures: 1, last: { ok: false, reason: "WrongKey", error: "other key" } },
);
const ms = fc.integer({ min: -100_000, max: 100_000 }).map((d) => NOW + d);
const iso = (t: number): string => new Date(t).toISOString();
const cluster = fc
  .record({
    outgoing: fc.constantFrom("Yes" as const, "No" as const, "Auto" as const),
    incoming: fc.constantFrom("Yes" as const, "No" as const, "Auto" as const),
    timeout: fc.integer({ min: 1, max: 60 }),
    deleted: perhaps(ms),
  })
  .map((c) =>
    clusterOf(
      { outgoingPeering: c.outgoing, incomingPeering: c.incoming, unpeerTimeoutSeconds: c.timeout },
      c.deleted === undefined ? {} : deletedAt(c.deleted),
    ),
  );
const said = fc
  .record({
    phase: fc.constantFrom("PRESENT" as const, "GONE" as const),
    outgoing: fc.boolean(),
    deadline: perhaps(ms),
  })
  .map(({ deadline, ...s }) => saidOf({ ...s, unpeerDeadline: deadline === undefined ? "" : iso(deadline) }));
const world: fc.Arbitrary<World> = fc
  .record({
    cluster,
    heard,
    health: perhaps(health),
    said: perhaps(said),
    elder: perhaps(fc.constant("occident")),
  })
  .map((w) => worldOf(w));

const holds = (property: (w: World) => void): void =>
  void fc.assert(fc.property(world, property), { numRuns: 1000 });

test("lets a ForeignCluster that counts go only when it is deleted, and nothing is left or deadline and grace are over", () =>
  holds((w) => {
    if (w.elder !== undefined || decide(w).finalizer === "keep") return;
    expect(w.cluster.metadata.deletionTimestamp).toBeDefined();
    const overMs = (deadlineOf(w) ?? Infinity) + w.graceMs;
    expect(allLeft(w).length === 0 || w.now >= overMs).toBe(true);
  }));

test("ends by itself: whatever the others do, a deleted ForeignCluster goes after its timeout and the grace", () =>
  holds((w) => {
    if (w.cluster.metadata.deletionTimestamp === undefined || w.elder !== undefined) return;
    let now = w;
    for (let pass = 0; pass < 5; pass++) {
      const plan = decide(now);
      if (plan.finalizer === "drop") return;
      expect(plan.recheckMs).toBeGreaterThan(0);
      now = after(now, plan, now.now + (plan.recheckMs ?? 0));
    }
    expect.unreachable("five passes were not enough");
  }));

test("says GONE exactly when it lets go", () =>
  holds((w) => {
    const { fact, finalizer } = decide(w);
    if (fact) expect(fact.phase === "GONE").toBe(finalizer === "drop");
  }));

test("wants the peer only when the spec says Yes, and never of what is deleted", () =>
  holds((w) => {
    const { fact } = decide(w);
    const { spec, metadata } = w.cluster;
    if (fact?.outgoing)
      expect([spec.outgoingPeering, metadata.deletionTimestamp]).toEqual(["Yes", undefined]);
    if (fact?.incoming)
      expect([spec.incomingPeering === "No", metadata.deletionTimestamp]).toEqual([false, undefined]);
  }));

test("moves a deadline once said to no later time while nothing else changes", () =>
  holds((w) => {
    const first = decide(w);
    if (!first.fact?.unpeerDeadline || first.finalizer === "drop") return;
    const later = decide(after(w, first, w.now + 1500));
    if (later.fact?.unpeerDeadline) expect(later.fact.unpeerDeadline).toBe(first.fact.unpeerDeadline);
  }));

test("has nothing to write and no news after its own work, when nothing else changes", () =>
  holds((w) => {
    const first = decide(w);
    if (first.finalizer === "drop" && first.fact) return;
    const settled = after({ ...w, said: first.fact ?? w.said }, first);
    const second = decide(after(settled, decide(settled)));
    expect(second.status).toBeUndefined();
    expect(second.notices).toEqual([]);
  }));

test("gives conditions that the API server takes", () =>
  holds((w) => {
    for (const c of decide(w).status?.conditions ?? []) {
      expect(c.reason).toMatch(/^[A-Z][A-Za-z0-9]*$/i);
      expect(c.message).not.toBe("");
      expect(c.message.length).toBeLessThanOrEqual(1024);
    }
  }));
