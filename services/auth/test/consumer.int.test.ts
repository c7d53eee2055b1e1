import {
  foreignClusters,
  identities,
  IDENTITY_NAME,
  peerNamespace,
  PROTOCOL_VERSION,
  tenants,
  resourceRequests,
} from "@tideway/api";
import {
  createKube,
  namespaces,
  roleBindings,
  secrets,
  events,
  certificateSigningRequests,
  configMaps,
} from "@tideway/k8s";
import { parseCertificate, spkiPin } from "@tideway/pki";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openFuture } from "./future.ts";
import { eventually, type Replica, type Side, startSide, SYSTEM, tokenSecret, TRACE } from "./harness.ts";

let east: Side;
let west: Side;
let atEast: Replica;
let atWest: Replica;
// Below what the kernel gives to others.
const EAST_PORT = 20_443 + (process.pid % 6_000);
const WEST_PORT = EAST_PORT + 6_000;
const ns = peerNamespace("west");

beforeAll(async () => {
  [east, west] = await Promise.all([startSide("east"), startSide("west")]);
  atEast = await east.startAuth({ port: EAST_PORT });
  // Certificates of the shortest life that Kubernetes gives.
  atWest = await west.startAuth({ port: WEST_PORT, env: { AUTH_CERTIFICATE_SECONDS: "600" } });
});
afterAll(async () => {
  await Promise.all([east?.stop(), west?.stop()]);
});

const peer = (o: { outgoing?: boolean; token?: string; deadline?: string } = {}) => ({
  clusterId: west.clusterID,
  name: "west",
  authEndpoint: atWest.endpoint,
  pins: [atWest.pin],
  outgoing: o.outgoing ?? true,
  tokenSecret: o.token ?? "",
  unpeerDeadline: o.deadline ?? "",
});
const authenticated = async () =>
  (await east.kube.find(foreignClusters, "west"))?.status?.conditions?.find(
    (c) => c.type === "Authenticated",
  );
const held = () => east.kube.find(secrets, "tideway-identity", ns);
const text = (s: { data?: Record<string, string> } | undefined, key: string): string =>
  Buffer.from(s?.data?.[key] ?? "", "base64").toString("utf8");

/** Everything that either side may still have of the peering. */
const leftOvers = async (): Promise<string[]> => {
  const found: string[] = [];
  for (const [side, other] of [
    [east, west],
    [west, east],
  ] as const) {
    const lists = await Promise.all([
      side.kube.list(namespaces),
      side.kube.list(tenants),
      side.kube.list(identities),
      side.kube.list(certificateSigningRequests),
      side.kube.list(secrets),
      side.kube.list(roleBindings),
      side.kube.list(configMaps),
      side.kube.list(foreignClusters),
    ]);
    for (const o of lists.flat())
      if (
        JSON.stringify(o).includes(other.clusterID) ||
        /tideway-(tenant|peer)-/.test(`${o.metadata.name} ${o.metadata.namespace}`)
      )
        found.push(`${side.name}: ${o.metadata.namespace ?? ""}/${o.metadata.name}`);
  }
  return found.filter((f) => f !== "east: /west"); // the ForeignCluster that a person made stays
};

const authenticate = async (): Promise<number> => {
  const { token } = await west.invite();
  await tokenSecret(east, "token-west", token);
  const facts = await east.bus.facts("identity");
  const startedAt = performance.now();
  await east.knows(peer({ token: "token-west" }));
  await eventually(
    "the identity to be granted",
    async () => facts.get(west.clusterID, "outgoing")?.data.state === "GRANTED",
  );
  return performance.now() - startedAt;
};

