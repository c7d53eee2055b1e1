/** A real API server and a real nats-server, with one negotiator wired to them, and the parts of the other services played by hand. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  foreignClusters,
  make,
  ORIGIN,
  ORIGIN_UID,
  peerNamespace,
  type ResourceOffer,
  resourceOffers,
  type ResourceRequest,
  resourceRequests,
  type SharingPolicy,
  sharingPolicies,
  tenantNamespace,
} from "@tideway/api";
import type { AuditRecord } from "@tideway/audit";
import { type Bus, connectBus, type Fact, type FactView } from "@tideway/bus";
import {
  createKube,
  type Credentials,
  fromKubeconfig,
  type Kube,
  namespaces,
  nodes,
  pods,
} from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import type { FactInput } from "@tideway/protos";
import { type ApiServer, startApiServer, startNats, until } from "@tideway/sandbox";
import { createMetrics } from "@tideway/telemetry";
import { wire } from "../src/wire.ts";

export interface World {
  api: ApiServer;
  kube: Kube;
  clusterID: string;
  said: FactView<"offer">;
  /** What was told to the audit. */
  records: readonly AuditRecord[];
  bus: Bus;
  stop(): Promise<void>;
  /** What the negotiator's metric of this name and these labels says. */
  metric(name: string, labels: Record<string, string>): Promise<number | undefined>;
  /** Ends this negotiator and starts another one. */
  restart(): Promise<void>;
}

const BASE = join(import.meta.dirname, "../../../deploy/base");

/** The rights that the deployment gives, so that a missing one shows here. */
const deployedRights = async (api: ApiServer): Promise<Credentials> => {
  await api.kubectl("create", "namespace", "tideway-system");
  const files = ["serviceaccount.yaml", "rbac.yaml"].flatMap((f) => ["-f", join(BASE, "negotiator", f)]);
  await api.kubectl("apply", "--namespace=tideway-system", ...files);
  const token = (await api.kubectl("create", "token", "negotiator", "--namespace=tideway-system")).trim();
  return { server: api.url, ca: readFileSync(api.caFile, "utf8"), token: () => token };
};

