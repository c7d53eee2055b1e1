import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startAddons } from "./addons.ts";
import { binaries, buildBinaries } from "./binaries.ts";
import {
  apiServerArgs,
  auditPolicy,
  controllerManagerArgs,
  etcdArgs,
  schedulerArgs,
} from "./control-plane.ts";
import { type Daemon, isRunning, logTail, startDaemon, stopDaemon } from "./daemon.ts";
import { forgetCluster, stopCluster } from "./down.ts";
import { importSystemImages, importWorkloadImages } from "./images/system.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import {
  API_PORT,
  API_SERVICE_IP,
  type ClusterPlace,
  clusterPlace,
  hostAddress,
  type Lan,
  type NodePlace,
  nodePlace,
  placeOf,
  RUN_ROOT,
  SERVICE_CIDR,
} from "./layout.ts";
import { withLock } from "./lock.ts";
import { dropBetween, joinLan, liftDrops, plugNode, readLan } from "./network.ts";
import { startAgents, startContainerd } from "./node.ts";
import { makePki } from "./pki.ts";
import { ensurePrerequisites } from "./prerequisites.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

export interface ClusterOptions {
  /** Name of a sandbox of its own, beside the checkout's default one. */
  sandbox?: string;
  name: string;
  /** Real nodes with a kubelet; default 1, at most 15. */
  nodes?: number;
  /** Simulated nodes (label `type=kwok`, tainted); default 0. */
  kwokNodes?: number;
  /** Added at the end of the controller-manager's command line. */
  controllerManagerFlags?: string[];
  /** Requests a second of controller-manager and scheduler; default 500, burst 1000. */
  qps?: number;
  burst?: number;
  /** Default true. */
  audit?: boolean;
  /** Default `.sandbox` of the checkout. */
  dir?: string;
  /** Called at each step. */
  report?: (step: string) => void;
}

export interface Cluster {
  name: string;
  kubeconfig: string;
  /** Reachable from the host and from pods of every cluster of the sandbox. */
  apiServer: string;
  nodeAddress: string;
  /** This machine, as nodes and pods of every cluster reach it: for a server that a test runs itself. */
  hostAddress: string;
  nodes: string[];
  auditLog: string;
  kubectl(...args: string[]): Promise<string>;
  /** SIGKILL, as in a crash. */
  killApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
  /** Drops all packets between the nodes of the two clusters, until heal(). */
  partitionFrom(other: Cluster): Promise<void>;
  heal(): Promise<void>;
  stop(): Promise<void>;
}

/** What attachCluster needs to know; written before the first process starts. */
export interface ClusterRecord {
  options: ClusterOptions;
  nodes: number;
}

const recordFile = (p: ClusterPlace): string => join(p.state, "cluster.json");

export function readRecord(p: ClusterPlace): ClusterRecord {
  if (!existsSync(recordFile(p)))
    throw new Error(`no cluster ${p.cluster} in ${p.dir}; start it with \`sandbox up\``);
  return JSON.parse(readFileSync(recordFile(p), "utf8")) as ClusterRecord;
}

/** Brings the cluster up, or what is dead of it; a cluster that is well is left alone. */
export async function startCluster(wanted: ClusterOptions): Promise<Cluster> {
  const place = clusterPlace(placeOf(wanted), wanted.name);
  await ensurePrerequisites(wanted.report ?? ((): void => {}));
  await buildBinaries(wanted.report);
  return withLock(join(RUN_ROOT, `${place.id}-${wanted.name}.lock`), () => bringUp(wanted));
}

async function bringUp(wanted: ClusterOptions): Promise<Cluster> {
  const o = withKnown(wanted);
  const report = o.report ?? ((): void => {});
  if (!/^[a-z][a-z0-9]{0,19}$/.test(o.name))
    throw new Error(`a cluster's name is a short word, not ${o.name}`);
  const p = clusterPlace(placeOf(o), o.name);
  const { lan, fresh } = await joinLan(p, o.name);
  if (fresh) forgetCluster(p);
  mkdirSync(p.logs, { recursive: true });
  const nodes = Array.from({ length: o.nodes ?? 1 }, (_, i) => nodePlace(p, lan, i));
  writeFileSync(
    recordFile(p),
    JSON.stringify({ options: o, nodes: nodes.length } satisfies ClusterRecord, null, 2),
  );
  const first = nodes[0];
  if (!first) throw new Error("a cluster has at least one node");
  await Promise.all([
    ...nodes.map((n) =>
      plugNode(
        p,
        lan,
        n,
        nodes.filter((x) => x !== n),
      ),
    ),
    makePki(p.pki, {
      clusterName: o.name,
      serverNames: serverNames(first.address),
      nodes: nodes.map((n) => ({ name: n.name, address: n.address })),
    }),
  ]);
  report("network and certificates");
  const images = Promise.all(
    nodes.map(async (n) => {
      await startContainerd(p, n);
      await importSystemImages(n);
    }),
  ).then(() => report("container runtime"));
  images.catch(() => {}); // awaited below; an earlier error must not leave it unhandled
  await startControlPlane(p, first, o);
  report("control plane");
  await Promise.all(nodes.map((n) => startAgents(p, n)));
  await images;
  const workloads = Promise.all(nodes.map(importWorkloadImages)).then(() => report("workload images"));
  await Promise.all([workloads, startAddons(p, nodes, o, report)]);
  return describe(p, lan, nodes, o);
}

