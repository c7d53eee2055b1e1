/** Real API server with the permissions that ship, real nats-server, the service as wire.ts builds it, and the words of the other services. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ForeignCluster, foreignClusters, findCondition, make, type Condition } from "@tideway/api";
import { type Bus, connectBus, type FactInput, type FactView } from "@tideway/bus";
import { createKube, events, type Kube, loadCredentials, namespaces } from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import type { RuntimeContext } from "@tideway/runtime";
import { type ApiServer, type NatsServer, startApiServer, startNats, until } from "@tideway/sandbox";
import { createMetrics, type Metrics } from "@tideway/telemetry";
import { readConfig } from "../src/config.ts";
import { wire } from "../src/wire.ts";

export interface Service {
  metrics: Metrics;
  ready(): boolean;
  /** As at SIGTERM. */
  stop(): Promise<void>;
}

export interface World {
  api: ApiServer;
  nats: NatsServer;
  kube: Kube;
  /** Of everybody else. */
  bus: Bus;
  peers: FactView<"peer">;
  start(env?: Record<string, string>): Promise<Service>;
  /** A ForeignCluster of its own cluster ID, and all that a test asks about it. */
  peer(spec?: Partial<ForeignCluster["spec"]>): Promise<Peer>;
  stop(): Promise<void>;
}

export interface Peer {
  id: string;
  name: string;
  get(): Promise<ForeignCluster | undefined>;
  patch(spec: Partial<ForeignCluster["spec"]>): Promise<unknown>;
  delete(): Promise<void>;
  fact(): FactInput<"peer"> | undefined;
  identity(
    direction: "outgoing" | "incoming",
    state: FactInput<"identity">["state"],
    more?: Partial<FactInput<"identity">>,
  ): Promise<void>;
  offer(
    direction: "outgoing" | "incoming",
    state: FactInput<"offer">["state"],
    more?: Partial<FactInput<"offer">>,
  ): Promise<void>;
  node(state: FactInput<"node">["state"], more?: Partial<FactInput<"node">>): Promise<void>;
  replication(state: FactInput<"replication">["state"]): Promise<void>;
  /** The condition, when it has this reason, and a message with these words. */
  is(type: string, reason: string, words?: RegExp): Promise<Condition>;
  /** Waits for Events of these reasons: they are written after the status, and not waited for. */
  told(...reasons: string[]): Promise<unknown>;
}

/** An address at which nobody listens. */
export const NOWHERE = "127.0.0.1:9";
export const PIN = `sha256/${"A".repeat(43)}=`;

const createPeer = async (
  kube: Kube,
  bus: Bus,
  peers: FactView<"peer">,
  n: number,
  spec: Partial<ForeignCluster["spec"]>,
): Promise<Peer> => {
  const name = `west-${n}`;
  const id = spec.clusterID ?? randomUUID();
  await kube.create(
    foreignClusters,
    make(foreignClusters, {
      metadata: { name },
      spec: { clusterID: id, clusterName: "west", authEndpoint: NOWHERE, pins: [PIN], ...spec },
    }),
  );
  const get = (): Promise<ForeignCluster | undefined> => kube.find(foreignClusters, name);
  const own = { clusterId: id, name };
  return {
    id,
    name,
    get,
    patch: (change) => kube.patch(foreignClusters, name, undefined, { spec: change }),
    delete: () => kube.delete(foreignClusters, name),
    fact: () => peers.get(id)?.data,
    identity: (direction, state, more) =>
      bus.publish("identity", { peer: id, id: direction }, { ...own, direction, state, ...more }),
    offer: (direction, state, more) =>
      bus.publish("offer", { peer: id, id: direction }, { ...own, direction, state, ...more }),
    node: (state, more) => bus.publish("node", { peer: id }, { ...own, nodeName: name, state, ...more }),
    replication: (state) => bus.publish("replication", { peer: id }, { ...own, state }),
    is: (type, reason, words = /^/) =>
      until(
        async () => {
          const c = findCondition((await get())?.status?.conditions, type);
          return c?.reason === reason && words.test(c.message) ? c : undefined;
        },
        {
          what: `${type} of ${name} with the reason ${reason} and ${words.source}`,
          explain: async () => JSON.stringify((await get())?.status),
        },
      ),
    told: (...reasons) =>
      until(
        async () => {
          const o = { namespace: "default", fieldSelector: `involvedObject.name=${name}` };
          const said = (await kube.list(events, o)).map((e) => e.reason ?? "");
          return reasons.every((r) => said.includes(r));
        },
        { what: `Events of ${name}: ${reasons.join(", ")}` },
      ),
  };
};

