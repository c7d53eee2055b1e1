/** Two real API servers and a real bus; the replicator runs as its own process, with the rights that are deployed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  foreignClusters,
  namespaceMaps,
  networkConfigs,
  ORIGIN,
  ORIGIN_UID,
  resourceOffers,
  resourceRequests,
} from "@tideway/api";
import { type Bus, connectBus, type FactInput } from "@tideway/bus";
import { createKube, fromKubeconfig, type Kube, namespaces, roleBindings, secrets } from "@tideway/k8s";
import { createLogger } from "@tideway/log";
import { type ApiServer, type NatsServer, startApiServer, startNats } from "@tideway/sandbox";
import { renderKubeconfig } from "../../../test/sandbox/src/kubeconfig.ts";
import { makeCertificate } from "../../../test/sandbox/src/pki.ts";

const repo = (path: string): string => new URL(`../../../${path}`, import.meta.url).pathname;
const log = createLogger({ service: "test", level: "error" });
export const WEST = "west";
export const LOCAL = "tideway-peer-west";
export const REMOTE = "tideway-tenant-east";
const SECRET = "tideway-identity";
const b64 = (s: string): string => Buffer.from(s).toString("base64");

export interface Replica {
  name: string;
  log(): string;
  metrics(): Promise<string>;
  /** SIGTERM, and waits. */
  stop(): Promise<number | null>;
  /** SIGKILL: leaves its lease behind. */
  kill(): Promise<void>;
}

export interface World {
  east: ApiServer;
  west: ApiServer;
  nats: NatsServer;
  here: Kube;
  there: Kube;
  bus: Bus;
  eastID: string;
  westID: string;
  replica(name: string, env?: Record<string, string>): Replica;
  /** Secret, tenant namespaces on both sides, and the rights auth would give. */
  tenant(peer: { id: string; name: string; local: string; remote: string }): Promise<void>;
  grant(o?: Partial<FactInput<"identity">>): Promise<void>;
  peerFact(o?: Partial<FactInput<"peer">>): Promise<void>;
  replication(peer?: string): string | undefined;
  stop(): Promise<void>;
}

const replicas = new Set<ChildProcess>();

const ensure = (kube: Kube, name: string): Promise<unknown> =>
  kube.apply(namespaces, { metadata: { name } }, { fieldManager: "test" });

export async function startWorld(): Promise<World> {
  const [east, west, nats] = await Promise.all([
    startApiServer({ name: "east" }),
    startApiServer({ name: "west" }),
    startNats(),
  ]);
  await Promise.all([east, west].map((s) => s.applyCrds(repo("deploy/base/crds"))));
  await east.kubectl("create", "namespace", "tideway-system");
  await east.kubectl("apply", "-n", "tideway-system", "-f", repo("deploy/base/replicator/rbac.yaml"));
  const rights = ["rbac-peer.yaml", "admission-policy.yaml"].flatMap((f) => [
    "-f",
    repo(`deploy/base/auth/${f}`),
  ]);
  await Promise.all([east, west].map((s) => s.kubectl("apply", ...rights)));
  const here = createKube(fromKubeconfig(east.kubeconfig), { userAgent: "test" });
  const there = createKube(fromKubeconfig(west.kubeconfig), { userAgent: "test" });
  const idOf = async (k: Kube): Promise<string> =>
    (await k.get(namespaces, "kube-system")).metadata.uid ?? "";
  const [eastID, westID] = await Promise.all([idOf(here), idOf(there)]);

  const pkiOf = (s: ApiServer): string => join(dirname(s.kubeconfig), "pki");
  const service = "system:serviceaccount:tideway-system:replicator";
  await makeCertificate(pkiOf(east), { name: "replicator", commonName: service });
  await makeCertificate(pkiOf(west), {
    name: "peer",
    commonName: `tideway:${eastID}`,
    organisation: "tideway:peers",
  });
  const kubeconfig = join(dirname(east.kubeconfig), "replicator.kubeconfig");
  writeFileSync(
    kubeconfig,
    renderKubeconfig({ cluster: "east", server: east.url, pki: pkiOf(east), user: "replicator" }),
  );
  const bus = await connectBus({ url: nats.url, service: "auth", clusterID: eastID, log, settleMs: 0 });
  const facts = await bus.facts("replication");

  const bind = (kube: Kube, namespace: string, role: string, user: string): Promise<unknown> =>
    kube.apply(
      roleBindings,
      {
        metadata: { name: role, namespace },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
        subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: user }],
      },
      { fieldManager: "test" },
    );

  const world: World = {
    east,
    west,
    nats,
    here,
    there,
    bus,
    eastID,
    westID,
    replica: (name, env = {}) =>
      startReplica(
        name,
        { KUBECONFIG: kubeconfig, BUS_URL: nats.url, TIDEWAY_CLUSTER_NAME: "east", ...env },
        dirname(east.kubeconfig),
      ),
    tenant: async ({ local, remote, name, id }) => {
      await Promise.all([ensure(here, local), ensure(there, remote)]);
      const pki = pkiOf(west);
      const read = (file: string): string => b64(readFileSync(join(pki, file), "utf8"));
      await Promise.all([
        bind(here, local, "tideway-identity-reader", service),
        bind(there, remote, "tideway-peer", `tideway:${eastID}`),
        here.apply(
          secrets,
          {
            metadata: { name: SECRET, namespace: local },
            data: {
              server: b64(west.url),
              "ca.crt": read("ca.crt"),
              "tls.crt": read("peer.crt"),
              "tls.key": read("peer.key"),
              namespace: b64(remote),
            },
          },
          { fieldManager: "test" },
        ),
        here.apply(
          foreignClusters,
          {
            metadata: { name },
            spec: {
              clusterID: id,
              clusterName: name,
              authEndpoint: "192.0.2.1:443",
              pins: [],
              outgoingPeering: "Yes",
            },
          },
          { fieldManager: "test" },
        ),
      ]);
    },
    grant: (o = {}) =>
      bus.publish(
        "identity",
        { peer: o.clusterId ?? westID, id: "outgoing" },
        {
          clusterId: westID,
          name: WEST,
          direction: "outgoing",
          state: "GRANTED",
          apiServer: west.url,
          localNamespace: LOCAL,
          remoteNamespace: REMOTE,
          secretName: SECRET,
          serial: "1",
          ...o,
        },
      ),
    peerFact: (o = {}) =>
      bus.publish(
        "peer",
        { peer: westID },
        { clusterId: westID, name: WEST, phase: "PRESENT", outgoing: true, peerNamespace: LOCAL, ...o },
      ),
    replication: (peer = westID) => facts.get(peer)?.data.state,
    stop: async () => {
      for (const p of replicas) p.kill("SIGKILL");
      await bus.close();
      await Promise.all([here.close(), there.close(), east.stop(), west.stop(), nats.stop()]);
    },
  };
  return world;
}

