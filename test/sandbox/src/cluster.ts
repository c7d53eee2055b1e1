import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startAddons } from "./addons.ts";
import { buildBinaries } from "./binaries.ts";
import { stopDaemon } from "./daemon.ts";
import { forgetCluster, stopCluster } from "./down.ts";
import { importSystemImages, importWorkloadImages } from "./images/system.ts";
import {
  API_PORT,
  type ClusterPlace,
  clusterPlace,
  hostAddress,
  type Lan,
  type NodePlace,
  placeOf,
  RUN_ROOT,
} from "./layout.ts";
import { withLock } from "./lock.ts";
import { dropBetween, joinLan, liftDrops, plugNode, readLan, routePods } from "./network.ts";
import { startAgents, startContainerd } from "./node.ts";
import {
  addNode,
  bootNode,
  killNode,
  makeNodePki,
  nodeCalled,
  removeNode,
  type RemoveOptions,
} from "./nodes.ts";
import { ensurePrerequisites } from "./prerequisites.ts";
import { type ClusterOptions, hasRecord, indicesFor, nodesOf, readRecord, writeRecord } from "./record.ts";
import { auditLogOf, kubectl, startApi, startControlPlane } from "./run-control-plane.ts";

export interface Cluster {
  name: string;
  kubeconfig: string;
  /** Reachable from the host and from pods of every cluster of the sandbox. */
  apiServer: string;
  nodeAddress: string;
  /** This machine, as nodes and pods of every cluster reach it: for a server that a test runs itself. */
  hostAddress: string;
  /** Names of the real nodes, the first carries the control plane; follows addNode and removeNode. */
  nodes: string[];
  auditLog: string;
  kubectl(...args: string[]): Promise<string>;
  /** SIGKILL, as in a crash. */
  killApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
  /** One more real node, Ready and with the images of the first; gives its name. */
  addNode(): Promise<string>;
  /** Not the first node. It is drained, ends, and its Node and what is left of its pods are deleted. */
  removeNode(name: string, o?: RemoveOptions): Promise<void>;
  /** Not the first node. All of it ends at once, as without power; its objects stay as they are. */
  killNode(name: string): Promise<void>;
  /** After killNode: it comes up again with its disk. */
  startNode(name: string): Promise<void>;
  /** Drops all packets between the nodes of the two clusters, until heal(). */
  partitionFrom(other: Cluster): Promise<void>;
  heal(): Promise<void>;
  stop(): Promise<void>;
}

const locked = <T>(p: ClusterPlace, body: () => Promise<T>): Promise<T> =>
  withLock(join(RUN_ROOT, `${p.id}-${p.cluster}.lock`), body);

/** Brings the cluster up, or what is dead of it; a cluster that is well is left alone. */
export async function startCluster(wanted: ClusterOptions): Promise<Cluster> {
  const place = clusterPlace(placeOf(wanted), wanted.name);
  await ensurePrerequisites(wanted.report ?? ((): void => {}));
  await buildBinaries(wanted.report, wanted.cni === "flannel" ? ["flannel"] : []);
  return locked(place, () => bringUp(wanted));
}

async function bringUp(wanted: ClusterOptions): Promise<Cluster> {
  const o = withKnown(wanted);
  const report = o.report ?? ((): void => {});
  const cni = o.cni ?? "bridge";
  if (!/^[a-z][a-z0-9]{0,19}$/.test(o.name))
    throw new Error(`a cluster's name is a short word, not ${o.name}`);
  const p = clusterPlace(placeOf(o), o.name);
  const { lan, fresh } = await joinLan(p, o.name);
  if (fresh) forgetCluster(p);
  mkdirSync(p.logs, { recursive: true });
  const indices = indicesFor(o.nodes ?? 1, hasRecord(p) ? readRecord(p).nodes : []);
  writeRecord(p, { options: o, nodes: indices });
  const nodes = nodesOf(p, lan);
  const first = nodes[0] as NodePlace;
  await Promise.all([...nodes.map((n) => plugNode(p, lan, n, cni)), makeNodePki(p, nodes)]);
  if (cni === "bridge") await routePods(nodes);
  report("network and certificates");
  const images = Promise.all(
    nodes.map(async (n) => {
      await startContainerd(p, n, cni);
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
  return describe(p, lan, o);
}

/** A cluster that runs only grows, but for removeNode. */
function withKnown(o: ClusterOptions): ClusterOptions {
  const p = clusterPlace(placeOf(o), o.name);
  if (!hasRecord(p) || readLan(p)?.slots[o.name] === undefined) return o;
  const { options, nodes } = readRecord(p);
  const cni = options.cni ?? "bridge";
  if (o.cni && o.cni !== cni) throw new Error(`${o.name} runs with the network ${cni}: take it down first`);
  return {
    ...o,
    cni,
    nodes: Math.max(nodes.length, o.nodes ?? 1),
    kwokNodes: Math.max(options.kwokNodes ?? 0, o.kwokNodes ?? 0),
  };
}

export function attachCluster(name: string, dir?: string): Promise<Cluster> {
  const p = clusterPlace(placeOf({ dir }), name);
  const { options } = readRecord(p);
  const lan = readLan(p);
  if (!lan) throw new Error(`the sandbox of ${p.dir} is down`);
  return Promise.resolve(describe(p, lan, options));
}

function describe(p: ClusterPlace, lan: Lan, o: ClusterOptions): Cluster {
  const nodes = nodesOf(p, lan);
  const first = nodes[0] as NodePlace;
  const names = nodes.map((n) => n.name);
  const changed = <T>(result: T): T => {
    names.splice(0, names.length, ...nodesOf(p, lan).map((n) => n.name));
    return result;
  };
  return {
    name: p.cluster,
    kubeconfig: p.kubeconfig,
    apiServer: `https://${first.address}:${API_PORT}`,
    nodeAddress: first.address,
    hostAddress: hostAddress(lan),
    nodes: names,
    auditLog: auditLogOf(p),
    kubectl: (...args) => kubectl(p, ...args),
    killApiServer: () => stopDaemon({ name: "kube-apiserver", pidDir: p.pids }, { signal: "SIGKILL" }),
    startApiServer: () => startApi(p, first, o),
    addNode: () => locked(p, () => addNode(p, lan)).then(changed),
    removeNode: (name, how) => locked(p, () => removeNode(p, lan, name, how)).then(changed),
    killNode: (name) => locked(p, () => killNode(p, lan, name)),
    startNode: (name) => locked(p, () => bootNode(p, lan, nodeCalled(p, lan, name))),
    partitionFrom: (other) => dropBetween(nodesOf(p, lan), addressesOf(p, lan, other.name)),
    heal: () => liftDrops(nodesOf(p, lan)),
    stop: () => stopCluster(p),
  };
}

const addressesOf = (p: ClusterPlace, lan: Lan, cluster: string): string[] =>
  nodesOf(clusterPlace(p, cluster), readLan(p) ?? lan).map((n) => n.address);
