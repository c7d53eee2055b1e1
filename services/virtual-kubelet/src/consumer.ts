/** The consumer's half: virtual nodes, their pods, what the pods refer to, and the namespaces that are offloaded. */
import {
  namespaceMaps,
  namespaceOffloadings,
  VIRTUAL_NODE,
  type VirtualNode,
  virtualNodes,
} from "@tideway/api";
import type { Audit } from "@tideway/audit";
import { startController } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import { type Informer, informer, keyOf, type KubeObject, namespaces, nodes, pods } from "@tideway/k8s";
import type { VirtualKubeletMetrics } from "./metrics.ts";
import { givenPools, peerOfNode, whyLeave, type World } from "./node/decide.ts";
import { makeNodeReconciler } from "./node/reconciler.ts";
import { endingData } from "./offloading/ending-data.ts";
import { makeMapReconciler, ownMap } from "./offloading/maps.ts";
import { makeNamespaceReconciler } from "./offloading/reconciler.ts";
import { createApiServerSource } from "./network/api-server.ts";
import { watchNetworks } from "./network/networks.ts";
import { createConnections } from "./peers/connections.ts";
import { type AddressMapper, type Local, type Part, type PeerConnections, systemClock } from "./ports.ts";
import { slimLocal } from "./pods/slim.ts";
import { createSources } from "./reflection/sources.ts";

export interface ConsumerOptions {
  /** Port of the kubelet API. */
  port: number;
  /** Shown as version of the virtual nodes. */
  kubeletVersion: string;
  podWorkers: number;
  /** IP address management of this cluster. */
  mapper: AddressMapper;
  audit: Pick<Audit, "record">;
  metrics?: VirtualKubeletMetrics;
}
export interface Consumer extends Part {
  peers: PeerConnections;
}

const BACKOFF_MS = { first: 50, max: 2_000 };

