import { PEER, POOL, REMOTE_CLUSTER_ID, VIRTUAL_NODE, type VirtualNode } from "@tideway/api";
import type { Lease, Node } from "@tideway/k8s";
import type { NodeNetwork } from "./tunnel.ts";

export const FIELD_MANAGER = "virtual-kubelet";
export const LEASE_NAMESPACE = "kube-node-lease";
/** As the kubelet's: the node controller waits this long for a renewal. */
export const LEASE_SECONDS = 40;
export const RENEW_MS = 10_000;
/** Annotation: the label keys that came with the offer, so that one withdrawn is taken off again. */
export const OFFERED_LABELS = "offloading.tideway.dev/offered-labels";

/** Annotation: we cordoned the node, not a person, so it is opened again when the offer is. */
export const CORDONED_BY_OFFER = "offloading.tideway.dev/cordoned-by-offer";

export interface NodeWish {
  name: string;
  /** Peer name of the provider, and its node pool; "": its nodes in none. */
  peer: string;
  pool: string;
  clusterID: string;
  resources: Readonly<Record<string, string>>;
  /** Labels of the offer. */
  labels: Readonly<Record<string, string>>;
  /** How far it is, see `latency.ts`. */
  distance: Readonly<Record<string, string>>;
  /** Address and port at which this replica serves the kubelet API. */
  address: string;
  port: number;
  kubeletVersion: string;
  ready: boolean;
  reason: string;
  message: string;
  cordoned: boolean;
  /** Undefined: the condition NetworkUnavailable is absent. */
  network: NodeNetwork | undefined;
  nowIso: string;
}

const RESERVED =
  /^(kubernetes\.io\/hostname|node-role\.kubernetes\.io\/.*|node\.kubernetes\.io\/exclude-.*|(?!region\.tideway)([^/]*\.)?tideway\.dev\/.*|type)$/;
/** What a provider may say about its node: not who it is here, nor what this cluster's controllers act on. */
export const offeredLabels = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !RESERVED.test(key)));

export const nodeLabels = (w: NodeWish): Record<string, string> => ({
  "kubernetes.io/os": "linux",
  "kubernetes.io/arch": "amd64",
  ...offeredLabels(w.labels),
  ...w.distance,
  "kubernetes.io/hostname": w.name,
  "node.kubernetes.io/exclude-from-external-load-balancers": "true",
  type: "virtual-kubelet",
  [VIRTUAL_NODE]: "true",
  [PEER]: w.peer,
  ...(w.pool === "" ? {} : { [POOL]: w.pool }),
  [REMOTE_CLUSTER_ID]: w.clusterID,
});

export const TAINT = { key: VIRTUAL_NODE, value: "true", effect: "NoSchedule" } as const;

type NodeCondition = NonNullable<NonNullable<Node["status"]>["conditions"]>[number];
const steady = (type: string, reason: string, message: string, at: string): NodeCondition => ({
  type,
  status: "False",
  reason,
  message,
  lastHeartbeatTime: at,
  lastTransitionTime: at,
});

export const readyCondition = (w: NodeWish, since: string): NodeCondition => ({
  type: "Ready",
  status: w.ready ? "True" : "False",
  reason: w.reason,
  message: w.message,
  lastHeartbeatTime: w.nowIso,
  lastTransitionTime: since,
});

/** The node controller makes a taint of it that keeps new pods away and those that run where they are. */
export const NETWORK_UNAVAILABLE = "NetworkUnavailable";

export const networkCondition = (w: NodeWish, since: string): NodeCondition[] =>
  w.network
    ? [
        {
          type: NETWORK_UNAVAILABLE,
          status: w.network.unavailable ? "True" : "False",
          reason: w.network.reason,
          message: w.network.message,
          lastHeartbeatTime: w.nowIso,
          lastTransitionTime: since,
        },
      ]
    : [];

export const nodeStatus = (
  w: NodeWish,
  readySince: string,
  networkSince: string,
): NonNullable<Node["status"]> => ({
  capacity: { ...w.resources },
  allocatable: { ...w.resources },
  addresses: [
    { type: "InternalIP", address: w.address },
    { type: "Hostname", address: w.name },
  ],
  daemonEndpoints: { kubeletEndpoint: { Port: w.port } },
  conditions: [
    readyCondition(w, readySince),
    steady("MemoryPressure", "ProviderHasCapacity", "the offer is kept by the provider", w.nowIso),
    steady("DiskPressure", "ProviderHasCapacity", "the offer is kept by the provider", w.nowIso),
    steady("PIDPressure", "ProviderHasCapacity", "the offer is kept by the provider", w.nowIso),
    ...networkCondition(w, networkSince),
  ],
  nodeInfo: {
    architecture: nodeLabels(w)["kubernetes.io/arch"] ?? "amd64",
    operatingSystem: "linux",
    kubeletVersion: w.kubeletVersion,
    kubeProxyVersion: "",
    containerRuntimeVersion: "tideway://0.1.0",
    kernelVersion: "",
    osImage: `Tideway: cluster ${w.peer}${w.pool === "" ? "" : `, node pool ${w.pool}`}`,
    machineID: w.clusterID,
    systemUUID: w.clusterID,
    bootID: w.clusterID,
  },
});

/** Owned by its VirtualNode, so that nothing stays behind should the two ever part. */
export const nodeOf = (w: NodeWish, owner: Readonly<VirtualNode>): Node => ({
  metadata: {
    name: w.name,
    labels: nodeLabels(w),
    annotations: { [OFFERED_LABELS]: Object.keys(offeredLabels(w.labels)).sort().join(",") },
    ownerReferences: [
      {
        apiVersion: "offloading.tideway.dev/v1alpha1",
        kind: "VirtualNode",
        name: owner.metadata.name,
        uid: owner.metadata.uid ?? "",
      },
    ],
  },
  spec: { taints: [TAINT], ...(w.cordoned ? { unschedulable: true } : {}) },
  status: nodeStatus(w, w.nowIso, w.nowIso),
});

export const leaseOf = (node: Readonly<Node>, holder: string, renewTime: string): Lease => ({
  metadata: {
    name: node.metadata.name,
    namespace: LEASE_NAMESPACE,
    ownerReferences: [
      { apiVersion: "v1", kind: "Node", name: node.metadata.name, uid: node.metadata.uid ?? "" },
    ],
  },
  spec: { holderIdentity: holder, leaseDurationSeconds: LEASE_SECONDS, renewTime },
});
