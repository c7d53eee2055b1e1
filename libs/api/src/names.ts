import { createHash } from "node:crypto";

export const API_SUFFIX = "tideway.dev";
export const API_VERSION = "v1alpha1";
export const CATEGORY = "tideway";

/** Where the services run, and where the privileged network agents run. */
export const SYSTEM_NAMESPACE = "tideway-system";
export const NETWORK_NAMESPACE = "tideway-network";
/** ConfigMap in the system namespace: keys `clusterName`, `apiServer` (https URL), `authEndpoint` (host:port). */
export const CLUSTER_CONFIG_MAP = "tideway-cluster";

/** Label "true" and taint key (effect NoSchedule) of a node that stands for another cluster. */
export const VIRTUAL_NODE = "tideway.dev/virtual-node";
/** Label: the cluster ID of the peer on whose behalf the object was made here. */
export const ORIGIN = "tideway.dev/origin";
/** Label: the peer name, as this cluster knows the peer. */
export const PEER = "tideway.dev/peer";
/** Label of a virtual node and of a foreign pod: the provider's node pool. Absent: the nodes in no pool. */
export const POOL = "tideway.dev/pool";
/** Label, "true", that the owner sets on namespaces whose pods reach all pods of peers: the Ingress controller's. */
export const REACHES_PEERS = "tideway.dev/reaches-peers";
export const REMOTE_CLUSTER_ID = "tideway.dev/remote-cluster-id";
/** Label of an offloaded namespace, value {@link OFFLOADING_ENABLED}. */
export const OFFLOADING = "tideway.dev/offloading";
export const OFFLOADING_ENABLED = "enabled";
/** Annotation: W3C trace context that the replicator carries across. */
export const TRACEPARENT = "tideway.dev/traceparent";
/** Annotation: metadata.uid of the object a copy was made from. */
export const ORIGIN_UID = "tideway.dev/origin-uid";
/** Annotation: metadata.generation of the object a copy was made from, when it was made; a copy counts its own. */
export const ORIGIN_GENERATION = "tideway.dev/origin-generation";
/**
 * Label of a ShadowPod, "true": its pod is placed and gets its volumes, and is bound to no node while the label is there
 * (the consumer's scheduler still waits for the same volumes).
 */
export const HELD = "offloading.tideway.dev/held";
/** Annotation of a pod: whose API server it talks to across the border, {@link API_SERVER_CONSUMER} or nobody's. */
export const API_SERVER = "tideway.dev/api-server";
export const API_SERVER_CONSUMER = "consumer";
/** Annotation on the pod template of a DaemonSet that wants a pod on virtual nodes too, {@link VIRTUAL_NODES_ALLOW}. */
export const VIRTUAL_NODES = "tideway.dev/virtual-nodes";
export const VIRTUAL_NODES_ALLOW = "allow";
/** Annotation of a pod: `Local`, `Remote` or `LocalAndRemote`, within what its namespace allows. */
export const STRATEGY = "tideway.dev/strategy";
/** Annotation of a pod: label requirements on the virtual nodes it may run on, as `kubectl get -l` takes them. */
export const CLUSTERS = "tideway.dev/clusters";
/** Annotation on a ResourceRequest on the provider, "yes" or "no": the owner's answer to a rule that asks. */
export const APPROVE = "sharing.tideway.dev/approve";

/** Names of the objects of which a namespace of one direction holds one. */
export const IDENTITY_NAME = "outgoing";
export const REQUEST_NAME = "request";
export const OFFER_NAME = "offer";
export const NAMESPACE_MAP_NAME = "namespaces";
/** The only name a NamespaceOffloading may have. */
export const NAMESPACE_OFFLOADING_NAME = "offloading";
/** The AddressPool that is used. */
export const ADDRESS_POOL_NAME = "default";
/** The WorkloadPolicy of peers without one of their own name. */
export const WORKLOAD_POLICY_NAME = "default";
/** The SharingPolicy that is used. */
export const SHARING_POLICY_NAME = "default";

/** The DiscoveryPolicy that is used. */
export const DISCOVERY_POLICY_NAME = "default";
/** Label of what a service of Tideway made, and its value on a ForeignCluster that discovery found, or auth let in. */
export const MADE_BY = "app.kubernetes.io/managed-by";
export const BY_DISCOVERY = "tideway-discovery";
export const BY_AUTH = "tideway-auth";
/** Label of a ForeignCluster that was found: by which way first, `mDNS` or `DNS`. */
export const FOUND_BY = "discovery.tideway.dev/found-by";
/** Annotation of a ForeignCluster that was found: JSON, where and until when (see foundOf). */
export const FOUND = "discovery.tideway.dev/found";

/** The conditions of a ForeignCluster, each written by the service of that concern alone. */
export const FOREIGN_CLUSTER_CONDITIONS = {
  ready: "Ready",
  discovered: "Discovered",
  reachable: "Reachable",
  authenticated: "Authenticated",
  negotiated: "Negotiated",
  replicated: "Replicated",
  virtualised: "Virtualised",
  connected: "Connected",
} as const;

