import type { Bus } from "@tideway/bus";
import type { ControllerMetrics } from "@tideway/controller";
import type { Kube, Pod } from "@tideway/k8s";
import type { Logger } from "@tideway/log";

/**
 * A provider that this replica serves virtual nodes for. Lives from the accepted offer until the peer is
 * unpeered or owned by another replica; the object stays the same while credentials are renewed.
 */
export interface PeerConnection {
  /** Cluster ID of the provider. */
  readonly clusterID: string;
  /** Peer name, as this cluster knows the provider. */
  readonly peer: string;
  /** The virtual nodes that stand for it: one for its nodes in no pool, and one a node pool. */
  readonly nodeNames: readonly string[];
  /** The virtual node that a local pod is bound to; undefined: none of this provider. */
  nodeOf(namespace: string, pod: string): string | undefined;
  /**
   * The provider's API server with the identity it granted. Always uses the newest credentials; connections
   * that broke with an outage are dropped when the provider answers again.
   */
  readonly kube: Kube;
  /** Where the pods of the local namespace `source` run, undefined while the provider has not made it. */
  twinNamespace(source: string): string | undefined;
  /** The inverse of {@link twinNamespace}. */
  sourceNamespace(twin: string): string | undefined;
}

/** What this replica serves now. The kubelet API asks here for the way to a pod. */
export interface PeerConnections {
  byPeer(clusterID: string): PeerConnection | undefined;
  /** The provider on which the local pod `namespace/name` runs, undefined if it runs on no node of this replica. */
  byPod(namespace: string, name: string): PeerConnection | undefined;
  list(): PeerConnection[];
  /** Local pods bound to the provider's nodes, as this replica's caches know them. */
  podsOf(peer: PeerConnection): Readonly<Pod>[];
}

/** What both halves of the service (consumer and provider) and the kubelet API are built from by wire.ts. */
export interface Local {
  /** This cluster. */
  readonly kube: Kube;
  readonly clusterID: string;
  readonly clusterName: string;
  /** Namespace of the services. */
  readonly namespace: string;
  readonly podName: string;
  readonly podIP: string;
  readonly bus: Bus;
  readonly log: Logger;
  readonly metrics: ControllerMetrics;
  /** Aborts when the service stops. */
  readonly signal: AbortSignal;
  /** Whether this replica serves the peer (rendezvous hashing over the living replicas). */
  owns(clusterID: string): boolean;
  /** Called when the set of living replicas changes. */
  onOwnersChange(handler: () => void): () => void;
}

/** Time and chance, injected so that tests decide both. */
export interface Clock {
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
export const nowIso = (clock: Clock): string => new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z");

/**
 * What wire.ts expects of the other parts:
 *   provider/index.ts     export const startProvider = (local: Local): Promise<Part>
 *   kubelet-api/index.ts  export const startKubeletApi = (local: Local, peers: PeerConnections, o: { port: number }): Promise<Part>
 */
export interface Part {
  /** Resolves when nothing of the part runs any more; called in the order of shutdown. */
  stop(): Promise<void>;
}

/** Addresses of this cluster's external CIDR; network-manager keeps them. Both calls may be repeated. */
export interface AddressMapper {
  /** Gives `address` an external one that the peer's pods of the namespace may reach; answers that. */
  mapAddress(o: { address: string; peer: string; namespace: string }): Promise<string>;
  unmapAddress(o: { address: string; peer: string; namespace: string }): Promise<void>;
}
