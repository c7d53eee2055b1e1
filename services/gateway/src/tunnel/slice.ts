import type { Reconcile } from "@tideway/controller";
import { apiVersionOf, endpointSlices, type EndpointSlice, type Informer, type Kube } from "@tideway/k8s";
import { isAnnounced, listenPortOf, wantsTunnel } from "../peers/peer.ts";
import type { NetworkFact } from "../ports.ts";

export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "gateway.tideway.dev";
const OF_SERVICE = "kubernetes.io/service-name";
export const PEER_ID = "tideway.dev/remote-cluster-id";

/** Service of the same name, made by the network-manager: without a selector, ports `odd` and `even`. */
export const sliceName = (fact: NetworkFact): string => `tunnel-${fact.name}`;

export const sliceOf = (
  fact: NetworkFact,
  self: { podName: string; podIP: string; nodeName: string; namespace: string },
): EndpointSlice => ({
  metadata: {
    name: sliceName(fact),
    namespace: self.namespace,
    labels: { [OF_SERVICE]: sliceName(fact), [MANAGED_BY]: MANAGER, [PEER_ID]: fact.clusterId },
  },
  addressType: "IPv4",
  endpoints: [
    {
      addresses: [self.podIP],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: self.nodeName,
      targetRef: { kind: "Pod", namespace: self.namespace, name: self.podName },
    },
  ],
  ports: [
    { name: "odd", protocol: "UDP", port: listenPortOf(fact, 1) },
    { name: "even", protocol: "UDP", port: listenPortOf(fact, 2) },
  ],
});

const essence = (s: EndpointSlice): string =>
  JSON.stringify([
    (s.endpoints ?? []).map((e) => [e.addresses, e.nodeName]),
    (s.ports ?? []).map((p) => [p.name, p.port]),
    s.metadata.labels?.[OF_SERVICE],
  ]);

/** Leads what peers send to this cluster's nodes to the gateway that carries them. Key: cluster ID. */
export const createSliceReconciler =
  (d: {
    kube: Pick<Kube, "apply" | "delete">;
    cache: Pick<Informer<EndpointSlice>, "list">;
    network: (id: string) => NetworkFact | undefined;
    owns: (id: string) => boolean;
    self: { podName: string; podIP: string; nodeName: string; namespace: string };
  }): Reconcile =>
  async (id, { signal }) => {
    if (!d.owns(id)) return {};
    const fact = d.network(id);
    const standing = d.cache.list().filter((s) => s.metadata.labels?.[PEER_ID] === id);
    // Before the peer's keys are known: kube-proxy needs its time on every node.
    const wanted = wantsTunnel(fact) || isAnnounced(fact) ? sliceOf(fact, d.self) : undefined;
    for (const s of standing)
      if (s.metadata.name !== wanted?.metadata.name)
        await d.kube.delete(endpointSlices, s.metadata.name, d.self.namespace, { signal });
    const have = standing.find((s) => s.metadata.name === wanted?.metadata.name);
    if (wanted && (!have || essence(have) !== essence(wanted)))
      await d.kube.apply(
        endpointSlices,
        { apiVersion: apiVersionOf(endpointSlices), kind: endpointSlices.kind, ...wanted },
        { fieldManager: "gateway", signal },
      );
    return {};
  };
