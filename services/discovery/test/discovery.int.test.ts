import { foreignClusters, make } from "@tideway/api";
import { connectBus } from "@tideway/bus";
import { namespaces } from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import { until } from "@tideway/sandbox";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FINALIZER } from "../src/peer/decide.ts";
import { type Door, openDoor } from "./door.ts";
import { NOWHERE, type Peer, PIN, type Service, startWorld, type World } from "./world.ts";

let world: World;
let service: Service;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());
beforeEach(async () => {
  service = await world.start();
});
afterEach(() => service.stop());

const said = (
  peer: Peer,
  what: string,
  is: (f: NonNullable<ReturnType<Peer["fact"]>>) => boolean,
): Promise<unknown> =>
  until(
    async () => {
      const f = peer.fact();
      return f !== undefined && is(f);
    },
    {
      what: `a fact that ${what}`,
      everyMs: 5,
      explain: () => JSON.stringify(peer.fact()),
    },
  );
const gone = (peer: Peer): Promise<unknown> =>
  until(async () => (await peer.get()) === undefined, {
    what: `${peer.name} gone`,
    explain: async () => JSON.stringify(await peer.get()),
  });
const isWanted = (peer: Peer): Promise<unknown> => said(peer, "wants the peer", (f) => f.outgoing === true);
const used = async (peer: Peer): Promise<void> => {
  await isWanted(peer);
  await peer.identity("outgoing", "GRANTED", {
    localNamespace: `tideway-peer-${peer.name}`,
    apiServer: "https://west:6443",
  });
  await peer.offer("outgoing", "ACCEPTED");
  await peer.node("READY");
  await peer.replication("CONNECTED");
};

describe("what is said of a peer", () => {
  it("does not wait for a probe, and the finalizer stands before it", async () => {
    const peer = await world.peer({ outgoingPeering: "Yes", tokenSecretRef: { name: "token" } });
    await isWanted(peer);
    expect(peer.fact()).toEqual({
      clusterId: peer.id,
      name: peer.name,
      phase: "PRESENT",
      outgoing: true,
      incoming: true,
      reachable: false,
      authEndpoint: NOWHERE,
      pins: [PIN],
      tokenSecret: "token",
      unpeerDeadline: "",
      tenantNamespace: `tideway-tenant-${peer.name}`,
      peerNamespace: `tideway-peer-${peer.name}`,
      clusterName: "west",
      protocolVersion: "",
      capabilities: [],
      claimed: false,
      foundAt: [],
      labels: {},
    });
    expect((await peer.get())?.metadata.finalizers).toEqual([FINALIZER]);
  });

  it("stays in one trace while the same is wanted, and begins another where the peering is taken back", async () => {
    const peer = await world.peer({ outgoingPeering: "Yes", tokenSecretRef: { name: "token" } });
    await isWanted(peer);
    const trace = (): string => world.peers.get(peer.id)?.traceparent?.split("-")[1] ?? "none";
    const begun = trace();
    expect(begun).toMatch(/^[0-9a-f]{32}$/);
    await peer.patch({ authEndpoint: "127.0.0.1:10" });
    await said(peer, "names the new address", (f) => f.authEndpoint === "127.0.0.1:10");
    expect(trace()).toBe(begun);
    await peer.patch({ outgoingPeering: "No" });
    await said(peer, "does not want the peer", (f) => f.outgoing === false);
    expect(trace()).not.toBe(begun);
  });

  it("is said again after the bus lost everything", async () => {
    const peer = await world.peer({ outgoingPeering: "Yes" });
    await isWanted(peer);
    await world.nats.kill();
    await world.nats.start({ wipe: true });
    const fresh = await connectBus({
      url: world.nats.url,
      service: "fresh",
      clusterID: "fresh",
      log: silentLogger,
    });
    const view = await fresh.facts("peer");
    await until(async () => view.get(peer.id)?.data.outgoing, { what: "the fact on the new bus" });
    await fresh.close();
    await until(async () => service.ready(), { what: "ready again" });
  });

  it("ends with a last fact even where the ForeignCluster went unseen", async () => {
    const peer = await world.peer();
    await said(peer, "knows the peer", (f) => f.phase === "PRESENT");
    await service.stop();
    await world.kube.patch(foreignClusters, peer.name, undefined, { metadata: { finalizers: null } });
    await peer.delete();
    await gone(peer);
    service = await world.start();
    await said(peer, "is the last", (f) => f.phase === "GONE");
  });
});