test("a peer that is wanted is authenticated with: identity, Secret, condition, fact, and access over there", async () => {
  const took = await authenticate();
  console.info(`from the fact to the identity: ${Math.round(took)} ms`);
  const secret = await held();
  expect(text(secret, "server")).toBe(west.api.url);
  expect(text(secret, "namespace")).toBe("tideway-tenant-east");
  const asEast = createKube(
    {
      server: text(secret, "server"),
      ca: text(secret, "ca.crt"),
      cert: text(secret, "tls.crt"),
      key: text(secret, "tls.key"),
    },
    { userAgent: "test" },
  );
  await eventually("the right to ask", () =>
    asEast.create(resourceRequests, {
      metadata: { name: "request", namespace: text(secret, "namespace") },
      spec: { clusterID: east.clusterID },
    }),
  );
  await asEast.close();

  const facts = await east.bus.facts("identity");
  expect(facts.get(west.clusterID, "outgoing")?.data).toMatchObject({
    state: "GRANTED",
    name: "west",
    localNamespace: ns,
    remoteNamespace: "tideway-tenant-east",
    secretName: "tideway-identity",
    apiServer: west.api.url,
  });
  await eventually("the condition", async () => (await authenticated())?.status === "True");
  const asked = Date.now();
  const identity = await eventually("the status", async () => {
    const i = await east.kube.get(identities, IDENTITY_NAME, ns);
    return i.status?.conditions?.find((c) => c.type === "Ready")?.status === "True" && i;
  });
  const half = (Date.parse(identity.status?.renewAt ?? "") - asked) / 1000;
  expect(half).toBeGreaterThan(200);
  expect(half).toBeLessThan(335);
  await eventually("who may read it", async () => {
    const readers = await east.kube.get(roleBindings, "tideway-identity-reader", ns);
    return readers.subjects?.map((s) => s.name).join() === "replicator,virtual-kubelet";
  });

  const reverse = await west.kube.get(foreignClusters, "east");
  expect(reverse.spec).toMatchObject({
    clusterID: east.clusterID,
    authEndpoint: atEast.endpoint,
    pins: [atEast.pin],
    outgoingPeering: "No",
  });
  const theirs = await west.bus.facts("identity");
  await eventually(
    "the provider's fact",
    async () => theirs.get(east.clusterID, "incoming")?.data.state === "GRANTED",
  );
  await eventually("an Event on either side", async () => {
    const [a, b] = await Promise.all([east.kube.list(events), west.kube.list(events)]);
    return a.some((e) => e.reason === "IdentityGranted") && b.some((e) => e.reason === "IdentityGranted");
  });
});

test("who may read the identity may so again when somebody deletes or changes the binding", async () => {
  const name = "tideway-identity-reader";
  const readers = async () =>
    (await east.kube.find(roleBindings, name, ns))?.subjects?.map((s) => s.name).join();
  await east.kube.delete(roleBindings, name, ns);
  await eventually(
    "the binding after its deletion",
    async () => (await readers()) === "replicator,virtual-kubelet",
  );
  await east.kube.patch(roleBindings, name, ns, { subjects: [] });
  await eventually(
    "the binding after a change",
    async () => (await readers()) === "replicator,virtual-kubelet",
  );
});

test("both sides' facts belong to the trace in which the peering was asked for", async () => {
  const [mine, theirs] = await Promise.all([east.bus.facts("identity"), west.bus.facts("identity")]);
  const traceOf = (traceparent: string | undefined): string | undefined => traceparent?.split("-")[1];
  expect(traceOf(mine.get(west.clusterID, "outgoing")?.traceparent)).toBe(traceOf(TRACE));
  await eventually(
    "the provider's fact to be traced",
    async () => traceOf(theirs.get(east.clusterID, "incoming")?.traceparent) === traceOf(TRACE),
  );
});

test("an identity is renewed at its time with a new key, also by a replica that has just started", async () => {
  const before = parseCertificate(text(await held(), "tls.crt"), "before");
  await atEast.stop();
  await east.kube.patch(
    identities,
    IDENTITY_NAME,
    ns,
    { status: { renewAt: new Date().toISOString() } },
    { subresource: "status" },
  );
  atEast = await east.startAuth({ port: EAST_PORT });
  const after = await eventually("a new certificate", async () => {
    const c = parseCertificate(text(await held(), "tls.crt"), "after");
    return c.serialNumber !== before.serialNumber && c;
  });
  expect(spkiPin(after)).not.toBe(spkiPin(before));
  const facts = await east.bus.facts("identity");
  await eventually(
    "the fact to carry the new serial",
    async () => facts.get(west.clusterID, "outgoing")?.data.serial === after.serialNumber,
  );
});

test("a renewal that fails is told with address, error and next try; the identity stays good and recovers", async () => {
  await atWest.stop();
  await atEast.stop();
  await east.kube.patch(
    identities,
    IDENTITY_NAME,
    ns,
    { status: { renewAt: new Date().toISOString() } },
    { subresource: "status" },
  );
  atEast = await east.startAuth({ port: EAST_PORT });
  const failing = await eventually("the condition", async () => {
    const c = await authenticated();
    return c?.reason === "RenewalFailing" && c;
  });
  expect(failing.status).toBe("True");
  expect(failing.message).toContain(`127.0.0.1:${WEST_PORT}`);
  expect(failing.message).toContain("next try at");
  atWest = await west.startAuth({ port: WEST_PORT, env: { AUTH_CERTIFICATE_SECONDS: "600" } });
  await eventually("recovery", async () => (await authenticated())?.reason === "Granted");
});

