/** Two clusters with the same networks, each with its network-manager; the replicator's part, copying, is played by hand. */
import { make, type NetworkConfig, networkConfigs, ORIGIN, ORIGIN_UID, tunnelEndpoints } from "@tideway/api";
import { type Informer, informer, secrets } from "@tideway/k8s";
import { translate } from "@tideway/net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { publicKeyOf } from "../src/peer/keys.ts";
import {
  addPeer,
  configOf,
  eventually,
  factOf,
  type Peer,
  sayNode,
  sayPeer,
  sayTunnel,
  startWorld,
  type World,
} from "./world.ts";

let east: World;
let west: World;
/** How east knows west, and west knows east. */
let provider: Peer;
let consumer: Peer;
const ending = new AbortController();

/** Copies what `from` writes for its peer into the peer's namespace at `to`. */
const copy = (from: World, at: Peer, to: World, as: Peer): void => {
  const watched: Informer<NetworkConfig> = informer(from.kube, networkConfigs, { namespace: at.namespace });
  const name = from.clusterID;
  const bring = (): Promise<unknown> => {
    const origin = watched.get(`${at.namespace}/${name}`);
    return origin
      ? to.kube.apply(
          networkConfigs,
          make(networkConfigs, {
            metadata: {
              name,
              namespace: as.namespace,
              labels: { [ORIGIN]: name },
              annotations: { [ORIGIN_UID]: origin.metadata.uid ?? "" },
            },
            spec: origin.spec,
          }),
          { fieldManager: "replicator" },
        )
      : to.kube.delete(networkConfigs, name, as.namespace);
  };
  let last: Promise<unknown> = Promise.resolve(); // one after the other, so that the newest is written last
  watched.onChange((_, now) => {
    if (!now || now.metadata.name === name) last = last.then(bring);
  });
  watched.start(ending.signal);
};

beforeAll(async () => {
  [east, west] = await Promise.all([startWorld(), startWorld()]);
  // Peers are known by the real IDs here, since each announces its own.
  provider = await addPeer(east, "west", "outgoing", west.clusterID);
  consumer = await addPeer(west, "east", "incoming", east.clusterID);
  copy(east, provider, west, consumer);
  copy(west, consumer, east, provider);
});
afterAll(async () => {
  ending.abort();
  await Promise.all([east?.stop(), west?.stop()]);
});

const both = async (state: string) => ({
  here: await eventually(
    `east ${state}`,
    () => factOf(east, provider),
    (f) => f.data.state === state,
  ),
  there: await eventually(
    `west ${state}`,
    () => factOf(west, consumer),
    (f) => f.data.state === state,
  ),
});
const generations = (text: string) =>
  Promise.all([
    eventually(
      `east uses ${text}`,
      () => factOf(east, provider),
      (f) => f.data.generations.join() === text,
    ),
    eventually(
      `west uses ${text}`,
      () => factOf(west, consumer),
      (f) => f.data.generations.join() === text,
    ),
  ]);

it("agree on how each sees the other, and on each other's keys", async () => {
  const { here, there } = await both("READY");
  const [a, b] = [here.data, there.data];
  expect(a).toMatchObject({ consumer: true, provider: false, mtu: 1420 });
  expect(b).toMatchObject({ consumer: false, provider: true });
  expect(a.localPodCidr).toBe(b.localPodCidr); // identical on both sides
  expect([a.remotePodSeenCidr, a.remoteExternalSeenCidr]).toEqual([
    b.localPodSeenCidr,
    b.localExternalSeenCidr,
  ]);
  expect([b.remotePodSeenCidr, b.remoteExternalSeenCidr]).toEqual([
    a.localPodSeenCidr,
    a.localExternalSeenCidr,
  ]);
  // A pod of west, as east sees it, is that pod again at west.
  const seen = translate("10.200.1.7", b.localPodCidr, b.localPodSeenCidr);
  expect(translate(seen!, a.remotePodSeenCidr, a.remotePodCidr)).toBe("10.200.1.7");
  const secret = await west.kube.get(secrets, "tunnel-east", "tideway-network");
  const privateKey = Buffer.from(secret.data?.["1"] ?? "", "base64").toString();
  expect(a.remoteKeys).toEqual({ "1": publicKeyOf(privateKey) });
  expect(a.remoteEndpoints["1"]).toMatch(/^192\.168\.7\.10:3\d{4}$/);
});

it("rotate together: one begins, the other follows, both keep the older one until their tunnel has left it", async () => {
  await east.kube.patch(tunnelEndpoints, "tunnel-west", "tideway-network", {
    metadata: { annotations: { "networking.tideway.dev/rotate": "now" } },
  });
  await generations("1,2");
  await sayTunnel(east, provider, { generation: 2 });
  await generations("2");
  await sayTunnel(west, consumer, { generation: 2 });
  const own = await eventually(
    "west's keys",
    () => configOf(west, consumer),
    (c) => c.spec.keys.length === 1,
  );
  expect(own.spec.keys[0]?.generation).toBe(2);
});

it("keep what was agreed across a restart of a network-manager", async () => {
  const before = await eventually(
    "east's keys",
    () => configOf(east, provider),
    (c) => c.spec.keys.length === 1,
  );
  await east.replicas[0]!.stop();
  await east.replica();
  await west.kube.patch(tunnelEndpoints, "tunnel-east", "tideway-network", {
    metadata: { annotations: { "networking.tideway.dev/rotate": "again" } },
  });
  await generations("2,3");
  const after = (await configOf(east, provider))!;
  expect({ ...after.spec, keys: [] }).toEqual({ ...before.spec, keys: [] });
  expect(after.spec.keys[0]).toEqual(before.spec.keys[0]);
});

it("leave nothing on either side when the consumer ends it", async () => {
  await sayNode(east, provider, "GONE");
  await sayPeer(east, provider, { outgoing: false });
  await both("GONE");
  for (const [w, p] of [
    [east, provider],
    [west, consumer],
  ] as const)
    await eventually(
      `nothing at ${p.name}'s side`,
      async () => ({
        configs: await w.kube.list(networkConfigs),
        tunnels: await w.kube.list(tunnelEndpoints),
      }),
      ({ configs, tunnels }) => configs.length === 0 && tunnels.length === 0,
    );
});