describe("reachability", () => {
  let door: Door;
  afterEach(() => door.close());

  it("turns False with address, port, error and next try, and True again with the first answer", async () => {
    const peer = await world.peer();
    door = await openDoor(peer.id);
    await peer.patch({ authEndpoint: door.endpoint, pins: [door.pin] });
    await peer.is("Reachable", "Answers");
    await said(peer, "tells it is reachable", (f) => f.reachable === true);
    await door.close();
    const c = await peer.is("Reachable", "Unreachable", /ECONNREFUSED.*next try within 0.11 s/);
    expect(c).toMatchObject({ status: "False" });
    expect(c.message).toContain(door.endpoint);
    await said(peer, "tells it is not reachable", (f) => f.reachable === false);
    await door.open();
    await peer.is("Reachable", "Answers");
    await peer.told("Unreachable", "Answers");
  });

  it("tells at once when another cluster answers", async () => {
    const peer = await world.peer();
    door = await openDoor(peer.id);
    await peer.patch({ authEndpoint: door.endpoint, pins: [door.pin] });
    await peer.is("Reachable", "Answers");
    door.become("somebody-else");
    const c = await peer.is("Reachable", "ClusterIDChanged");
    expect(c.message).toContain("somebody-else");
    expect(c.message).toContain(peer.id);
  });

  it("tells at once when another key answers", async () => {
    const peer = await world.peer();
    door = await openDoor(peer.id);
    await peer.patch({ authEndpoint: door.endpoint });
    const c = await peer.is("Reachable", "WrongKey");
    expect(c.message).toContain(door.pin);
    expect(c.message).toContain(PIN);
  });

  it("writes nothing while nothing changes", async () => {
    const peer = await world.peer();
    door = await openDoor(peer.id);
    await peer.patch({ authEndpoint: door.endpoint, pins: [door.pin] });
    await peer.is("Reachable", "Answers");
    const probes = async (): Promise<number> => {
      const metric = await service.metrics.registry.getSingleMetricAsString("tideway_discovery_probes_total");
      return Number(/outcome="Answered".* (\d+)/.exec(metric)?.[1]);
    };
    const [before, version] = [await probes(), (await peer.get())?.metadata.resourceVersion];
    await until(async () => (await probes()) > before + 10, { what: "ten more probes" });
    expect((await peer.get())?.metadata.resourceVersion).toBe(version);
  });
});

describe("Ready", () => {
  it("names what is missing, then that the node is ready", async () => {
    const peer = await world.peer({ outgoingPeering: "Yes" });
    await used(peer);
    await peer.is("Ready", "NodeReady");
    expect((await peer.get())?.status).toMatchObject({
      peerNamespace: `tideway-peer-${peer.name}`,
      apiServer: "https://west:6443",
    });
    await peer.node("NOT_READY", { reason: "TunnelDown" });
    expect((await peer.is("Ready", "NodeNotReady")).message).toContain("TunnelDown");
    await peer.node("READY");
    await peer.is("Ready", "NodeReady");
    await peer.told("NodeReady", "NodeNotReady");
  });

  it("is Refused with the rule and the reason", async () => {
    const peer = await world.peer({ outgoingPeering: "Yes" });
    await peer.identity("outgoing", "GRANTED");
    await peer.offer("outgoing", "REFUSED", {
      rule: "no-east",
      reason: "RefusedByRule",
      message: "maintenance",
    });
    const c = await peer.is("Ready", "Refused");
    expect(c.message).toMatch(/no-east.*maintenance/);
  });

  it("is True at the provider when the peer's identity is granted and the offer made, and NotPeered before", async () => {
    const peer = await world.peer();
    await peer.is("Ready", "NotPeered");
    await peer.identity("incoming", "GRANTED");
    await peer.is("Ready", "Negotiating");
    await peer.offer("incoming", "OFFERED", { resources: { cpu: "2" } });
    expect(await peer.is("Ready", "Providing")).toMatchObject({ status: "True" });
  });

  it("leaves a second ForeignCluster of the same cluster alone until the first is gone", async () => {
    const first = await world.peer();
    await first.is("Ready", "NotPeered");
    await said(first, "names the first", (f) => f.name === first.name);
    const second = await world.peer({ clusterID: first.id, outgoingPeering: "Yes" });
    expect((await second.is("Ready", "DuplicateClusterID")).message).toContain(first.name);
    expect(second.fact()).toMatchObject({ name: first.name, outgoing: false });
    await first.delete();
    await said(
      second,
      "names the second",
      (f) => f.name === second.name && f.outgoing === true && f.phase === "PRESENT",
    );
  });

  it("refuses a ForeignCluster that is this cluster", async () => {
    const { uid = "" } = (await world.kube.get(namespaces, "kube-system")).metadata;
    await world.kube.create(
      foreignClusters,
      make(foreignClusters, {
        metadata: { name: "mirror" },
        spec: {
          clusterID: uid,
          clusterName: "east",
          authEndpoint: NOWHERE,
          pins: [PIN],
          outgoingPeering: "Yes",
        },
      }),
    );
    await until(
      async () =>
        (await world.kube.get(foreignClusters, "mirror")).status?.conditions?.some(
          (c) => c.reason === "SelfPeering",
        ),
      { what: "the refusal" },
    );
    expect(world.peers.get(uid)).toBeUndefined();
    await world.kube.delete(foreignClusters, "mirror");
  });
});