test("the bus losing everything loses nothing: the facts are there again", async () => {
  await east.nats.kill();
  await east.nats.start({ wipe: true });
  const again = await eventually("the bus", async () => east.bus.connected());
  expect(again).toBe(true);
  await east.says(peer({ token: "token-west" }));
  const facts = await east.bus.facts("identity");
  await eventually("the fact", async () => facts.get(west.clusterID, "outgoing")?.data.state === "GRANTED");
  expect(await held()).toBeDefined();
});

test("leaving waits for the others, then leaves nothing on either side", async () => {
  await atEast.stop();
  await east.bus.publish(
    "node",
    { peer: west.clusterID },
    { clusterId: west.clusterID, name: "west", state: "DRAINING" },
  );
  atEast = await east.startAuth({ port: EAST_PORT }); // it knows of the node before it hears that the peer is not wanted
  await east.knows(peer({ outgoing: false, deadline: new Date(Date.now() + 300_000).toISOString() }));
  await eventually("to be draining", async () => (await authenticated())?.reason === "Draining");
  expect(await held()).toBeDefined();
  await east.bus.publish(
    "node",
    { peer: west.clusterID },
    { clusterId: west.clusterID, name: "west", state: "GONE" },
  );
  const [mine, theirs] = await Promise.all([east.bus.facts("identity"), west.bus.facts("identity")]);
  await eventually(
    "the outgoing fact to be gone",
    async () => mine.get(west.clusterID, "outgoing")?.data.state === "GONE",
  );
  await eventually(
    "the incoming fact to be gone",
    async () => theirs.get(east.clusterID, "incoming")?.data.state === "GONE",
  );
  await eventually("nothing to be left", async () => (await leftOvers()).length === 0);
  await eventually("no condition", async () => (await authenticated()) === undefined);
  expect(await east.kube.find(secrets, "token-west", SYSTEM)).toBeDefined(); // belongs to who made it
});

test("a used token is refused, said so in the condition, and a new one is taken at once", async () => {
  await east.knows(peer({ token: "token-west" }));
  const refused = await eventually("the refusal", async () => {
    const c = await authenticated();
    return c?.reason === "TokenUsed" && c;
  });
  expect(refused.status).toBe("False");
  expect(refused.message).toContain("next try at");
  const facts = await east.bus.facts("identity");
  await eventually("the fact", async () => {
    const fact = facts.get(west.clusterID, "outgoing")?.data;
    return fact?.state === "DENIED" && fact.reason === "TokenUsed";
  });
  const { token } = await west.invite();
  await tokenSecret(east, "token-west-2", token);
  await east.knows(peer({ token: "token-west-2" }));
  await eventually(
    "the identity",
    async () => facts.get(west.clusterID, "outgoing")?.data.state === "GRANTED",
  );
});

test("a provider of another version is not shown the token; the condition names both versions", async () => {
  const id = "ffff0001-0000-4000-8000-000000000001";
  const future = await openFuture(id, "1.7");
  await tokenSecret(east, "token-future", "A".repeat(43));
  await east.knows({
    clusterId: id,
    name: "future",
    authEndpoint: `127.0.0.1:${future.port}`,
    pins: [future.pin],
    outgoing: true,
    tokenSecret: "token-future",
  });
  const condition = await eventually("the refusal", async () => {
    const fc = await east.kube.get(foreignClusters, "future");
    return fc.status?.conditions?.find((c) => c.reason === "VersionIncompatible");
  });
  expect(condition).toMatchObject({ type: "Authenticated", status: "False" });
  expect(condition.message).toContain(
    `cluster future speaks version 1.7 of the protocol and this cluster ${PROTOCOL_VERSION}`,
  );
  expect(future.asked).toEqual([]);
  await east.kube.delete(foreignClusters, "future");
  await east.says({ clusterId: id, name: "future", phase: "GONE", outgoing: false });
  await future.close();
});

test("a consumer that left while the provider was away is cleaned up when the provider is back", async () => {
  await atWest.stop();
  await east.knows(peer({ outgoing: false, deadline: new Date(Date.now() + 500).toISOString() }));
  const facts = await east.bus.facts("identity");
  await eventually(
    "the consumer to be done",
    async () => facts.get(west.clusterID, "outgoing")?.data.state === "GONE",
  );
  expect(await west.kube.find(tenants, "east")).toBeDefined();
  atWest = await west.startAuth({ port: WEST_PORT, env: { AUTH_CERTIFICATE_SECONDS: "600" } });
  await eventually("nothing to be left", async () => (await leftOvers()).length === 0);
});