/** `capacityDelayMs`: changes are gathered for less long than in production, where nothing is measured. */
export const startWorld = async ({ capacityDelayMs = 50 } = {}): Promise<World> => {
  const [api, nats] = await Promise.all([startApiServer({ name: "negotiator" }), startNats()]);
  await api.applyCrds(join(BASE, "crds"));
  const rights = await deployedRights(api);
  const kube = createKube(fromKubeconfig(api.kubeconfig), { userAgent: "test" });
  const { metadata } = await kube.get(namespaces, "kube-system");
  const clusterID = metadata.uid ?? "";
  const connect = (service: string, signal?: AbortSignal): Promise<Bus> =>
    connectBus({ url: nats.url, service, clusterID, log: silentLogger, settleMs: 0, signal });
  const bus = await connect("test");
  const said = await bus.facts("offer");

  const records: AuditRecord[] = [];
  let ending = new AbortController();
  let metrics = createMetrics("negotiator");
  let own: { kube: Kube; bus: Bus } | undefined;
  const start = async (): Promise<void> => {
    ending = new AbortController();
    metrics = createMetrics("negotiator");
    own = {
      kube: createKube(rights, { userAgent: "negotiator" }),
      bus: await connect("negotiator"),
    };
    await wire({
      ...own,
      clusterID,
      config: { podName: "negotiator-0", ignoredTaints: ["kwok.x-k8s.io/node"], capacityDelayMs },
      membership: { owns: () => true, onChange: () => () => undefined },
      metrics,
      audit: { record: (r) => void records.push(r) },
      log: silentLogger,
      signal: ending.signal,
    });
  };
  const end = async (): Promise<void> => {
    ending.abort();
    await own?.bus.close();
    await own?.kube.close();
  };
  await start();
  return {
    api,
    kube,
    clusterID,
    said,
    records,
    bus,
    metric: async (name, labels) => {
      const values = (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
      return values.find((v) => Object.entries(labels).every(([k, want]) => v.labels[k] === want))?.value;
    },
    restart: async () => {
      await end();
      await start();
    },
    stop: async () => {
      await end();
      await bus.close();
      await kube.close();
      await Promise.all([api.stop(), nats.stop()]);
    },
  };
};

const MANAGER = { fieldManager: "test" };

/** A ready node. The API server taints new nodes as not ready, and nobody else here would take that away. */
export const addNode = async (
  w: World,
  name: string,
  cpu: string,
  memory: string,
  taints: object[] = [],
  labels: Record<string, string> = {},
): Promise<void> => {
  await w.kube.create(nodes, { metadata: { name, labels } });
  await w.kube.patch(nodes, name, undefined, { spec: { taints } });
  const status = {
    allocatable: { cpu, memory, pods: "110" },
    conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", message: "" }],
  };
  await w.kube.apply(nodes, { metadata: { name }, status }, { ...MANAGER, subresource: "status" });
};

export const addPod = (
  w: World,
  name: string,
  node: string,
  cpu: string,
  labels: Record<string, string> = {},
): Promise<unknown> =>
  w.kube.create(pods, {
    metadata: { name, namespace: "default", labels },
    spec: {
      nodeName: node,
      containers: [{ name: "c", image: "none", resources: { requests: { cpu } } }],
    },
  });

/** Until the service has seen every pod: they come in order, and it tells how many of this cluster's own it counts. */
export const podsSeen = async (w: World): Promise<void> => {
  await addPod(w, `marker-${randomUUID()}`, "node-0", "0");
  const own = (await w.kube.list(pods)).filter((p) => p.metadata.labels?.[ORIGIN] === undefined);
  await eventually(
    "all pods counted",
    () => w.metric("tideway_negotiator_capacity", { resource: "pods", kind: "used" }),
    (n) => n === own.length,
  );
};

export const setPolicy = (w: World, spec: SharingPolicy["spec"]): Promise<unknown> =>
  w.kube.apply(sharingPolicies, make(sharingPolicies, { metadata: { name: "default" }, spec }), MANAGER);

export interface Peer {
  id: string;
  name: string;
  namespace: string;
}

/** What discovery and auth do for a peer: its ForeignCluster, its namespace, and what they say of it. */
export const addPeer = async (w: World, name: string, direction: "incoming" | "outgoing"): Promise<Peer> => {
  const namespace = direction === "outgoing" ? peerNamespace(name) : tenantNamespace(name);
  const peer = { id: `id-of-${name}`, name, namespace };
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

/** The marks that the replicator leaves on what it brings. */
const copied = (
  p: Peer,
  name: string,
): {
  name: string;
  namespace: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
} => ({
  name,
  namespace: p.namespace,
  labels: { [ORIGIN]: p.id },
  annotations: { [ORIGIN_UID]: "uid-over-there" },
});

export const bringRequest = (
  w: World,
  p: Peer,
  spec: Partial<ResourceRequest["spec"]> = {},
): Promise<ResourceRequest> =>
  w.kube.apply(
    resourceRequests,
    make(resourceRequests, { metadata: copied(p, "request"), spec: { clusterID: p.id, ...spec } }),
    { fieldManager: "replicator" },
  );

export const bringOffer = (
  w: World,
  p: Peer,
  resources: Record<string, string>,
  more: Partial<ResourceOffer["spec"]> = {},
): Promise<ResourceOffer> =>
  w.kube.apply(
    resourceOffers,
    make(resourceOffers, { metadata: copied(p, "offer"), spec: { clusterID: p.id, resources, ...more } }),
    { fieldManager: "replicator" },
  );

export const requestOf = (w: World, p: Peer): Promise<ResourceRequest | undefined> =>
  w.kube.find(resourceRequests, "request", p.namespace);
export const offerOf = (w: World, p: Peer, name = "offer"): Promise<ResourceOffer | undefined> =>
  w.kube.find(resourceOffers, name, p.namespace);

/** The condition Negotiated of the peer's ForeignCluster. */
export const conditionOf = async (
  w: World,
  p: Peer,
): Promise<{ status: string; reason: string; message: string } | undefined> =>
  (await w.kube.get(foreignClusters, p.name)).status?.conditions?.find((c) => c.type === "Negotiated");

/** Waits until what `look` gives `is` right, and returns it. */
export const eventually = <T>(
  what: string,
  look: () => Promise<T> | T,
  is: (v: NonNullable<T>) => boolean,
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

export const factOf = (w: World, p: Peer, direction: string): Fact<"offer"> | undefined =>
  w.said.get(p.id, direction);

/** Cores of a cpu quantity as the negotiator writes it. */
export const cpuOf = (text = "0"): number =>
  text.endsWith("m") ? Number(text.slice(0, -1)) / 1000 : Number(text);
