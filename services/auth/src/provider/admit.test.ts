import type { Invitation, Tenant } from "@tideway/api";
import { hashToken } from "@tideway/pki";
import { describe, expect, test } from "vitest";
import type { PeerView } from "../ports.ts";
import { findInvitation, refuse, type World } from "./admit.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const invitation = (
  o: {
    expiresAt?: string;
    usedAt?: string;
    by?: [clusterID: string, pin?: string];
    closed?: boolean;
    standing?: boolean;
    token?: string;
    deleted?: boolean;
  } = {},
): Invitation => ({
  metadata: { name: o.token ?? "i", ...(o.deleted ? { deletionTimestamp: iso(NOW) } : {}) },
  spec: {
    tokenHash: hashToken(o.token ?? "t"),
    ...(o.expiresAt ? { expiresAt: o.expiresAt } : {}),
    ...(o.standing ? { standing: true } : {}),
  },
  status: {
    ...(o.usedAt || o.by ? { usedAt: o.usedAt ?? iso(NOW - 1) } : {}),
    ...(o.by ? { usedBy: o.by[0] } : {}),
    ...(o.by?.[1] ? { usedPin: o.by[1] } : {}),
    ...(o.closed ? { closedAt: iso(NOW - 1) } : {}),
  },
});
const tenant = (o: { pins?: string[]; deleted?: boolean } = {}): Tenant => ({
  metadata: { name: "east", ...(o.deleted ? { deletionTimestamp: iso(NOW) } : {}) },
  spec: { clusterID: "east-id", clusterName: "east", pins: o.pins ?? ["pin"] },
});
const peer = (o: Partial<PeerView> = {}): PeerView => ({
  clusterId: "east-id",
  name: "east",
  present: true,
  outgoing: false,
  incoming: true,
  claimed: false,
  authEndpoint: "e:1",
  pins: ["pin"],
  tokenSecret: "",
  unpeerDeadline: "",
  ...o,
});
const world = (o: Partial<World> = {}): World => ({
  applicant: { clusterID: "east-id", clusterName: "east", provenPin: "pin", tokenHash: hashToken("t") },
  invitation: invitation(),
  vouched: false,
  peer: undefined,
  tenant: undefined,
  self: { clusterID: "west-id" },
  now: NOW,
  ...o,
});

describe("a cluster", () => {
  test.each<[string, Partial<World>]>([
    ["with a good token", {}],
    ["that comes before the second its token ends", { invitation: invitation({ expiresAt: iso(NOW + 1) }) }],
    [
      "with a standing token that was used before",
      { invitation: invitation({ standing: true, usedAt: iso(NOW - 1) }) },
    ],
    [
      "that used the token before, with the same key",
      { invitation: invitation({ by: ["east-id", "pin"], expiresAt: iso(NOW + 1) }), tenant: tenant() },
    ],
    ["that is known here and may come in", { peer: peer() }],
    ["that is a tenant already and proves to be the same", { tenant: tenant() }],
    [
      "whose ForeignCluster is gone with another key",
      { peer: peer({ present: false, pins: ["other"], incoming: false }) },
    ],
    [
      "without a token, whose key is vouched for",
      { invitation: undefined, vouched: true, applicant: { ...world().applicant, tokenHash: undefined } },
    ],
    ["whose ID somebody announced with another key", { peer: peer({ claimed: true, pins: ["other"] }) }],
  ])("%s is let in", (_, o) => {
    expect(refuse(world(o))).toBeUndefined();
  });

  test.each<[string, Partial<World>, string]>([
    ["without an invitation", { invitation: undefined }, "UnknownToken"],
    [
      "without a token, whose key nobody vouches for",
      { invitation: undefined, applicant: { ...world().applicant, tokenHash: undefined } },
      "UnknownToken",
    ],
    [
      "without a token that was revoked, though its key is vouched for",
      {
        invitation: undefined,
        vouched: true,
        applicant: { ...world().applicant, tokenHash: undefined },
        tenant: { ...tenant(), spec: { ...tenant().spec, revoked: {} } },
      },
      "IncomingRefused",
    ],
    [
      "with a wrong token, though its key is vouched for",
      { invitation: undefined, vouched: true },
      "UnknownToken",
    ],
    ["whose token expires this moment", { invitation: invitation({ expiresAt: iso(NOW) }) }, "TokenExpired"],
    [
      "with a standing token that expired",
      { invitation: invitation({ standing: true, expiresAt: iso(NOW - 1) }) },
      "TokenExpired",
    ],
    ["with a used token", { invitation: invitation({ usedAt: iso(NOW - 1) }) }, "TokenUsed"],
    [
      "whose token another cluster used",
      { invitation: invitation({ by: ["north-id", "pin"] }) },
      "TokenUsed",
    ],
    [
      "that used the token before with another key",
      { invitation: invitation({ by: ["east-id", "other"] }) },
      "TokenUsed",
    ],
    [
      "that used the token before nobody noted keys",
      { invitation: invitation({ by: ["east-id"] }) },
      "TokenUsed",
    ],
    [
      "that used the token for a peering that has ended",
      { invitation: invitation({ by: ["east-id", "pin"], closed: true }) },
      "TokenUsed",
    ],
    [
      "that used the token before it expired",
      { invitation: invitation({ by: ["east-id", "pin"], expiresAt: iso(NOW) }), tenant: tenant() },
      "TokenExpired",
    ],
    [
      "that used the token before and may not come in any more",
      { invitation: invitation({ by: ["east-id", "pin"] }), peer: peer({ incoming: false }) },
      "IncomingRefused",
    ],
    ["that is this one", { self: { clusterID: "east-id" } }, "SelfPeering"],
    ["that may not come in", { peer: peer({ incoming: false }) }, "IncomingRefused"],
    [
      "that has another key than the tenant of that ID",
      { tenant: tenant({ pins: ["other"] }) },
      "ClusterKeyMismatch",
    ],
    [
      "that has another key than the peer of that ID",
      { peer: peer({ pins: ["other"] }) },
      "ClusterKeyMismatch",
    ],
    ["that is still leaving", { tenant: tenant({ deleted: true }) }, "TenantLeaving"],
    [
      "without an invitation is told nothing else",
      { invitation: undefined, peer: peer({ incoming: false }), tenant: tenant({ pins: ["other"] }) },
      "UnknownToken",
    ],
  ])("%s is refused", (_, o, reason) => {
    expect(refuse(world(o))?.reason).toBe(reason);
  });
});

test("an invitation is found by its token's hash, and not while it is being deleted", () => {
  const all = [
    invitation({ token: "a" }),
    invitation({ token: "b" }),
    invitation({ token: "c", deleted: true }),
  ];
  expect(findInvitation(all, hashToken("b"))?.metadata.name).toBe("b");
  expect(findInvitation(all, hashToken("c"))).toBeUndefined();
  expect(findInvitation(all, hashToken("x"))).toBeUndefined();
});
