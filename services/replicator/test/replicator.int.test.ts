import { isTrue } from "@tideway/api";
import { leases } from "@tideway/k8s";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  foreignClusters,
  LOCAL,
  map,
  namespaceMaps,
  network,
  networkConfigs,
  offer,
  ORIGIN,
  ORIGIN_UID,
  REMOTE,
  type Replica,
  request,
  resourceOffers,
  resourceRequests,
  startWorld,
  WEST,
  type World,
} from "./world.ts";

let w: World;
let replica: Replica;
const own = { fieldManager: "test" };
const see = <T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> =>
  until(look, { what, everyMs: 20, explain: () => replica.log().split("\n").slice(-15).join("\n") });
const seeState = (state: string): Promise<unknown> =>
  see(`replication ${state}`, async () => w.replication() === state);
const condition = async (reason: string): Promise<unknown> =>
  see(`condition ${reason}`, async () => {
    const fc = await w.here.get(foreignClusters, WEST);
    return fc.status?.conditions?.find((c) => c.type === "Replicated" && c.reason === reason);
  });
const copyOfRequest = () => w.there.find(resourceRequests, "request", REMOTE);

beforeAll(async () => {
  w = await startWorld();
  await w.tenant({ id: w.westID, name: WEST, local: LOCAL, remote: REMOTE });
  await w.peerFact();
  replica = w.replica("replicator-a");
}, 120_000);
afterAll(() => w.stop());

