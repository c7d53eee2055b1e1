import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PeerView } from "../ports.ts";
import {
  type Attempt,
  decide,
  failed,
  type FailureReason,
  renewalTime,
  type Step,
  type World,
} from "./decide.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const peer = (o: Partial<PeerView> = {}): PeerView => ({
  clusterId: "west-id",
  name: "west",
  present: true,
  outgoing: true,
  incoming: true,
  claimed: false,
  authEndpoint: "west:443",
  pins: ["sha256/x"],
  tokenSecret: "t",
  unpeerDeadline: "",
  ...o,
});
const leaving = peer({ outgoing: false });
const good = { notAfter: NOW + 60 * MINUTE, renewAt: NOW + 30 * MINUTE };
const due = { notAfter: NOW + 30 * MINUTE, renewAt: NOW - 1 };
const expired = { notAfter: NOW - 1, renewAt: NOW - 30 * MINUTE };
const attempt = (reason: FailureReason, nextAt = NOW + MINUTE): Attempt => ({
  failures: 1,
  reason,
  message: "it failed",
  nextAt,
});
const idle = { node: false, offer: false, replication: false };

const world = (o: Partial<World> = {}): World => ({
  peer: peer(),
  unsure: false,
  credential: undefined,
  remains: false,
  standing: idle,
  released: false,
  deadline: NOW + 30_000,
  attempt: undefined,
  skewMs: 5 * MINUTE,
  now: NOW,
  ...o,
});

describe("an identity that is wanted", () => {
  test.each<[string, Partial<World>, Step, string | undefined]>([
    ["and not there is asked for", {}, "authenticate", undefined],
    ["and good is held", { credential: good }, "hold", "GRANTED"],
    ["and due is renewed", { credential: due }, "renew", undefined],
    [
      "and not taken by the peer's API server is renewed before its time",
      { credential: good, standing: { ...idle, rejected: true } },
      "renew",
      undefined,
    ],
    [
      "and not taken since a moment ago is held: others still use the one before",
      { credential: { ...good, since: NOW - 1_000 }, standing: { ...idle, rejected: true } },
      "hold",
      "GRANTED",
    ],
    [
      "and revoked, so that it is not taken, waits for the owner's word",
      { credential: good, standing: { ...idle, rejected: true }, attempt: attempt("IncomingRefused") },
      "wait",
      "REVOKED",
    ],
    [
      "stays granted while its renewal fails",
      { credential: due, attempt: attempt("Unreachable") },
      "wait",
      "GRANTED",
    ],
    [
      "is renewed again when its pause is over",
      { credential: due, attempt: attempt("Unreachable", NOW) },
      "renew",
      undefined,
    ],
    ["and expired within the clock tolerance is still renewed", { credential: expired }, "renew", undefined],
    [
      "and expired for long is asked for anew",
      { credential: { ...expired, notAfter: NOW - 6 * MINUTE } },
      "authenticate",
      undefined,
    ],
    [
      "and expired while the provider is away is denied until it is back",
      { credential: expired, attempt: attempt("Unreachable") },
      "wait",
      "DENIED",
    ],
    ["but not answered waits for its next try", { attempt: attempt("Unanswered") }, "wait", "DENIED"],
    [
      "but not answered is asked for again when its pause is over",
      { attempt: attempt("Unanswered", NOW) },
      "authenticate",
      undefined,
    ],
    ["but refused waits for its next try", { attempt: attempt("TokenUsed") }, "wait", "DENIED"],
    [
      "but revoked is told so and tried again later",
      { credential: due, attempt: attempt("IncomingRefused") },
      "wait",
      "REVOKED",
    ],
    [
      "whose tenant is gone is void at once",
      { credential: good, attempt: attempt("TenantUnknown") },
      "wait",
      "DENIED",
    ],
    [
      "whose tenant is gone is asked for anew",
      { credential: good, attempt: attempt("TenantUnknown", NOW) },
      "authenticate",
      undefined,
    ],
  ])("%s", (_, o, step, state) => {
    const plan = decide(world({ remains: o.credential !== undefined, ...o }));
    expect([plan.step, plan.state]).toEqual([step, state]);
  });

  test("that is not taken since a moment ago is looked at again when it has settled, not when it is due", () => {
    const w = world({
      remains: true,
      credential: { ...good, since: NOW - 1_000 },
      standing: { ...idle, rejected: true },
    });
    expect(decide(w).requeueAfterMs).toBe(29_001);
  });

  test("says the expiry, the error and the next try when its renewal fails", () => {
    const plan = decide(world({ credential: due, remains: true, attempt: attempt("Unreachable") }));
    expect(plan.reason).toBe("RenewalFailing");
    expect(plan.message).toBe(
      "valid until 2027-01-15T08:30:00.000Z, but renewal fails: it failed; next try at 2027-01-15T08:01:00.000Z",
    );
  });
});

