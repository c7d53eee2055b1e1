import type { Tenant } from "@tideway/api";
import { describe, expect, test } from "vitest";
import type { PeerView } from "../ports.ts";
import { decide, factOf, type Step } from "./decide.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();

const tenant = (o: { deleted?: boolean; notAfter?: number; created?: number } = {}): Tenant => ({
  metadata: {
    name: "east",
    generation: 3,
    creationTimestamp: iso(o.created ?? NOW - 1000),
    ...(o.deleted ? { deletionTimestamp: iso(NOW) } : {}),
  },
  spec: { clusterID: "east-id", clusterName: "east" },
  status: o.notAfter === undefined ? {} : { identityNotAfter: iso(o.notAfter) },
});
const peer = (incoming: boolean): PeerView => ({
  clusterId: "east-id",
  name: "east",
  present: true,
  outgoing: false,
  incoming,
  authEndpoint: "e:1",
  pins: [],
  claimed: false,
  tokenSecret: "",
  unpeerDeadline: "",
});

describe("a revoked tenant", () => {
  const revoked = (
    how: NonNullable<Tenant["spec"]["revoked"]>,
    o: Parameters<typeof tenant>[0] = {},
  ): Tenant => {
    const t = tenant(o);
    return { ...t, spec: { ...t.spec, revoked: how } };
  };
  const look = (t: Tenant, p: PeerView | undefined = peer(true)) =>
    decide({ tenant: t, peer: p, disowned: false, now: NOW, graceMs: HOUR });

  test("may do nothing, whatever its ForeignCluster says, and is told why", () => {
    const plan = look(revoked({ reason: "unpaid" }, { notAfter: NOW + HOUR }));
    expect(plan).toMatchObject({ step: "revoke", state: "REVOKED", reason: "Revoked" });
    expect(plan.message).toContain("unpaid");
    expect(look(revoked({}), undefined).step).toBe("revoke");
  });
  test("is not forgotten, since its revocation would be", () =>
    expect(look(revoked({}, { notAfter: NOW - 100 * HOUR })).step).toBe("revoke"));
  test.each([
    ["Keep", true],
    ["Evict", undefined],
    [undefined, undefined],
  ] as const)("with pods: %s tells others so", (pods, podsKept) => {
    const t = revoked(pods ? { pods } : {});
    expect(factOf(t, look(t)).podsKept).toBe(podsKept);
  });
});

describe("a tenant", () => {
  test.each<[string, Parameters<typeof tenant>[0], boolean | undefined, Step, string, string]>([
    ["that is valid is served", { notAfter: NOW + HOUR }, true, "serve", "GRANTED", "Granted"],
    [
      "of whom no ForeignCluster is known yet is served",
      { notAfter: NOW + HOUR },
      undefined,
      "serve",
      "GRANTED",
      "Granted",
    ],
    ["whose certificate is just being made is served", {}, true, "serve", "GRANTED", "Granted"],
    ["that may not come in is revoked", { notAfter: NOW + HOUR }, false, "revoke", "REVOKED", "Revoked"],
    [
      "whose ForeignCluster was deleted is removed",
      { notAfter: NOW + HOUR },
      false,
      "expire",
      "GONE",
      "Disowned",
    ],
    [
      "that expired is kept for a while",
      { notAfter: NOW - HOUR },
      true,
      "serve",
      "GRANTED",
      "IdentityExpired",
    ],
    ["that expired long ago is removed", { notAfter: NOW - 25 * HOUR }, true, "expire", "GONE", "Forgotten"],
    [
      "that never got a certificate is removed",
      { created: NOW - 25 * HOUR },
      true,
      "expire",
      "GONE",
      "Forgotten",
    ],
    [
      "that is deleted is cleaned up, also when revoked",
      { deleted: true, notAfter: NOW + HOUR },
      false,
      "cleanUp",
      "GONE",
      "Released",
    ],
  ])("%s", (_, t, incoming, step, state, reason) => {
    const plan = decide({
      tenant: tenant(t),
      peer: incoming === undefined ? undefined : peer(incoming),
      now: NOW,
      disowned: reason === "Disowned",
      graceMs: 24 * HOUR,
    });
    expect([plan.step, plan.state, plan.reason]).toEqual([step, state, reason]);
    expect(plan.conditions[0]).toMatchObject({
      type: "Ready",
      reason,
      observedGeneration: 3,
      status: reason === "Granted" ? "True" : "False",
    });
  });

  test("is looked at again when its certificate expires, and when its grace ends", () => {
    const at = (t: Tenant): number | undefined =>
      decide({ tenant: t, peer: peer(true), now: NOW, disowned: false, graceMs: 24 * HOUR }).requeueAfterMs;
    expect(at(tenant({ notAfter: NOW + HOUR }))).toBe(HOUR + 1000);
    expect(at(tenant({ notAfter: NOW - HOUR }))).toBe(23 * HOUR + 1000);
  });
});