describe("one peer", () => {
  test("is connected when its identity is granted, and idle while there is nothing to copy", async () => {
    await see(
      "the replica",
      async () => (await w.here.list(leases, { namespace: "tideway-system" })).length === 1,
    );
    await w.grant();
    await seeState("IDLE");
    await condition("Connected");
  });

  test("a request goes over with origin, uid and trace, is held here, and its answer comes back", async () => {
    const origin = await w.here.apply(resourceRequests, request(w), own);
    const copy = await see("the copy", copyOfRequest);
    expect(copy.spec).toEqual(origin.spec);
    expect(copy.metadata.labels).toMatchObject({ [ORIGIN]: w.eastID });
    expect(copy.metadata.annotations).toMatchObject({
      [ORIGIN_UID]: origin.metadata.uid,
      "tideway.dev/traceparent": expect.stringMatching(/^00-0af7/),
    });
    await seeState("CONNECTED");
    const status = {
      decision: "Accepted" as const,
      conditions: [
        {
          type: "Ready",
          status: "True" as const,
          reason: "Accepted",
          message: "by rule friends",
          lastTransitionTime: "2026-01-01T00:00:00Z",
          observedGeneration: copy.metadata.generation ?? 0,
        },
      ],
    };
    await w.there.apply(
      resourceRequests,
      { metadata: { name: "request", namespace: REMOTE, uid: copy.metadata.uid! }, status },
      { ...own, subresource: "status" },
    );
    const answered = await see("the answer", async () => {
      const o = await w.here.get(resourceRequests, "request", LOCAL);
      return o.status?.decision === "Accepted" ? o : undefined;
    });
    expect(isTrue(answered.status?.conditions, "Ready")).toBe(true);
    expect(answered.status?.conditions?.[0]?.observedGeneration).toBe(answered.metadata.generation);
    expect(answered.metadata.finalizers).toEqual(["replicator.tideway.dev/copy"]);
  });

  test("an offer comes here with its status and follows its origin", async () => {
    const origin = await w.there.apply(resourceOffers, offer(w), own);
    const copy = await see("the offer here", () => w.here.find(resourceOffers, "offer", LOCAL));
    expect(copy.metadata).toMatchObject({
      labels: { [ORIGIN]: w.westID, "tideway.dev/peer": WEST },
      annotations: { [ORIGIN_UID]: origin.metadata.uid },
    });
    await w.there.apply(resourceOffers, offer(w, "8"), own);
    await see(
      "the change",
      async () => (await w.here.get(resourceOffers, "offer", LOCAL)).spec.resources.cpu === "8",
    );
    await w.there.delete(resourceOffers, "offer", REMOTE);
    await see("the end", async () => (await w.here.find(resourceOffers, "offer", LOCAL)) === undefined);
  });

  test("changes go over, and a deletion ends only when the copy is gone", async () => {
    await w.here.apply(namespaceMaps, map(["shop"]), own);
    await see("the map", () => w.there.find(namespaceMaps, "namespaces", REMOTE));
    await w.here.apply(namespaceMaps, map(["shop", "mail"]), own);
    await see(
      "the change",
      async () => (await w.there.get(namespaceMaps, "namespaces", REMOTE)).spec.namespaces.length === 2,
    );
    await w.there.patch(namespaceMaps, "namespaces", REMOTE, {
      metadata: { finalizers: ["example.org/theirs"] },
    });
    await w.here.delete(namespaceMaps, "namespaces", LOCAL);
    await see(
      "the copy on its way out",
      async () => (await w.there.get(namespaceMaps, "namespaces", REMOTE)).metadata.deletionTimestamp,
    );
    expect(await w.here.find(namespaceMaps, "namespaces", LOCAL)).toBeDefined();
    await w.there.patch(namespaceMaps, "namespaces", REMOTE, { metadata: { finalizers: null } });
    await see(
      "the origin gone",
      async () => (await w.here.find(namespaceMaps, "namespaces", LOCAL)) === undefined,
    );
    expect(await w.there.find(namespaceMaps, "namespaces", REMOTE)).toBeUndefined();
  });

  test("a provider's own object is not touched", async () => {
    const theirs = await w.there.apply(
      namespaceMaps,
      { metadata: { name: "namespaces", namespace: REMOTE }, spec: { namespaces: ["theirs"] } },
      own,
    );
    await w.here.apply(namespaceMaps, map(["mine"]), own);
    await condition("NameTaken");
    expect((await w.there.get(namespaceMaps, "namespaces", REMOTE)).metadata.resourceVersion).toBe(
      theirs.metadata.resourceVersion,
    );
    await w.there.delete(namespaceMaps, "namespaces", REMOTE);
    await see(
      "the copy, once the name is free",
      async () => (await w.there.find(namespaceMaps, "namespaces", REMOTE))?.spec.namespaces[0] === "mine",
    );
    await condition("Connected");
  });

  test("each side's network parameters go to the other, and neither's status does", async () => {
    const ours = await w.here.apply(networkConfigs, network(w.eastID, LOCAL), own);
    const theirs = await w.there.apply(networkConfigs, network(w.westID, REMOTE), own);
    const there = await see("ours over there", () => w.there.find(networkConfigs, w.eastID, REMOTE));
    const here = await see("theirs here", () => w.here.find(networkConfigs, w.westID, LOCAL));
    expect(there.metadata).toMatchObject({
      labels: { [ORIGIN]: w.eastID },
      annotations: { [ORIGIN_UID]: ours.metadata.uid },
    });
    expect(here.metadata).toMatchObject({
      labels: { [ORIGIN]: w.westID, "tideway.dev/peer": WEST },
      annotations: { [ORIGIN_UID]: theirs.metadata.uid },
    });
    const status = (reason: string) => ({
      conditions: [
        {
          type: "Ready",
          status: "True" as const,
          reason,
          message: "",
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
    });
    const asStatus = { ...own, subresource: "status" } as const;
    const of = (name: string, namespace: string, reason: string) => ({
      metadata: { name, namespace },
      status: status(reason),
    });
    await w.there.apply(networkConfigs, of(w.eastID, REMOTE, "ReadThere"), asStatus);
    await w.there.apply(networkConfigs, of(w.westID, REMOTE, "TheirOwn"), asStatus);
    await w.here.apply(networkConfigs, of(w.westID, LOCAL, "ReadHere"), asStatus);
    await w.here.apply(networkConfigs, network(w.eastID, LOCAL, 1380), own);
    await w.there.apply(networkConfigs, network(w.westID, REMOTE, 1390), own);
    const mtu = async (k: World["here"], name: string, namespace: string) =>
      (await k.get(networkConfigs, name, namespace)).spec.mtu;
    await see("our change there", async () => (await mtu(w.there, w.eastID, REMOTE)) === 1380);
    await see("their change here", async () => (await mtu(w.here, w.westID, LOCAL)) === 1390);
    const reason = async (k: World["here"], name: string, namespace: string) =>
      (await k.get(networkConfigs, name, namespace)).status?.conditions?.[0]?.reason;
    expect(await reason(w.here, w.eastID, LOCAL)).toBeUndefined();
    expect(await reason(w.there, w.eastID, REMOTE)).toBe("ReadThere");
    expect(await reason(w.here, w.westID, LOCAL)).toBe("ReadHere");
    expect((await w.there.get(networkConfigs, w.westID, REMOTE)).metadata.finalizers).toBeUndefined();
  });
});

describe("a partition", () => {
  test("says so within seconds, keeps what is deleted meanwhile, and catches up at once", async () => {
    await w.west.kill();
    await seeState("DISCONNECTED");
    expect(await condition("Disconnected")).toMatchObject({ message: expect.stringContaining(w.west.url) });
    await w.here.delete(namespaceMaps, "namespaces", LOCAL);
    await w.here.apply(resourceRequests, request(w, LOCAL, "2"), own);
    expect((await w.here.get(namespaceMaps, "namespaces", LOCAL)).metadata.deletionTimestamp).toBeDefined();
    await w.west.start();
    const back = performance.now();
    await see(
      "the deletion",
      async () => (await w.there.find(namespaceMaps, "namespaces", REMOTE)) === undefined,
    );
    await see("the change", async () => (await copyOfRequest())?.spec.resources?.cpu === "2");
    await see(
      "the origin gone",
      async () => (await w.here.find(namespaceMaps, "namespaces", LOCAL)) === undefined,
    );
    expect(performance.now() - back).toBeLessThan(20_000); // the machine may be busy; a pause that has grown is longer
    await seeState("CONNECTED");
    await condition("Connected");
  });

  test("an origin made anew while the peer was away is never taken for the old one", async () => {
    const before = await see("the copy", copyOfRequest);
    await w.west.kill();
    await seeState("DISCONNECTED");
    // somebody forces the finalizer away, as people do
    await w.here.delete(resourceRequests, "request", LOCAL);
    await w.here.patch(resourceRequests, "request", LOCAL, { metadata: { finalizers: null } });
    const anew = await w.here.apply(resourceRequests, request(w, LOCAL, "3"), own);
    await w.west.start();
    const after = await see("a new copy", async () => {
      const copy = await copyOfRequest();
      return copy?.metadata.annotations?.[ORIGIN_UID] === anew.metadata.uid ? copy : undefined;
    });
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.spec.resources?.cpu).toBe("3");
    expect((await w.here.get(resourceRequests, "request", LOCAL)).status?.decision).toBeUndefined();
  });

  test("the own API server may go away and come back", async () => {
    await w.east.kill();
    await w.there.apply(resourceOffers, offer(w, "6"), own);
    await w.east.start();
    await see(
      "the offer here",
      async () => (await w.here.find(resourceOffers, "offer", LOCAL))?.spec.resources.cpu === "6",
    );
  });
});

describe("a restart", () => {
  test("loses nothing, touches nothing that is alike, and gives back what is overdue", async () => {
    await replica.stop();
    const copy = await copyOfRequest();
    await w.there.delete(resourceOffers, "offer", REMOTE);
    replica = w.replica("replicator-a");
    await see(
      "the overdue end",
      async () => (await w.here.find(resourceOffers, "offer", LOCAL)) === undefined,
    );
    await seeState("CONNECTED");
    expect((await copyOfRequest())?.metadata.resourceVersion).toBe(copy?.metadata.resourceVersion);
  });

  test("new credentials drop no watch", async () => {
    const opened = (replica.log().match(/link changed/g) ?? []).length;
    await w.grant({ serial: "2" });
    await w.here.apply(resourceRequests, request(w, LOCAL, "5"), own);
    await see("the change", async () => (await copyOfRequest())?.spec.resources?.cpu === "5");
    expect((replica.log().match(/link changed/g) ?? []).length).toBe(opened);
  });
});

describe("unpeering", () => {
  test("is idle when nothing is left on either side, and gone with the identity", async () => {
    await w.peerFact({ outgoing: false, unpeerDeadline: new Date(Date.now() + 600_000).toISOString() });
    await w.here.delete(resourceRequests, "request", LOCAL);
    await see("no copy", async () => (await copyOfRequest()) === undefined);
    await see("no origin", async () => (await w.here.find(resourceRequests, "request", LOCAL)) === undefined);
    // the provider's network-manager takes its own back when it sees ours gone
    await w.here.delete(networkConfigs, w.eastID, LOCAL);
    await see("no copy of ours", async () => !(await w.there.find(networkConfigs, w.eastID, REMOTE)));
    await see("ours let go", async () => !(await w.here.find(networkConfigs, w.eastID, LOCAL)));
    expect(w.replication()).toBe("CONNECTED");
    await w.there.delete(networkConfigs, w.westID, REMOTE);
    await see("no copy of theirs", async () => !(await w.here.find(networkConfigs, w.westID, LOCAL)));
    await seeState("IDLE");
    await w.grant({ state: "GONE" });
    await seeState("GONE");
    await see(
      "no condition",
      async () => !(await w.here.get(foreignClusters, WEST)).status?.conditions?.length,
    );
  });

  test("ends by its deadline when the peer is dead", async () => {
    await w.peerFact();
    await w.grant({ serial: "3" });
    await w.here.apply(resourceRequests, request(w), own);
    await w.here.apply(networkConfigs, network(w.eastID, LOCAL), own);
    await w.there.apply(networkConfigs, network(w.westID, REMOTE), own);
    await see("the copy", copyOfRequest);
    await see("ours over there", () => w.there.find(networkConfigs, w.eastID, REMOTE));
    await see("theirs here", () => w.here.find(networkConfigs, w.westID, LOCAL));
    await w.west.kill();
    await w.here.delete(resourceRequests, "request", LOCAL);
    await w.here.delete(networkConfigs, w.eastID, LOCAL);
    expect(await w.here.find(resourceRequests, "request", LOCAL)).toBeDefined();
    await w.peerFact({ outgoing: false, unpeerDeadline: new Date(Date.now() + 3_000).toISOString() });
    await see(
      "the origin let go",
      async () => (await w.here.find(resourceRequests, "request", LOCAL)) === undefined,
    );
    await see("ours let go", async () => !(await w.here.find(networkConfigs, w.eastID, LOCAL)));
    await see("theirs gone here", async () => !(await w.here.find(networkConfigs, w.westID, LOCAL)));
    await w.grant({ state: "GONE", serial: "3" });
    await seeState("GONE");
    await w.west.start();
  });

  test("a peering that comes back sweeps up what the old one left there", async () => {
    expect(await copyOfRequest()).toBeDefined();
    await w.peerFact();
    await w.grant({ serial: "4" });
    await see("no leftover", async () => (await copyOfRequest()) === undefined);
    await see("no leftover", async () => !(await w.there.find(networkConfigs, w.eastID, REMOTE)));
    await w.there.delete(networkConfigs, w.westID, REMOTE);
    await seeState("IDLE");
  });

  test("what is held for a peering of which nothing is left is let go", async () => {
    await w.here.apply(resourceRequests, request(w), own);
    await see("the copy", copyOfRequest);
    await w.grant({ state: "GONE", serial: "4" });
    await seeState("GONE");
    await w.here.delete(resourceRequests, "request", LOCAL);
    await see(
      "the origin let go",
      async () => (await w.here.find(resourceRequests, "request", LOCAL)) === undefined,
    );
  });
});