describe("unpeering", () => {
  it("keeps one deadline, over a restart too, and clears it when nothing is left", async () => {
    const peer = await world.peer({ outgoingPeering: "Yes", unpeerTimeoutSeconds: 60 });
    await used(peer);
    await peer.is("Ready", "NodeReady");
    const from = Date.now();
    await peer.patch({ outgoingPeering: "No" });
    await said(peer, "ends the use", (f) => f.outgoing === false);
    const deadline = peer.fact()?.unpeerDeadline ?? "";
    expect(Date.parse(deadline)).toBeGreaterThanOrEqual(from + 60_000);
    expect(Date.parse(deadline)).toBeLessThanOrEqual(Date.now() + 60_000);
    await peer.is("Ready", "Unpeering");
    await service.stop();
    service = await world.start();
    await peer.node("DRAINING");
    await peer.node("GONE");
    await peer.is("Ready", "Unpeering", /^waits for auth \(our identity there\),/); // and for no node
    expect(peer.fact()?.unpeerDeadline).toBe(deadline);
    await peer.identity("outgoing", "GONE");
    await said(peer, "has no deadline", (f) => f.unpeerDeadline === "");
    await peer.is("Ready", "NotPeered");
  });

  it("holds a deleted ForeignCluster until node and identities are gone, then says so and lets it go", async () => {
    const peer = await world.peer({ outgoingPeering: "Yes" });
    await used(peer);
    await peer.is("Ready", "NodeReady");
    await peer.identity("incoming", "GRANTED"); // which makes Ready tell of the request that is not answered
    await peer.is("Ready", "Negotiating");
    await peer.delete();
    await said(
      peer,
      "ends both directions",
      (f) => !f.outgoing && !f.incoming && f.unpeerDeadline !== "" && f.phase === "PRESENT",
    );
    await peer.node("GONE");
    await peer.identity("outgoing", "GONE");
    await peer.is("Ready", "Unpeering", /^waits for auth \(the peer's identity here\),/); // and for nothing else
    expect(await peer.get()).toBeDefined();
    await peer.identity("incoming", "GONE");
    await gone(peer);
    await said(peer, "is the last", (f) => f.phase === "GONE");
  });

  it("lets it go after the deadline and the grace, with a warning", async () => {
    await service.stop();
    service = await world.start({ DISCOVERY_UNPEER_GRACE_SECONDS: "1" });
    const peer = await world.peer({ outgoingPeering: "Yes", unpeerTimeoutSeconds: 1 });
    await used(peer);
    await peer.delete();
    await gone(peer);
    await said(peer, "is the last", (f) => f.phase === "GONE");
    await peer.told("UnpeerIncomplete");
  });
});

describe("replicas", () => {
  it("divide the peers, and take over from one that leaves", async () => {
    const second = await world.start();
    const peers = await Promise.all(Array.from({ length: 8 }, () => world.peer()));
    for (const p of peers) await p.is("Ready", "NotPeered");
    const shares = async (s: Service): Promise<number> => {
      const text = (await s.metrics.registry.getSingleMetricAsString("tideway_discovery_peers")).split("\n");
      return text
        .filter((l) => l.startsWith("tideway_discovery_peers{"))
        .reduce((sum, l) => sum + Number(l.split(" ").at(-1)), 0);
    };
    for (const s of [service, second])
      await until(async () => (await shares(s)) > 0, { what: "a share of the peers" });
    await second.stop();
    for (const p of peers) await p.patch({ outgoingPeering: "Yes" });
    for (const p of peers) await isWanted(p);
  });
});