/** A cluster that runs only grows. */
function withKnown(o: ClusterOptions): ClusterOptions {
  const p = clusterPlace(placeOf(o), o.name);
  if (!existsSync(recordFile(p)) || readLan(p)?.slots[o.name] === undefined) return o;
  const { options, nodes } = readRecord(p);
  return {
    ...o,
    nodes: Math.max(nodes, o.nodes ?? 1),
    kwokNodes: Math.max(options.kwokNodes ?? 0, o.kwokNodes ?? 0),
  };
}

export function attachCluster(name: string, dir?: string): Promise<Cluster> {
  const p = clusterPlace(placeOf({ dir }), name);
  const record = readRecord(p);
  const lan = readLan(p);
  if (!lan) throw new Error(`the sandbox of ${p.dir} is down`);
  const nodes = Array.from({ length: record.nodes }, (_, i) => nodePlace(p, lan, i));
  return Promise.resolve(describe(p, lan, nodes, record.options));
}

const serverNames = (address: string): string[] => [
  ...[
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
  ].map((n) => `DNS:${n}`),
  ...[address, "127.0.0.1", API_SERVICE_IP].map((a) => `IP:${a}`),
];

async function component(p: ClusterPlace, first: NodePlace, name: string, args: string[]): Promise<Daemon> {
  return {
    name,
    command: await binaries.kube(name),
    args,
    netns: first.netns,
    pidDir: p.pids,
    logFile: join(p.logs, `${name}.log`),
  };
}

const auditLogOf = (p: ClusterPlace): string => join(p.state, "audit.log");

async function apiServerDaemon(p: ClusterPlace, first: NodePlace, o: ClusterOptions): Promise<Daemon> {
  const policy = join(p.state, "audit-policy.json");
  writeFileSync(policy, auditPolicy);
  const args = apiServerArgs({
    pki: p.pki,
    advertise: first.address,
    bind: "0.0.0.0",
    port: API_PORT,
    etcd: "http://127.0.0.1:2379",
    serviceCidr: SERVICE_CIDR,
    auditLog: o.audit === false ? undefined : auditLogOf(p),
    auditPolicy: policy,
    serviceAccountAdmission: true,
  });
  return component(p, first, "kube-apiserver", args);
}

async function startControlPlane(p: ClusterPlace, first: NodePlace, o: ClusterOptions): Promise<void> {
  const etcd = etcdArgs({
    dataDir: join(p.state, "etcd"),
    clientUrl: "http://127.0.0.1:2379",
    peerUrl: "http://127.0.0.1:2380",
  });
  startDaemon(await component(p, first, "etcd", etcd));
  await startApi(p, first, o);
  const local = `https://127.0.0.1:${API_PORT}`;
  const config = (user: string): string => {
    const file = join(p.state, `${user}.kubeconfig`);
    writeKubeconfig(file, { cluster: p.cluster, server: local, pki: p.pki, user });
    return file;
  };
  const qps = o.qps ?? 500;
  const burst = o.burst ?? 1000;
  const manager = controllerManagerArgs({
    pki: p.pki,
    kubeconfig: config("kube-controller-manager"),
    port: 10257,
    qps,
    burst,
    extra: o.controllerManagerFlags ?? [],
  });
  startDaemon(await component(p, first, "kube-controller-manager", manager));
  startDaemon(
    await component(p, first, "kube-scheduler", schedulerArgs(config("kube-scheduler"), qps, burst)),
  );
}

async function startApi(p: ClusterPlace, first: NodePlace, o: ClusterOptions): Promise<void> {
  const d = await apiServerDaemon(p, first, o);
  startDaemon(d);
  const server = `https://${first.address}:${API_PORT}`;
  writeKubeconfig(p.kubeconfig, { cluster: p.cluster, server, pki: p.pki, user: "admin" });
  const ready = async (): Promise<boolean> => {
    if (!isRunning(d)) startDaemon(d); // it gives up when etcd comes up later than it
    return (await kubectl(p, "get", "--raw", "/readyz")) === "ok";
  };
  await until(ready, { what: `API server of ${p.cluster}`, explain: () => logTail(d.logFile), everyMs: 150 });
}

export async function kubectl(p: Pick<ClusterPlace, "kubeconfig">, ...args: string[]): Promise<string> {
  return run(await binaries.kube("kubectl"), ["--kubeconfig", p.kubeconfig, ...args]);
}

function describe(p: ClusterPlace, lan: Lan, nodes: NodePlace[], o: ClusterOptions): Cluster {
  const first = nodes[0] as NodePlace;
  return {
    name: p.cluster,
    kubeconfig: p.kubeconfig,
    apiServer: `https://${first.address}:${API_PORT}`,
    nodeAddress: first.address,
    hostAddress: hostAddress(lan),
    nodes: nodes.map((n) => n.name),
    auditLog: auditLogOf(p),
    kubectl: (...args) => kubectl(p, ...args),
    killApiServer: () => stopDaemon({ name: "kube-apiserver", pidDir: p.pids }, { signal: "SIGKILL" }),
    startApiServer: () => startApi(p, first, o),
    partitionFrom: (other) => dropBetween(nodes, addressesOf(p, lan, other.name)),
    heal: () => liftDrops(nodes),
    stop: () => stopCluster(p),
  };
}

function addressesOf(p: ClusterPlace, lan: Lan, cluster: string): string[] {
  const current = readLan(p) ?? lan;
  const other = clusterPlace(p, cluster);
  return Array.from({ length: readRecord(other).nodes }, (_, i) => nodePlace(other, current, i).address);
}
