import { foreignClusters, peerNamespace, tenantNamespace, tenants } from "@tideway/api";
import { namespaces, roleBindings, secrets } from "@tideway/k8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Replica, type Side, startSide, tokenSecret } from "./harness.ts";

let east: Side;
let west: Side;
let atEast: Replica;
let atWest: Replica;
// Below what the kernel gives to others, and known before the start, so that the other side is told of it.
const EAST_PORT = 8_600 + (process.pid % 5_900);

beforeAll(async () => {
  [east, west] = await Promise.all([startSide("east"), startSide("west")]);
  [atEast, atWest] = await Promise.all([
    east.startAuth({ port: EAST_PORT }),
    west.startAuth({ port: EAST_PORT + 6_000 }),
  ]);
});
afterAll(async () => {
  await Promise.all([east?.stop(), west?.stop()]);
});

/** What discovery and the owner of `side` say of the other cluster. */
const knows = (side: Side, o: { outgoing: boolean; token?: string; deadline?: string }): Promise<void> => {
  const [other, at] = side === east ? [west, atWest] : [east, atEast];
  return side.knows({
    clusterId: other.clusterID,
    name: other.name,
    authEndpoint: at.endpoint,
    pins: [at.pin],
    outgoing: o.outgoing,
    tokenSecret: o.token ?? "",
    unpeerDeadline: o.deadline ?? "",
  });
};
const condition = async (side: Side, name: string) =>
  (await side.kube.find(foreignClusters, name))?.status?.conditions?.find((c) => c.type === "Authenticated");
const stateAt = async (side: Side, other: Side, direction: "outgoing" | "incoming") =>
  (await side.bus.facts("identity")).get(other.clusterID, direction)?.data;
const granted = (side: Side, other: Side, direction: "outgoing" | "incoming") =>
  eventually(`the ${direction} identity at ${side.name}`, async () => {
    const fact = await stateAt(side, other, direction);
    return fact?.state === "GRANTED" && fact;
  });
const isGone = async (side: Side, name: string): Promise<boolean> =>
  (await side.kube.find(namespaces, name)) === undefined;

test("a key that nobody vouches for opens nothing, and the condition says what is needed", async () => {
  await knows(west, { outgoing: true });
  const c = await eventually("the refusal", async () => {
    const found = await condition(west, "east");
    return found?.reason === "TokenMissing" && found;
  });
  expect(c.status).toBe("False");
  expect(c.message).toContain("an invitation of the peer is needed");
  await knows(west, { outgoing: false, deadline: new Date(Date.now() + 1_000).toISOString() });
  await eventually("the end of it", async () => (await condition(west, "east")) === undefined);
});

test("a peering is turned round by one flag: the used one comes in by its key", async () => {
  await tokenSecret(east, "token-west", (await west.invite()).token);
  await knows(east, { outgoing: true, token: "token-west" });
  await granted(east, west, "outgoing");
  await eventually("east to be sure of it", async () => (await condition(east, "west"))?.status === "True");
  await knows(west, { outgoing: true });
  const fact = await granted(west, east, "outgoing");
  expect([fact.localNamespace, fact.remoteNamespace]).toEqual(["tideway-peer-east", "tideway-tenant-west"]);
  await granted(east, west, "incoming");
});

test("each direction has a namespace of its own, and the peer rights in one of them only", async () => {
  for (const [side, other] of [
    [east, "west"],
    [west, "east"],
  ] as const) {
    const at = async (name: string) =>
      (await side.kube.list(roleBindings))
        .filter((b) => b.metadata.name === name)
        .map((b) => b.metadata.namespace)
        .join();
    for (const [role, namespace] of [
      ["tideway-peer", tenantNamespace(other)],
      ["tideway-identity-reader", peerNamespace(other)],
    ] as const)
      await eventually(`${role} in ${namespace} only`, async () => (await at(role)) === namespace);
    expect(await side.kube.find(secrets, "tideway-identity", peerNamespace(other))).toBeDefined();
    expect(await side.kube.find(secrets, "tideway-identity", tenantNamespace(other))).toBeUndefined();
    const both = await eventually("both directions in the condition", async () => {
      const c = await condition(side, other);
      return c?.message.includes("incoming:") && c;
    });
    expect(both).toMatchObject({ status: "True", reason: "Granted" });
  }
});

test("the condition is as bad as the worse direction, and good again with it", async () => {
  const incoming = (allowed: boolean): Promise<void> =>
    east.says({
      clusterId: west.clusterID,
      name: "west",
      authEndpoint: atWest.endpoint,
      pins: [atWest.pin],
      outgoing: true,
      incoming: allowed,
      tokenSecret: "token-west",
    });
  await incoming(false);
  const c = await eventually("the worse one", async () => {
    const found = await condition(east, "west");
    return found?.reason === "TenantRevoked" && found;
  });
  expect(c.status).toBe("False");
  expect(c.message).toMatch(
    /^outgoing: valid until .*; incoming: incomingPeering of ForeignCluster west is "No"/,
  );
  expect((await stateAt(east, west, "outgoing"))?.state).toBe("GRANTED");
  await incoming(true);
  await eventually("both again", async () => (await condition(east, "west"))?.status === "True");
});

test("one direction ends without the other, and leaves nothing of itself", async () => {
  await knows(east, { outgoing: false, deadline: new Date(Date.now() + 300_000).toISOString() });
  await eventually("east's namespace of what it asked", () => isGone(east, "tideway-peer-west"));
  await eventually("west's namespace of east", () => isGone(west, "tideway-tenant-east"));
  await eventually("west's tenant", async () => (await west.kube.find(tenants, "east")) === undefined);
  expect(await isGone(east, "tideway-tenant-west")).toBe(false);
  expect(await isGone(west, "tideway-peer-east")).toBe(false);
  expect((await stateAt(west, east, "outgoing"))?.state).toBe("GRANTED");
  const c = await eventually("one direction in the condition", async () => {
    const found = await condition(east, "west");
    return found?.reason === "TenantGranted" && found;
  });
  expect(c.message).not.toContain("outgoing:");
});

test("the other direction ends too, and nothing is left", async () => {
  await knows(west, { outgoing: false, deadline: new Date(Date.now() + 300_000).toISOString() });
  for (const [side, other] of [
    [east, "west"],
    [west, "east"],
  ] as const) {
    await eventually("no namespace", () => isGone(side, tenantNamespace(other)));
    await eventually("no namespace", () => isGone(side, peerNamespace(other)));
    await eventually("no tenant", async () => (await side.kube.list(tenants)).length === 0);
    await eventually("no condition", async () => (await condition(side, other)) === undefined);
  }
});

test("an invitation for both ways makes this cluster use the one that comes with it", async () => {
  await Promise.all([east.kube.delete(foreignClusters, "west"), west.kube.delete(foreignClusters, "east")]);
  await west.says({ clusterId: east.clusterID, name: "east", phase: "GONE", outgoing: false });
  await tokenSecret(east, "token-both", (await west.invite({ bidirectional: true })).token);
  await knows(east, { outgoing: true, token: "token-both" });
  await granted(east, west, "outgoing");
  const reverse = await eventually("the ForeignCluster", async () => {
    const fc = await west.kube.find(foreignClusters, "east");
    return fc?.spec.outgoingPeering === "Yes" && fc;
  });
  expect(reverse.spec.authEndpoint).toBe(atEast.endpoint);
});
