import { tunnelEndpoints } from "@tideway/api";
import { secrets } from "@tideway/k8s";
import { overlaps } from "@tideway/net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addPeer,
  bringConfig,
  conditionOf,
  configOf,
  eventually,
  factOf,
  keyNumber,
  type Peer,
  POD_CIDR,
  sayNode,
  sayPeer,
  sayTunnel,
  standing,
  startWorld,
  tunnelOf,
  type World,
} from "./world.ts";

let w: World;
beforeAll(async () => {
  w = await startWorld();
});
afterAll(() => w?.stop());

const mappingFor = async (p: Peer): Promise<{ podCIDR: string; externalCIDR: string }> => {
  const { spec } = (await configOf(w, p))!;
  return { podCIDR: spec.podCIDR.replace("10.200", "10.9"), externalCIDR: spec.externalCIDR };
};

describe("consumer", () => {
  it("tells its networks, sees an identical network elsewhere, and is ready when both know", async () => {
    const west = await addPeer(w, "west", "outgoing");
    const config = await eventually("our parameters", () => configOf(w, west));
    expect(config.spec).toMatchObject({ clusterID: w.clusterID, podCIDR: POD_CIDR, mtu: 1420 });
    expect(config.spec.keys).toHaveLength(1);
    expect(config.spec.keys[0]?.endpoints?.[0]).toMatch(/^192\.168\.7\.10:3\d{4}$/);
    await eventually(
      "the fact",
      () => factOf(w, west),
      (f) => f.data.state === "PENDING",
    );

    await bringConfig(w, west);
    const mapped = await eventually(
      "the mapping",
      () => configOf(w, west),
      (c) => c.spec.mapping !== undefined,
    );
    const seen = mapped.spec.mapping!;
    expect(seen.podCIDR).toMatch(/\/16$/);
    for (const taken of [POD_CIDR, "10.96.0.0/12", mapped.spec.externalCIDR])
      expect(overlaps(seen.podCIDR, taken)).toBe(false);
    expect(seen.externalCIDR).toBe("10.130.16.0/20"); // nothing here overlaps it
    const pending = await eventually(
      "the key",
      () => factOf(w, west),
      (f) => f.data.generations.length === 1,
    );
    expect(pending.data).toMatchObject({ state: "PENDING", remoteKeys: { "1": keyNumber(7) } });

    const mapping = await mappingFor(west);
    await bringConfig(w, west, { mapping });
    const { data } = await eventually(
      "readiness",
      () => factOf(w, west),
      (f) => f.data.state === "READY",
    );
    expect(data).toMatchObject({
      localPodCidr: POD_CIDR,
      localPodSeenCidr: mapping.podCIDR,
      remotePodCidr: POD_CIDR,
      remotePodSeenCidr: seen.podCIDR,
      remoteEndpoints: { "1": "203.0.113.7:31000" },
      generations: ["1"],
      listenPort: 51820,
      secretName: "tunnel-west",
      mtu: 1400,
      consumer: true,
      provider: false,
    });
    const tunnel = await eventually(
      "the tunnel",
      () => tunnelOf(w, west),
      (t) => t.spec.local.seenPodCIDR !== undefined,
    );
    expect(tunnel.spec.remote?.seenPodCIDR).toBe(seen.podCIDR);
    await eventually(
      "no gateway yet",
      () => conditionOf(w, west),
      (c) => c.reason === "NoGateway",
    );

    await sayTunnel(w, west, {
      generation: 1,
      gateway: "gateway-0",
      implementation: "kernel",
      endpoint: "203.0.113.7:31000",
    });
    await eventually(
      "connected",
      () => conditionOf(w, west),
      (c) => c.status === "True",
    );
    const status = await eventually(
      "the status",
      () => tunnelOf(w, west),
      (t) => t.status?.gateway === "gateway-0",
    );
    expect(status.status?.conditions?.[0]).toMatchObject({ type: "Ready", status: "True" });
    await sayTunnel(w, west, {
      state: "DISCONNECTED",
      reason: "NoHandshake",
      message: "203.0.113.7:31000 is silent",
    });
    const lost = await eventually(
      "lost",
      () => conditionOf(w, west),
      (c) => c.reason === "NoHandshake",
    );
    expect(lost).toMatchObject({
      status: "False",
      message: expect.stringContaining("203.0.113.7:31000"),
    });
  });

  it("rotates keys on demand without losing the older one before the tunnel uses the newer one", async () => {
    const west = { id: "id-of-west", name: "west", namespace: "tideway-peer-west" };
    await w.kube.patch(tunnelEndpoints, "tunnel-west", "tideway-network", {
      metadata: { annotations: { "networking.tideway.dev/rotate": "now" } },
    });
    const two = await eventually(
      "two keys",
      () => configOf(w, west),
      (c) => c.spec.keys.length === 2,
    );
    expect(two.spec.keys.map((k) => k.generation)).toEqual([1, 2]);
    await eventually(
      "the order is carried out",
      () => tunnelOf(w, west),
      (t) => !t.metadata.annotations?.["networking.tideway.dev/rotate"],
    );
    const mapping = await mappingFor(west);
    const keys = [1, 2].map((g) => ({ generation: g, publicKey: keyNumber(6 + g) }));
    await bringConfig(w, west, { mapping, keys });
    await eventually(
      "both generations",
      () => factOf(w, west),
      (f) => f.data.generations.join() === "1,2",
    );
    await sayTunnel(w, west, { generation: 1 });
    expect((await configOf(w, west))!.spec.keys).toHaveLength(2);
    await sayTunnel(w, west, { generation: 2 });
    await eventually(
      "the newer one alone",
      () => configOf(w, west),
      (c) => c.spec.keys.map((k) => k.generation).join() === "2",
    );
    await eventually(
      "its private key alone",
      () => w.kube.get(secrets, "tunnel-west", "tideway-network"),
      (s) => Object.keys(s.data ?? {}).join() === "2",
    );
    await eventually(
      "one generation",
      () => factOf(w, west),
      (f) => f.data.generations.join() === "2",
    );
  });

  it("stays while pods leave, and leaves nothing behind when the node is gone", async () => {
    const west = { id: "id-of-west", name: "west", namespace: "tideway-peer-west" };
    await sayNode(w, west, "DRAINING");
    await w.replicas[0]!.stop();
    await w.replica(); // it knows of the node before it hears that the peer is not wanted
    await sayPeer(w, west, { outgoing: false });
    await sayTunnel(w, west, { generation: 2, gateway: "gateway-1" });
    await eventually(
      "still told",
      () => tunnelOf(w, west),
      (t) => t.status?.gateway === "gateway-1",
    );
    await sayNode(w, west, "GONE");
    await eventually(
      "nothing left",
      () => standing(w, west),
      (o) => Object.values(o).every((v) => v === undefined),
    );
    await eventually(
      "the fact of it",
      () => factOf(w, west),
      (f) => f.data.state === "GONE",
    );
    await eventually(
      "the end of the condition",
      async () => ({ c: await conditionOf(w, west) }),
      ({ c }) => c === undefined,
    );
  });
});

describe("a peer that is wanted", () => {
  it("tells gateways of its port and keys before it may tell the peer", async () => {
    const soon = { id: "id-of-soon", name: "soon", namespace: "tideway-peer-soon" };
    await sayPeer(w, soon, { outgoing: true });
    const { data } = await eventually("the announcement", () => factOf(w, soon));
    expect(data).toMatchObject({
      state: "PENDING",
      secretName: "tunnel-soon",
      consumer: false,
      generations: [],
    });
    expect(data.listenPort).toBeGreaterThan(0);
    const { config } = await eventually(
      "keys and port",
      () => standing(w, soon),
      (o) => o.secret !== undefined && o.service !== undefined,
    );
    expect(config).toBeUndefined();
    await sayPeer(w, soon, { outgoing: false });
    await eventually(
      "the end",
      () => factOf(w, soon),
      (f) => f.data.state === "GONE",
    );
  });
});
