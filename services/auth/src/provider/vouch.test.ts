import { expect, test } from "vitest";
import { isVouchedFor, type Known } from "./vouch.ts";

type Spec = NonNullable<Known["cluster"]>["spec"];
const cluster = (spec: Partial<Spec> = {}, leaving = false): Known["cluster"] => ({
  metadata: { name: "east", ...(leaving ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) },
  spec: { clusterID: "east-id", clusterName: "east", authEndpoint: "e:1", pins: ["pin"], ...spec },
});
const identity = (status: "True" | "False"): Known["identity"] => ({
  status: {
    conditions: [
      { type: "Ready", status, reason: "X", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
    ],
  },
});
const tenant = (pins: string[], leaving = false): Known["tenant"] => ({
  metadata: { name: "east", ...(leaving ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) },
  spec: { clusterID: "east-id", clusterName: "east", pins },
});
const known = (o: Partial<Known> = {}): Known => ({
  clusterID: "east-id",
  provenPin: "pin",
  cluster: undefined,
  claimed: false,
  identity: undefined,
  tenant: undefined,
  ...o,
});
const used = { cluster: cluster({ outgoingPeering: "Yes" }), identity: identity("True") };

test.each<[string, boolean, Partial<Known>]>([
  ["which nobody knows", false, {}],
  ["of a peer that this cluster uses", true, used],
  ["of a peer that has not let this cluster in", false, { ...used, identity: identity("False") }],
  ["of a peer that was used once", false, { ...used, cluster: cluster({ outgoingPeering: "No" }) }],
  ["that is merely pinned", false, { cluster: cluster() }],
  ["of a peer that the owner welcomes", true, { cluster: cluster({ incomingPeering: "Yes" }) }],
  ["other than the pinned one", false, { ...used, provenPin: "other" }],
  ["that the peer itself announced", false, { cluster: cluster({ incomingPeering: "Yes" }), claimed: true }],
  [
    "of a peer that is being unpeered",
    false,
    { ...used, cluster: cluster({ outgoingPeering: "Yes" }, true) },
  ],
  ["pinned for another cluster", false, { ...used, clusterID: "north-id" }],
  ["of a tenant that comes back", true, { tenant: tenant(["pin"]) }],
  ["other than the tenant's", false, { tenant: tenant(["other"]) }],
  ["of a tenant that is leaving", false, { tenant: tenant(["pin"], true) }],
])("a key %s opens without a token: %s", (_, opens, o) => {
  expect(isVouchedFor(known(o))).toBe(opens);
});
