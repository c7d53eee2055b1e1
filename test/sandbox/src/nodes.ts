import { rmSync } from "node:fs";
import { awaitNode, type Kubectl, kubectlOf } from "./addons.ts";
import { cutNode } from "./down.ts";
import { copyImages } from "./images/load.ts";
import { importSystemImages, importWorkloadImages } from "./images/system.ts";
import { type ClusterPlace, type Lan, type NodePlace, nodePlace } from "./layout.ts";
import { plugNode, routePods, unroutePods } from "./network.ts";
import { startAgents, startContainerd } from "./node.ts";
import { makePki } from "./pki.ts";
import { indicesFor, nodesOf, readRecord, writeRecord } from "./record.ts";
import { serverNames } from "./run-control-plane.ts";

export interface RemoveOptions {
  /** Evict the pods first, as an administrator would; default true. Without it the node just disappears. */
  drain?: boolean;
}

/** One more real node on a cluster that runs; Ready, and with every image that the first node has. */
export async function addNode(p: ClusterPlace, lan: Lan): Promise<string> {
  const record = readRecord(p);
  const indices = indicesFor(record.nodes.length + 1, record.nodes);
  const index = indices.find((i) => !record.nodes.includes(i)) as number;
  writeRecord(p, { ...record, nodes: indices });
  const added = nodePlace(p, lan, index);
  await bootNode(p, lan, added);
  return added.name;
}

/** Of a node that was removed from the power: it comes up again with its disk. */
export async function bootNode(p: ClusterPlace, lan: Lan, n: NodePlace): Promise<void> {
  const { options } = readRecord(p);
  const cni = options.cni ?? "bridge";
  const nodes = nodesOf(p, lan);
  const first = nodes[0] as NodePlace;
  await Promise.all([plugNode(p, lan, n, cni), makeNodePki(p, nodes)]);
  if (cni === "bridge") await routePods(nodes);
  await startContainerd(p, n, cni);
  await importSystemImages(n);
  await importWorkloadImages(n);
  await copyImages(first, n); // before the kubelet: a DaemonSet's pod comes at once, and nothing can be pulled
  const k = await kubectlOf(p);
  await doubt(k, n);
  await startAgents(p, n);
  await awaitNode(p, k, n, cni);
}

/** A node that was cut off may still count as Ready: only what its new kubelet says is to be believed. */
async function doubt(k: Kubectl, n: NodePlace): Promise<void> {
  const ready = { type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message: "the node starts" };
  const known = await k(["get", "node", n.name, "--ignore-not-found", "-o", "name"]);
  if (known === "") return;
  const patch = JSON.stringify({ status: { conditions: [ready] } });
  await k(["patch", "node", n.name, "--subresource=status", "-p", patch]);
}

/** The node ends, and with it its object and its pods' objects: the garbage collector would take 40 s. */
export async function removeNode(
  p: ClusterPlace,
  lan: Lan,
  name: string,
  o: RemoveOptions = {},
): Promise<void> {
  const k = await kubectlOf(p);
  const gone = workerOf(p, lan, name);
  if (o.drain ?? true) {
    const flags = ["--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=60s"];
    await k(["drain", name, ...flags]);
  }
  await cutNode(p, gone);
  const record = readRecord(p);
  writeRecord(p, { ...record, nodes: record.nodes.filter((i) => i !== gone.index) });
  if ((record.options.cni ?? "bridge") === "bridge") await unroutePods(nodesOf(p, lan), gone);
  await k(["delete", "node", name, "--ignore-not-found"]);
  const left = ["get", "pods", "-A", `--field-selector=spec.nodeName=${name}`];
  const pods = await k([
    ...left,
    "-o",
    'jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\\n"}{end}',
  ]);
  for (const [namespace = "", pod = ""] of pods
    .split("\n")
    .filter(Boolean)
    .map((l) => l.split(" ")))
    await k(["-n", namespace, "delete", "pod", pod, "--grace-period=0", "--force", "--ignore-not-found"]);
  rmSync(gone.data, { recursive: true, force: true });
}

/** Power off: the API server learns of it by the node's silence. */
export const killNode = (p: ClusterPlace, lan: Lan, name: string): Promise<void> =>
  cutNode(p, workerOf(p, lan, name));

export function nodeCalled(p: ClusterPlace, lan: Lan, name: string): NodePlace {
  const found = nodesOf(p, lan).find((n) => n.name === name);
  if (!found) throw new Error(`${p.cluster} has no node ${name}`);
  return found;
}

function workerOf(p: ClusterPlace, lan: Lan, name: string): NodePlace {
  const n = nodeCalled(p, lan, name);
  if (n.index === 0)
    throw new Error(`${name} carries the control plane: it cannot go while the cluster runs`);
  return n;
}

export function makeNodePki(p: ClusterPlace, nodes: readonly NodePlace[]): Promise<void> {
  return makePki(p.pki, {
    clusterName: p.cluster,
    serverNames: serverNames((nodes[0] as NodePlace).address),
    nodes: nodes.map((n) => ({ name: n.name, address: n.address })),
  });
}
