/** A real API server and a real nats-server, with network-managers wired to them, and the parts of the other services played by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  foreignClusters,
  make,
  type NetworkConfig,
  type NetworkConfigSpec,
  NETWORK_NAMESPACE,
  networkConfigs,
  ORIGIN,
  ORIGIN_UID,
  peerNamespace,
  tenantNamespace,
  type TunnelEndpoint,
  tunnelEndpoints,
  tunnelName,
} from "@tideway/api";
import { type Bus, connectBus, type Fact, type FactView } from "@tideway/bus";
import {
  createKube,
  type Credentials,
  fromKubeconfig,
  type Kube,
  namespaces,
  nodes,
  secrets,
  services,
} from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import type { FactInput } from "@tideway/protos";
import { type ApiServer, startApiServer, startNats, until } from "@tideway/sandbox";
import { createMetrics } from "@tideway/telemetry";
import type { Exposure } from "../src/config.ts";
import type { Listening } from "@tideway/grpc/server";
import { wire } from "../src/wire.ts";

export interface Replica {
  ipam: Listening;
  stop(): Promise<void>;
}
export interface World {
  api: ApiServer;
  kube: Kube;
  clusterID: string;
  bus: Bus;
  said: FactView<"network">;
  addresses: FactView<"address">;
  borders: FactView<"border">;
  /** Another network-manager on the same cluster; all own everything. */
  replica(): Promise<Replica>;
  replicas: Replica[];
  stop(): Promise<void>;
}

const BASE = join(import.meta.dirname, "../../../deploy/base");
export const POD_CIDR = "10.200.0.0/16";

/** The rights that the deployment gives, so that a missing one shows here. */
const deployedRights = async (api: ApiServer): Promise<Credentials> => {
  for (const namespace of ["tideway-system", "tideway-network"])
    await api.kubectl("create", "namespace", namespace);
  const files = ["serviceaccount.yaml", "rbac.yaml"].flatMap((f) => ["-f", join(BASE, "network-manager", f)]);
  await api.kubectl("apply", ...files);
  const token = await tokenOf(api, "network-manager");
  return { server: api.url, ca: readFileSync(api.caFile, "utf8"), token: () => token };
};

export const tokenOf = async (
  api: ApiServer,
  account: string,
  namespace = "tideway-system",
): Promise<string> => (await api.kubectl("create", "token", account, `--namespace=${namespace}`)).trim();

export interface WorldOptions {
  keyGraceSeconds?: number;
  gatewayExposure?: Exposure;
  podCIDR?: string;
}

export const startWorld = async (over: WorldOptions = {}): Promise<World> => {
  const [api, nats] = await Promise.all([startApiServer({ name: "network-manager" }), startNats()]);
  await api.applyCrds(join(BASE, "crds"));
  const rights = await deployedRights(api);
  const kube = createKube(fromKubeconfig(api.kubeconfig), { userAgent: "test" });
  const { metadata } = await kube.get(namespaces, "kube-system");
  const clusterID = metadata.uid ?? "";
  const connect = (service: string, signal?: AbortSignal): Promise<Bus> =>
    connectBus({ url: nats.url, service, clusterID, log: silentLogger, settleMs: 0, signal });
  const bus = await connect("test");
  await addNode(kube, "node-0", "192.168.7.10");

  const replicas: Replica[] = [];
  const replica = async (): Promise<Replica> => {
    const ending = new AbortController();
    const own = { kube: createKube(rights, { userAgent: "nm" }), bus: await connect("network-manager") };
    const ipam = await wire({
      ...own,
      clusterID,
      mtu: 1420,
      config: {
        namespace: "tideway-system",
        networkNamespace: "tideway-network",
        podCIDR: over.podCIDR ?? POD_CIDR,
        gatewayExposure: over.gatewayExposure ?? "NodePort",
        keyRotationHours: 168,
        keyGraceSeconds: over.keyGraceSeconds ?? 0,
        externalPrefixLength: 20,
        tunnelMtu: 0,
        ipamPort: 0,
      },
      membership: { owns: () => true, onChange: () => () => undefined },
      metrics: createMetrics("network-manager"),
      log: silentLogger,
      signal: ending.signal,
    });
    const one = {
      ipam,
      stop: async () => {
        ending.abort();
        await ipam.close(0);
        await own.bus.close();
        await own.kube.close();
      },
    };
    replicas.push(one);
    return one;
  };
  await replica();
  const [said, addresses, borders] = await Promise.all([
    bus.facts("network"),
    bus.facts("address"),
    bus.facts("border"),
  ]);
  return {
    api,
    kube,
    clusterID,
    bus,
    said,
    addresses,
    borders,
    replica,
    replicas,
    stop: async () => {
      await Promise.all(replicas.map((r) => r.stop()));
      await bus.close();
      await kube.close();
      await Promise.all([api.stop(), nats.stop()]);
    },
  };
};

const MANAGER = { fieldManager: "test" };

