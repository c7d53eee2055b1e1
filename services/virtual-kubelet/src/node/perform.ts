import {
  make,
  NAMESPACE_MAP_NAME,
  namespaceMaps,
  peerNamespace,
  type VirtualNode,
  virtualNodes,
} from "@tideway/api";
import { isAlreadyExists } from "@tideway/errors";
import { type Informer, type Kube, leases, type Node, nodes, type Pod, pods } from "@tideway/k8s";
import { parseList, formatList, equalLists } from "@tideway/quantity";
import { type Clock, nowIso } from "../ports.ts";
import type { Effect } from "./decide.ts";
import { specPatch, statusPatch } from "./diff.ts";
import { latencyLabels } from "./latency.ts";
import { FIELD_MANAGER, LEASE_NAMESPACE, nodeOf, type NodeWish } from "./manifests.ts";

export interface NodeDeps {
  kube: Kube;
  clock: Clock;
  signal: AbortSignal;
  virtualNodes: Informer<VirtualNode>;
  nodes: Informer<Node>;
  /** Where this replica serves the kubelet API. */
  address: string;
  port: number;
  kubeletVersion: string;
}

const sameMap = (
  a: Readonly<Record<string, unknown>> = {},
  b: Readonly<Record<string, unknown>> = {},
): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => a[k] === b[k]);
};

export const ensureVirtualNode = async (
  d: NodeDeps,
  clusterID: string,
  e: Effect & { do: "virtualNode" },
): Promise<VirtualNode> => {
  const o = { signal: d.signal, fieldManager: FIELD_MANAGER };
  const found = d.virtualNodes.get(e.name);
  const have = found?.spec.resources;
  if (found && equalLists(parseList(have), parseList(e.resources)) && sameMap(found.spec.labels, e.labels))
    return found;
  const resources = formatList(parseList(e.resources));
  // Without `unreachable`: that field is the owner's to set. No server-side apply: it makes null of a map whose last
  // key goes, which the schema refuses.
  if (!found)
    return d.kube
      .create(
        virtualNodes,
        make(virtualNodes, {
          metadata: { name: e.name },
          spec: { clusterID, ...(e.pool === "" ? {} : { pool: e.pool }), resources, labels: e.labels },
        }),
        o,
      )
      .catch(async (err: unknown) => {
        if (!isAlreadyExists(err)) throw err;
        return d.kube.get(virtualNodes, e.name, undefined, o);
      });
  const spec = { resources: replacing(have, resources), labels: replacing(found.spec.labels, e.labels) };
  return d.kube.patch(virtualNodes, e.name, undefined, { metadata: { uid: found.metadata.uid }, spec }, o);
};

/** A merge patch that leaves exactly `next`. */
const replacing = (
  before: Readonly<Record<string, unknown>> = {},
  next: Readonly<Record<string, string>>,
): Record<string, string | null> => ({
  ...Object.fromEntries(Object.keys(before).map((k) => [k, null])),
  ...next,
});

/** One create with its status, as a kubelet registers; later one patch for each part that differs. */
export const ensureNode = async (
  d: NodeDeps,
  peer: string,
  vn: Readonly<VirtualNode>,
  e: Effect & { do: "node" },
): Promise<Node> => {
  const wish: NodeWish = {
    name: vn.metadata.name,
    peer,
    pool: vn.spec.pool ?? "",
    clusterID: vn.spec.clusterID,
    resources: formatList(parseList(vn.spec.resources)),
    labels: vn.spec.labels ?? {},
    distance: latencyLabels(e.latencyMs, d.nodes.get(vn.metadata.name)?.metadata.labels ?? {}),
    address: d.address,
    port: d.port,
    kubeletVersion: d.kubeletVersion,
    ready: e.ready,
    reason: e.reason,
    message: e.message,
    cordoned: e.cordoned,
    network: e.network,
    nowIso: nowIso(d.clock),
  };
  let found = d.nodes.get(wish.name);
  if (!found) {
    try {
      return await d.kube.create(nodes, nodeOf(wish, vn), { signal: d.signal });
    } catch (err) {
      if (!isAlreadyExists(err)) throw err;
      found = await d.kube.get(nodes, wish.name, undefined, d);
    }
  }
  const spec = specPatch(found, wish);
  const status = statusPatch(found, wish);
  let node: Node = found;
  if (spec)
    node = await d.kube.patch(nodes, wish.name, undefined, spec, { type: "strategic", signal: d.signal });
  if (status)
    node = await d.kube.patch(nodes, wish.name, undefined, status, {
      type: "strategic",
      subresource: "status",
      signal: d.signal,
    });
  return node;
};

const secondsLeft = (pod: Readonly<Pod>, now: number): number =>
  pod.metadata.deletionTimestamp === undefined
    ? Number.POSITIVE_INFINITY
    : (Date.parse(pod.metadata.deletionTimestamp) - now) / 1000;

/** Asks the pods to go within the time; those that go sooner by themselves are left alone. */
export const evict = async (
  d: NodeDeps,
  bound: readonly Readonly<Pod>[],
  e: Effect & { do: "evict" },
): Promise<void> => {
  const now = d.clock.now();
  const todo = bound.filter((p) => e.force || secondsLeft(p, now) > e.withinSeconds + 1);
  for (let at = 0; at < todo.length; at += 20)
    await Promise.all(
      todo.slice(at, at + 20).map((p) => {
        const grace = e.force ? 0 : Math.min(p.spec?.terminationGracePeriodSeconds ?? 30, e.withinSeconds);
        const uid = p.metadata.uid ? { uid: p.metadata.uid } : {};
        return d.kube.delete(pods, p.metadata.name, p.metadata.namespace, {
          ...uid,
          gracePeriodSeconds: grace,
          signal: d.signal,
        });
      }),
    );
};

/** The last node of the peer is gone: no namespace has a twin there any more. */
export const removeMap = (d: NodeDeps, peer: string): Promise<void> =>
  d.kube.delete(namespaceMaps, NAMESPACE_MAP_NAME, peerNamespace(peer), { signal: d.signal });

/** Everything of the node. */
export const remove = async (d: NodeDeps, name: string): Promise<void> => {
  const o = { signal: d.signal };
  const withUid = (uid: string | undefined): { uid?: string; signal: AbortSignal } => ({
    ...o,
    ...(uid ? { uid } : {}),
  });
  const node = d.nodes.get(name);
  const vn = d.virtualNodes.get(name);
  await Promise.all([
    node && d.kube.delete(nodes, name, undefined, withUid(node.metadata.uid)),
    vn && d.kube.delete(virtualNodes, name, undefined, withUid(vn.metadata.uid)),
    d.kube.delete(leases, name, LEASE_NAMESPACE, o),
  ]);
};