const startReplica = (name: string, env: Record<string, string>, dir: string): Replica => {
  const file = join(dir, `${name}.log`);
  const out = openSync(file, "a");
  const child = spawn(
    process.execPath,
    [process.env.REPLICATOR_MAIN ?? repo("services/replicator/src/main.ts")],
    {
      env: {
        ...env,
        POD_NAME: name,
        METRICS_PORT: "0",
        HEALTH_PORT: "0",
        LOG_LEVEL: "debug",
        PATH: process.env.PATH ?? "",
        NODE_OPTIONS: process.env.REPLICATOR_NODE_OPTIONS ?? "",
      },
      stdio: ["ignore", out, out],
    },
  );
  closeSync(out);
  replicas.add(child);
  child.once("exit", () => replicas.delete(child));
  const log = (): string => readFileSync(file, "utf8");
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, "exit");
    child.kill(signal);
    return ((await exit) as [number | null])[0];
  };
  return {
    name,
    log,
    metrics: async () => {
      const port = /"metricsPort":(\d+)/.exec(log())?.[1];
      return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    },
    stop: () => end("SIGTERM"),
    kill: async () => void (await end("SIGKILL")),
  };
};

export const request = (w: World, namespace = LOCAL, cpu = "1") => ({
  metadata: {
    name: "request",
    namespace,
    annotations: { "tideway.dev/traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  },
  spec: { clusterID: w.eastID, resources: { cpu } },
});
export const map = (names: string[]) => ({
  metadata: { name: "namespaces", namespace: LOCAL },
  spec: { namespaces: names },
});
export const offer = (w: World, cpu = "4") => ({
  metadata: { name: "offer", namespace: REMOTE },
  spec: { clusterID: w.westID, resources: { cpu }, labels: {}, storageClasses: [] },
});
export const network = (id: string, namespace: string, mtu = 1420) => ({
  metadata: { name: id, namespace },
  spec: {
    clusterID: id,
    podCIDR: "10.200.0.0/16",
    externalCIDR: "10.201.0.0/16",
    keys: [{ generation: 1, publicKey: `${"A".repeat(43)}=` }],
    mtu,
  },
});
export {
  foreignClusters,
  namespaceMaps,
  networkConfigs,
  ORIGIN,
  ORIGIN_UID,
  resourceOffers,
  resourceRequests,
};
