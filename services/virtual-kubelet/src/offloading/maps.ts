import {
  make,
  NAMESPACE_MAP_NAME,
  type NamespaceMap,
  namespaceMaps,
  type NamespaceOffloading,
  peerNamespace,
  TRACEPARENT,
} from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import { isAlreadyExists, isNotFound } from "@tideway/errors";
import type { Informer, Kube } from "@tideway/k8s";
import { currentTraceparent, withSpan } from "@tideway/telemetry/tracing";
import type { Connections } from "../peers/connections.ts";
import { FIELD_MANAGER } from "../node/manifests.ts";
import { type VirtualNodeSeen, wanted } from "./decide.ts";

export interface MapDeps {
  kube: Kube;
  signal: AbortSignal;
  maps: Informer<NamespaceMap>;
  offloadings: Informer<NamespaceOffloading>;
  connections: Connections;
  owns(clusterID: string): boolean;
  /** The virtual nodes that stand for the peer. */
  nodesOf(clusterID: string): readonly VirtualNodeSeen[];
  /** The node is going: pods are drained there, no new namespace is mapped. */
  isLeaving(clusterID: string): boolean;
  /** Namespaces that are being deleted, whose data at the peer is on its way out with its claims. */
  endingData(clusterID: string): readonly string[];
}

/** Our map for the peer. */
export const ownMap = (maps: Informer<NamespaceMap>, peer: string): Readonly<NamespaceMap> | undefined =>
  maps.get(`${peerNamespace(peer)}/${NAMESPACE_MAP_NAME}`);

/** Twins that are ready, and those in use that only stopped being so: running pods are not to be lost sight of. */
export const twinsOf = (
  map: Readonly<NamespaceMap> | undefined,
  isOpen: (source: string) => boolean,
): ReadonlyMap<string, string> =>
  new Map(
    (map?.status?.namespaces ?? [])
      .filter((n) => n.twin && (n.ready || isOpen(n.source)))
      .map((n) => [n.source, n.twin]),
  );

const RETRY_MS = 500;

/** An empty list is never written: server-side apply by whoever copies the map would make null of it. */
const write = async (
  d: MapDeps,
  peer: string,
  map: Readonly<NamespaceMap> | undefined,
  namespaces: string[],
): Promise<unknown> => {
  const o = { fieldManager: FIELD_MANAGER, signal: d.signal };
  const namespace = peerNamespace(peer);
  const uid = map?.metadata.uid;
  const annotations = { [TRACEPARENT]: currentTraceparent() ?? "" };
  if (!map) {
    const metadata = { name: NAMESPACE_MAP_NAME, namespace, annotations };
    return d.kube.create(namespaceMaps, make(namespaceMaps, { metadata, spec: { namespaces } }), o);
  }
  if (namespaces.length === 0)
    return d.kube.delete(namespaceMaps, NAMESPACE_MAP_NAME, namespace, { uid: uid ?? "", signal: d.signal });
  const patch = { metadata: { uid, annotations }, spec: { namespaces } };
  return d.kube.patch(namespaceMaps, NAMESPACE_MAP_NAME, namespace, patch, o);
};

/** Which namespaces a provider is asked for; keys are cluster IDs. The map goes with the node. */
export const makeMapReconciler =
  (d: MapDeps): Reconcile =>
  async (clusterID) => {
    const served = d.connections.get(clusterID);
    if (!served || !d.owns(clusterID) || !d.maps.hasSynced || !d.offloadings.hasSynced) return {};
    const { peer, localPods } = served.session;
    const map = ownMap(d.maps, peer);
    served.setTwins(twinsOf(map, (source) => served.session.twin(source) !== undefined));
    const nodes = d.nodesOf(clusterID);
    // A map that is going is made anew when it is gone, if it is still wanted.
    if (nodes.length === 0 || d.isLeaving(clusterID) || map?.metadata.deletionTimestamp !== undefined)
      return {};
    if (!localPods.hasSynced) return { requeueAfterMs: 50 };
    const names = new Set(
      d.offloadings.list().flatMap((o) => (wanted(o, nodes) ? [o.metadata.namespace ?? ""] : [])),
    );
    // A namespace stays as long as it has pods over there, whatever its selector says now.
    const before = map?.spec.namespaces ?? [];
    const inUse = new Set(localPods.list().map((p) => p.metadata.namespace ?? ""));
    for (const name of before) if (inUse.has(name)) names.add(name);
    // Without a twin the peer could not be told any more that the data goes.
    const ending = d.endingData(clusterID).filter((name) => before.includes(name) && !names.has(name));
    for (const name of ending) names.add(name);
    const again = ending.length > 0 ? { requeueAfterMs: RETRY_MS } : {};
    const namespaces = [...names].sort();
    if (map ? JSON.stringify([...before].sort()) === JSON.stringify(namespaces) : namespaces.length === 0)
      return again;
    try {
      await withSpan("namespace-map", { attributes: { peer, namespaces: namespaces.length } }, () =>
        write(d, peer, map, namespaces),
      );
    } catch (err) {
      if (!isNotFound(err) && !isAlreadyExists(err)) throw err;
      return { requeueAfterMs: RETRY_MS }; // the tenant namespace comes with the identity; or the cache is behind
    }
    return again;
  };