/** Longest DNS label, and so the longest namespace name. */
export const MAX_LABEL = 63;
/**
 * Longest peer name. With it `tideway-tenant-<peer>` is never cut, and a cut twin namespace keeps its whole prefix.
 */
export const MAX_PEER_NAME = 40;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const TENANT_PREFIX = "tideway-tenant-";
const PEER_PREFIX = "tideway-peer-";
const TWIN_PREFIX = "tideway-";
const LOOKS_CUT = /-[0-9a-f]{8}$/;

export const isDnsLabel = (s: string): boolean => s.length <= MAX_LABEL && DNS_LABEL.test(s);

/**
 * A peer name is a DNS label of at most {@link MAX_PEER_NAME} characters without `--`. Without that last rule peer
 * `a` with namespace `b--c` and peer `a--b` with namespace `c` would share a twin namespace.
 */
export const isPeerName = (s: string): boolean =>
  s.length <= MAX_PEER_NAME && DNS_LABEL.test(s) && !s.includes("--");

const tidy = (s: string, max: number): string =>
  s
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, max)
    .replace(/-$/, "");

/**
 * The name for a peer in this cluster: its human name as a valid peer name; with the first characters of its ID
 * where `isTaken` says that another cluster has that name.
 */
export function peerName(
  clusterName: string,
  clusterID: string,
  isTaken: (name: string) => boolean = () => false,
): string {
  const plain = tidy(clusterName, MAX_PEER_NAME) || "peer";
  if (!isTaken(plain)) return plain;
  const id = tidy(clusterID, MAX_LABEL).replaceAll("-", "") || sha(clusterID, 32);
  for (const digits of [6, 12, 24]) {
    const tail = id.slice(0, digits);
    const name = `${tidy(plain, MAX_PEER_NAME - 1 - tail.length)}-${tail}`;
    if (!isTaken(name)) return name;
  }
  return `p-${sha(`${clusterName}/${clusterID}`, 32)}`;
}

const checked = (peer: string): string => {
  if (!isPeerName(peer)) throw new RangeError(`not a peer name: ${JSON.stringify(peer)}`);
  return peer;
};

/**
 * Incoming, the peer uses this cluster: the namespace in which it may write what it asks, and reads the answers.
 * `peer` must be a valid peer name.
 */
export const tenantNamespace = (peer: string): string => `${TENANT_PREFIX}${checked(peer)}`;

/**
 * Outgoing, this cluster uses the peer: the namespace of what it asks, of the answers it got, and of its identity
 * there. No peer has any right in it. `peer` must be a valid peer name.
 */
export const peerNamespace = (peer: string): string => `${PEER_PREFIX}${checked(peer)}`;

/** The peer of a namespace of either direction, undefined for any other namespace. */
export function peerOfNamespace(namespace: string): string | undefined {
  const prefix = [TENANT_PREFIX, PEER_PREFIX].find((p) => namespace.startsWith(p));
  const peer = prefix === undefined ? "" : namespace.slice(prefix.length);
  return isPeerName(peer) ? peer : undefined;
}

/** Name of the offer of a node pool, and of the ledger it is charged to; "": of the nodes in none. */
export const offerName = (pool: string): string => (pool === "" ? OFFER_NAME : `${OFFER_NAME}-${pool}`);

/** Name of the node that stands for a peer, or for one of its node pools; at most 61 characters. */
export const nodeName = (peer: string, pool = ""): string => (pool === "" ? peer : `${peer}-${pool}`);

/** TunnelEndpoint in the network namespace, and Secret and Service beside it: one a peer, whatever the directions. */
export const tunnelName = (peer: string): string => `tunnel-${checked(peer)}`;

/**
 * The provider's namespace for the consumer's namespace `source`: `tideway-<peer>--<source>`; where that is longer
 * than 63 characters it is cut and ends in 8 hex digits of its SHA-256. A name that only looks as if it had been
 * cut is hashed too, so nobody can take a cut one by naming it.
 */
export function twinNamespace(peer: string, source: string): string {
  if (!isDnsLabel(source)) throw new RangeError(`not a namespace name: ${JSON.stringify(source)}`);
  const whole = `${TWIN_PREFIX}${checked(peer)}--${source}`;
  const fits = whole.length < MAX_LABEL || (whole.length === MAX_LABEL && !LOOKS_CUT.test(whole));
  return fits ? whole : `${whole.slice(0, MAX_LABEL - 9)}-${sha(whole, 8)}`;
}

const sha = (s: string, digits: number): string =>
  createHash("sha256").update(s).digest("hex").slice(0, digits);

/**
 * Whether the replicator made the object for a peer: only then is it theirs. Without both marks it is this cluster's
 * own.
 */
export const isCopy = (o: {
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> };
}): boolean =>
  o.metadata.labels?.[ORIGIN] !== undefined && o.metadata.annotations?.[ORIGIN_UID] !== undefined;