export const startConsumer = async (local: Local, o: ConsumerOptions): Promise<Consumer> => {
  const { kube, signal, log, bus, metrics } = local;
  const clock = systemClock;
  const cache = { backoffMs: BACKOFF_MS };
  const vns = informer(kube, virtualNodes, cache);
  const nodeCache = informer(kube, nodes, { ...cache, labelSelector: `${VIRTUAL_NODE}=true` });
  const maps = informer(kube, namespaceMaps, cache);
  const offloadings = informer(kube, namespaceOffloadings, cache);
  const nsCache = informer(kube, namespaces, { ...cache, metadataOnly: true });
  const waiting = informer(kube, pods, { ...cache, fieldSelector: "spec.nodeName=", transform: slimLocal });
  waiting.index("namespace", (p) => [p.metadata.namespace ?? ""]);
  const caches = [vns, nodeCache, maps, offloadings, nsCache, waiting] as unknown as Informer<KubeObject>[];
  const [peer, offer, identity, node, network, address, tunnel, volume] = await Promise.all([
    bus.facts("peer"),
    bus.facts("offer"),
    bus.facts("identity"),
    bus.facts("node"),
    bus.facts("network"),
    bus.facts("address"),
    bus.facts("tunnel"),
    bus.facts("volume"),
  ]);
  for (const c of caches) {
    c.onError((err) => log.warn({ reason: describeError(err) }, "a watch broke; it is opened again"));
    c.start(signal);
  }
  // absence in what has not synced is not a fact
  await Promise.all([
    peer.synced,
    offer.synced,
    identity.synced,
    node.synced,
    network.synced,
    address.synced,
    tunnel.synced,
    volume.synced,
    ...caches.map((c) => c.synced),
  ]);

  /** By their names: the node of the nodes in no pool first. */
  const standingOf = (is: (v: Readonly<VirtualNode>) => boolean): Readonly<VirtualNode>[] =>
    vns
      .list()
      .filter(is)
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const seen = ({ metadata: { name } }: Readonly<VirtualNode>) => {
    const labels = nodeCache.get(name)?.metadata.labels;
    return labels && { name, labels };
  };
  const connections = createConnections();
  const sources = createSources(kube, signal);
  const common = { log, metrics, signal };
  const nodeDeps = {
    kube,
    clock,
    signal,
    virtualNodes: vns,
    nodes: nodeCache,
    address: local.podIP,
    port: o.port,
    kubeletVersion: o.kubeletVersion,
  };
  const reconciler = makeNodeReconciler({
    local,
    clock,
    sources,
    networks: watchNetworks(network),
    mapper: o.mapper,
    audit: o.audit,
    volumes: volume,
    waiting,
    apiServer: createApiServerSource(kube, signal),
    heldFor: (clusterID, namespace) =>
      address
        .list()
        .filter(({ data }) => data.state === "MAPPED" && data.namespace === namespace)
        .flatMap(({ data }) => (data.peers.includes(clusterID) ? data.address : [])),
    ingressClasses: (peer) => standingOf((v) => peerOfNode(v) === peer)[0]?.spec.ingressClasses ?? [],
    podWorkers: o.podWorkers,
    node: nodeDeps,
    facts: { peer, offer, identity, node, network, tunnel },
    connections,
    unreachable: (name) => vns.get(name)?.spec.unreachable ?? "Reschedule",
    onHealth: (id) => nodeController.enqueue(id),
    onServed: (id) => mapController.enqueue(id),
    onPodGone: (id, namespace) => {
      // Whoever drains waits for the last one.
      if (isLeaving(id) || isEndingAny(id)) nodeController.enqueue(id);
      const offloading = offloadings.get(`${namespace}/offloading`);
      if (offloading?.metadata.deletionTimestamp === undefined) return;
      mapController.enqueue(id);
      namespaceController.enqueue(namespace);
    },
  });
  const nodeController = startController({
    ...common,
    name: "node",
    reconcile: reconciler.reconcile,
    workers: 16,
  });

  const isLeaving = (clusterID: string): boolean =>
    whyLeave({
      peer: peer.get(clusterID)?.data,
      offer: offer.get(clusterID, "outgoing")?.data,
      identity: identity.get(clusterID, "outgoing")?.data,
      foreignCluster: "unasked",
    } as World) !== undefined;
  /** A node goes while others of the peer stay. */
  const isEndingAny = (clusterID: string): boolean => {
    const given = givenPools(offer.get(clusterID, "outgoing")?.data);
    const isGiven = (v: Readonly<VirtualNode>) => given?.some((p) => p.name === (v.spec.pool ?? ""));
    return given !== undefined && standingOf((v) => v.spec.clusterID === clusterID).some((v) => !isGiven(v));
  };
  const mapController = startController({
    ...common,
    name: "namespace-map",
    workers: 8,
    reconcile: makeMapReconciler({
      kube,
      signal,
      maps,
      offloadings,
      connections,
      owns: local.owns,
      isLeaving,
      endingData: endingData({ volumes: volume, namespaces: nsCache, now: () => clock.now() }),
      nodesOf: (id) => standingOf((v) => v.spec.clusterID === id).flatMap((v) => seen(v) ?? []),
    }),
  });
  const namespaceController = startController({
    ...common,
    name: "namespace-offloading",
    workers: 8,
    reconcile: makeNamespaceReconciler({
      kube,
      clock,
      signal,
      namespace: local.namespace,
      bus,
      offloadings,
      namespaces: nsCache,
      sources,
      owns: (namespace) => local.owns(`namespace/${namespace}`),
      isWatched: (namespace) =>
        connections.all().some(({ session }) => session.twin(namespace) !== undefined),
      peers: () =>
        [...new Set(vns.list().map(peerOfNode))].map((name) => ({
          name,
          nodes: standingOf((v) => peerOfNode(v) === name).map(
            (v) => seen(v) ?? { name: v.metadata.name, labels: {} },
          ),
          map: ownMap(maps, name),
        })),
    }),
  });

  const allMaps = (): void => connections.list().forEach((c) => mapController.enqueue(c.clusterID));
  const allNamespaces = (): void =>
    offloadings.list().forEach((x) => namespaceController.enqueue(x.metadata.namespace ?? ""));
  const allNodes = (): void => reconciler.keys().forEach((id) => nodeController.enqueue(id));

  peer.onChange((f) => nodeController.enqueue(f.peer));
  offer.onChange((f) => f.id !== "incoming" && nodeController.enqueue(f.peer));
  identity.onChange((f) => f.id !== "incoming" && nodeController.enqueue(f.peer));
  network.onChange((f) => nodeController.enqueue(f.peer));
  tunnel.onChange((f) => nodeController.enqueue(f.peer));
  vns.onChange((_key, vn, old) => {
    const id = (vn ?? old)?.spec.clusterID;
    if (id && !(vn && old && vn.metadata.generation === old.metadata.generation)) {
      nodeController.enqueue(id);
      connections.get(id)?.resyncNetwork(); // the map of ingress classes is in its spec
    }
    if (!vn || !old) allNamespaces();
  });
  nodeCache.onChange((key, now, old) => {
    const id = (now ?? old)?.metadata.labels?.["tideway.dev/remote-cluster-id"];
    if (id) nodeController.enqueue(id);
    if (now && old && JSON.stringify(now.metadata.labels) === JSON.stringify(old.metadata.labels)) return;
    log.debug({ node: key }, "labels of a virtual node changed");
    allMaps();
    allNamespaces();
  });
  maps.onChange(() => {
    allMaps();
    allNamespaces();
  });
  offloadings.onChange((_key, now, old) => {
    const namespace = (now ?? old)?.metadata.namespace;
    if (namespace) namespaceController.enqueue(namespace);
    if (!(now && old && now.metadata.generation === old.metadata.generation)) allMaps();
  });
  nsCache.onChange((key, now, old) => {
    if (now?.metadata.labels?.["tideway.dev/offloading"] !== old?.metadata.labels?.["tideway.dev/offloading"])
      namespaceController.enqueue(key);
  });
  bus.onReconnect(() => {
    reconciler.publishAgain();
    allNamespaces();
  });
  local.onOwnersChange(() => {
    allNodes();
    allMaps();
    nsCache.list().forEach((n) => namespaceController.enqueue(keyOf(n)));
  });
  allNodes();

  if (o.metrics) {
    const { nodeReady, nodePods } = o.metrics;
    const timer = setInterval(() => {
      for (const { session } of connections.all()) {
        nodeReady.set({ peer: session.peer }, session.health.current().ok ? 1 : 0);
        nodePods.set({ peer: session.peer }, session.localPods.size);
      }
    }, 5_000).unref();
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  }

  return {
    peers: connections,
    stop: async () => {
      await Promise.all([nodeController.done, mapController.done, namespaceController.done]);
      await Promise.all(connections.list().map((c) => connections.drop(c.clusterID)));
    },
  };
};