export const addNode = async (kube: Kube, name: string, ip: string): Promise<void> => {
  await kube.create(nodes, { metadata: { name } });
  const status = {
    addresses: [{ type: "InternalIP", address: ip }],
    conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "" }],
  };
  await kube.apply(nodes, { metadata: { name }, status }, { ...MANAGER, subresource: "status" });
};

export interface Peer {
  id: string;
  name: string;
  namespace: string;
}

/** What discovery and auth do for a peer: its ForeignCluster, its namespace, and what they say of it. */
export const addPeer = async (
  w: World,
  name: string,
  direction: "incoming" | "outgoing",
  id = `id-of-${name}`,
): Promise<Peer> => {
  const peer = {
    id,
    name,
    namespace: direction === "outgoing" ? peerNamespace(name) : tenantNamespace(name),
  };
  await w.kube.apply(
    foreignClusters,
    {
      metadata: { name },
      spec: { clusterID: peer.id, clusterName: name, authEndpoint: "192.0.2.1:443", pins: [] },
    },
    MANAGER,
  );
  await w.kube.apply(namespaces, { metadata: { name: peer.namespace } }, MANAGER);
  await sayPeer(w, peer, { outgoing: direction === "outgoing" });
  await sayIdentity(w, peer, direction, "GRANTED");
  return peer;
};

export const sayPeer = (w: World, p: Peer, over: Partial<FactInput<"peer">>): Promise<void> =>
  w.bus.publish(
    "peer",
    { peer: p.id },
    { clusterId: p.id, name: p.name, phase: "PRESENT", outgoing: false, incoming: true, ...over },
  );

export const sayIdentity = (
  w: World,
  p: Peer,
  direction: string,
  state: FactInput<"identity">["state"],
): Promise<void> =>
  w.bus.publish(
    "identity",
    { peer: p.id, id: direction },
    { clusterId: p.id, name: p.name, direction, state, localNamespace: p.namespace },
  );

export const sayNode = (w: World, p: Peer, state: FactInput<"node">["state"]): Promise<void> =>
  w.bus.publish("node", { peer: p.id }, { clusterId: p.id, name: p.name, nodeName: p.name, state });

export const sayTunnel = (w: World, p: Peer, over: Partial<FactInput<"tunnel">>): Promise<void> =>
  w.bus.publish("tunnel", { peer: p.id }, { clusterId: p.id, name: p.name, state: "CONNECTED", ...over });

/** A public key that nobody has the private one of. */
export const keyNumber = (n: number): string => Buffer.alloc(32, n).toString("base64");

/** What the replicator does with the NetworkConfig of a peer. */
export const bringConfig = (
  w: World,
  p: Peer,
  over: Partial<NetworkConfigSpec> & { name?: string } = {},
): Promise<NetworkConfig> => {
  const { name = p.id, ...spec } = over;
  return w.kube.apply(
    networkConfigs,
    make(networkConfigs, {
      metadata: {
        name,
        namespace: p.namespace,
        labels: { [ORIGIN]: p.id },
        annotations: { [ORIGIN_UID]: "uid-over-there" },
      },
      spec: {
        clusterID: p.id,
        podCIDR: POD_CIDR,
        externalCIDR: "10.130.16.0/20",
        keys: [{ generation: 1, publicKey: keyNumber(7), endpoints: ["203.0.113.7:31000"] }],
        mtu: 1400,
        ...spec,
      },
    }),
    { fieldManager: "replicator" },
  );
};

export const configOf = (w: World, p: Peer): Promise<NetworkConfig | undefined> =>
  w.kube.find(networkConfigs, w.clusterID, p.namespace);
export const tunnelOf = (w: World, p: Peer): Promise<TunnelEndpoint | undefined> =>
  w.kube.find(tunnelEndpoints, tunnelName(p.name), NETWORK_NAMESPACE);
export const factOf = (w: World, p: Peer): Fact<"network"> | undefined => w.said.get(p.id);

/** All that stands here for a peer. */
export const standing = async (w: World, p: Peer) => ({
  config: await configOf(w, p),
  tunnel: await tunnelOf(w, p),
  secret: await w.kube.find(secrets, `tunnel-${p.name}`, "tideway-network"),
  service: await w.kube.find(services, `tunnel-${p.name}`, "tideway-network"),
});

/** The condition Connected of the peer's ForeignCluster. */
export const conditionOf = async (
  w: World,
  p: Peer,
): Promise<{ status: string; reason: string; message: string } | undefined> =>
  (await w.kube.get(foreignClusters, p.name)).status?.conditions?.find((c) => c.type === "Connected");

/** Waits until what `look` gives `is` right, and returns it. */
export const eventually = <T>(
  what: string,
  look: () => Promise<T> | T,
  is: (v: NonNullable<T>) => boolean = () => true,
): Promise<NonNullable<T>> => {
  let last: T | undefined;
  return until<NonNullable<T>>(
    async () => {
      last = await look();
      return last !== undefined && last !== null && is(last) ? last : undefined;
    },
    { what, everyMs: 5, explain: () => `last seen: ${JSON.stringify(last)}` },
  );
};