describe("an identity that is not wanted any more", () => {
  test.each<[string, Partial<World>, Step]>([
    ["and never was is nothing", { remains: false }, "nothing"],
    ["waits for a virtual node", { credential: good, standing: { ...idle, node: true } }, "drain"],
    ["waits for an offer", { credential: good, standing: { ...idle, offer: true } }, "drain"],
    ["waits for the replicator", { credential: good, standing: { ...idle, replication: true } }, "drain"],
    ["is released when the others are done", { credential: good }, "release"],
    [
      "is released once even when the others used up the deadline",
      { credential: good, standing: { ...idle, node: true }, now: NOW + 31_000 },
      "release",
    ],
    ["waits between two tries to release it", { credential: good, attempt: attempt("Unreachable") }, "wait"],
    ["is cleaned up when it is released", { credential: good, released: true }, "cleanUp"],
    [
      "is cleaned up after the deadline when the provider does not answer",
      { credential: good, attempt: attempt("Unreachable"), now: NOW + 31_000 },
      "cleanUp",
    ],
    ["and was never granted is cleaned up at once", {}, "cleanUp"],
  ])("%s", (_, o, step) => {
    expect(decide(world({ peer: leaving, remains: true, ...o })).step).toBe(step);
  });

  test("names who is waited for", () => {
    const plan = decide(
      world({
        peer: leaving,
        remains: true,
        credential: good,
        standing: { node: true, offer: false, replication: true },
      }),
    );
    expect(plan.message).toContain("waiting for virtual-kubelet, replicator until");
  });
});

test("an absent fact about a peer that is still wanted destroys nothing", () => {
  const plan = decide(
    world({ peer: undefined, unsure: true, remains: true, credential: good, now: NOW + 60 * MINUTE }),
  );
  expect([plan.step, plan.state]).toEqual(["wait", undefined]);
});

describe("whatever the world looks like", () => {
  const time = fc.integer({ min: NOW - 100 * MINUTE, max: NOW + 100 * MINUTE });
  const reasons: FailureReason[] = [
    "Unreachable",
    "Unanswered",
    "TokenMissing",
    "WrongKey",
    "TokenUsed",
    "TenantUnknown",
    "TenantLeaving",
    "IncomingRefused",
    "IdentityInvalid",
  ];
  const worlds = fc.record({
    peer: fc.option(
      fc.record({ present: fc.boolean(), outgoing: fc.boolean() }).map((o) => peer(o)),
      { nil: undefined },
    ),
    unsure: fc.boolean(),
    credential: fc.option(fc.record({ notAfter: time, renewAt: time }), { nil: undefined }),
    remains: fc.boolean(),
    standing: fc.record({ node: fc.boolean(), offer: fc.boolean(), replication: fc.boolean() }),
    released: fc.boolean(),
    deadline: time,
    attempt: fc.option(
      fc.record({
        failures: fc.nat(20),
        reason: fc.constantFrom(...reasons),
        message: fc.constant("m"),
        nextAt: time,
      }),
      { nil: undefined },
    ),
    skewMs: fc.constant(5 * MINUTE),
    now: time,
  });

  test("what is wanted is never cleaned up or released, and what is not wanted never asked for", () => {
    fc.assert(
      fc.property(worlds, (w) => {
        const { step } = decide(w);
        const wanted = w.peer?.present === true && w.peer.outgoing;
        if (w.unsure) expect(step).toBe("wait");
        else if (wanted) expect(["authenticate", "renew", "hold", "wait"]).toContain(step);
        else expect(["nothing", "drain", "release", "wait", "cleanUp"]).toContain(step);
      }),
      { numRuns: 2000 },
    );
  });

  test("GRANTED is said only while the certificate is valid", () => {
    fc.assert(
      fc.property(worlds, (w) => {
        if (decide(w).state === "GRANTED") expect(w.credential?.notAfter).toBeGreaterThan(w.now);
      }),
      { numRuns: 2000 },
    );
  });

  test("a plan that waits knows when to look again", () => {
    fc.assert(
      fc.property(worlds, (w) => {
        const { step, requeueAfterMs } = decide(w);
        if (step === "wait" || step === "drain" || step === "hold")
          expect(requeueAfterMs).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });

  test("unpeering ends: after the deadline and one failed try nothing is waited for", () => {
    fc.assert(
      fc.property(worlds, (w) => {
        const over: World = {
          ...w,
          unsure: false,
          peer: leaving,
          now: w.deadline + 1,
          attempt: w.attempt ?? attempt("Unreachable"),
        };
        expect(["cleanUp", "nothing"]).toContain(decide(over).step);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a failed attempt", () => {
  test("pauses longer each time, up to a bound, and shorter for what passes by itself", () => {
    const pauses = (reason: FailureReason): number[] => {
      let last: Attempt | undefined;
      return Array.from({ length: 12 }, () => (last = failed(last, reason, "m", NOW, 1)).nextAt - NOW);
    };
    expect(pauses("Unreachable").slice(0, 4)).toEqual([250, 500, 1000, 2000]);
    expect(pauses("Unreachable").at(-1)).toBe(15_000);
    expect(pauses("Unanswered")).toEqual(pauses("Unreachable"));
    expect(pauses("TokenUsed").at(-1)).toBe(60_000);
  });
  test("starts anew when its kind changes", () => {
    const last = { ...attempt("Unreachable"), failures: 9 };
    expect(failed(last, "TokenUsed", "m", NOW, 0).failures).toBe(1);
  });
});

test("renewal is at half of the life, give or take a tenth", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (random) => {
      const at = renewalTime(NOW, NOW + 60 * MINUTE, random) - NOW;
      expect(at).toBeGreaterThanOrEqual(27 * MINUTE);
      expect(at).toBeLessThanOrEqual(33 * MINUTE);
    }),
  );
});