export const startWorld = async (): Promise<World> => {
  const [api, nats] = await Promise.all([startApiServer({ name: "discovery" }), startNats()]);
  await api.applyCrds("deploy/base/crds");
  const kube = createKube(loadCredentials({ KUBECONFIG: api.kubeconfig }), { userAgent: "discovery-test" });
  await kube.create(namespaces, { metadata: { name: "tideway-system" } });
  const account = await serviceAccount(api);
  const bus = await connectBus({ url: nats.url, service: "test", clusterID: "test", log: silentLogger });
  const peers = await bus.facts("peer");
  await peers.synced;
  let n = 0;
  return {
    api,
    nats,
    kube,
    bus,
    peers,
    start: (env = {}) => startService(account.kubeconfig, nats, { POD_NAME: `discovery-${++n}`, ...env }),
    peer: (spec = {}) => createPeer(kube, bus, peers, ++n, spec),
    stop: async () => {
      await bus.close();
      await kube.close();
      account.forget();
      await Promise.all([api.stop(), nats.stop()]);
    },
  };
};

/** Discovery may do what deploy/base/discovery lets it, and no more. */
const serviceAccount = async (api: ApiServer): Promise<{ kubeconfig: string; forget: () => void }> => {
  const manifests = "deploy/base/discovery";
  await api.kubectl("apply", "-f", `${manifests}/serviceaccount.yaml`, "-f", `${manifests}/rbac.yaml`);
  const token = (await api.kubectl("-n", "tideway-system", "create", "token", "discovery")).trim();
  const dir = mkdtempSync(join(tmpdir(), "tideway-discovery-"));
  const kubeconfig = join(dir, "kubeconfig");
  const named = { name: "discovery" };
  const ca = readFileSync(api.caFile).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": named.name,
    clusters: [{ ...named, cluster: { server: api.url, "certificate-authority-data": ca } }],
    users: [{ ...named, user: { token } }],
    contexts: [{ ...named, context: { cluster: named.name, user: named.name } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  return { kubeconfig, forget: () => rmSync(dir, { recursive: true, force: true }) };
};

const startService = async (
  kubeconfig: string,
  nats: NatsServer,
  env: Record<string, string>,
): Promise<Service> => {
  const abort = new AbortController();
  const hooks: (() => Promise<void> | void)[] = [];
  const gates = new Map<string, boolean>();
  const metrics = createMetrics("discovery");
  const ctx: RuntimeContext = {
    env: {
      KUBECONFIG: kubeconfig,
      TIDEWAY_CLUSTER_NAME: "east",
      BUS_URL: nats.url,
      DISCOVERY_PROBE_SECONDS: "0.1",
      DISCOVERY_PROBE_TIMEOUT_MS: "20000", // a busy machine is no peer that is silent
      ...env,
    },
    log: silentLogger,
    metrics,
    signal: abort.signal,
    setReady: (name, ok) => void gates.set(name, ok),
    onShutdown: (_name, fn) => void hooks.push(fn),
  };
  await wire(ctx, readConfig(ctx.env));
  return {
    metrics,
    ready: () => [...gates.values()].every(Boolean),
    stop: async () => {
      abort.abort();
      for (const hook of hooks.reverse()) await hook();
    },
  };
};
