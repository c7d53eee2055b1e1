/** Where this pod is connected to the rest of its cluster. */
export interface Uplink {
  device: string;
  /** Next hop of the default route. */
  gateway: string;
  mtu: number;
}

export interface Self {
  podIP: string;
  /** InternalIP of the node that this pod runs on. */
  nodeIP: string;
  uplink: Uplink;
}

export interface RealNode {
  name: string;
  /** InternalIP: its identity on the overlay. */
  address: string;
  podCIDRs: readonly string[];
}

/** How two clusters see each other, once both have said so. All four are there or none. */
export interface View {
  localPods: string;
  localPodsSeen: string;
  localExternal: string;
  localExternalSeen: string;
  remotePods: string;
  remotePodsSeen: string;
  remoteExternal: string;
  remoteExternalSeen: string;
}

export interface Peer {
  id: string;
  name: string;
  /** Absent while the two are still finding out. */
  view?: View;
  consumer: boolean;
  provider: boolean;
  /** Whether this replica carries it. */
  here: boolean;
  /** Tunnels that stand here: packets are taken from all of them. */
  interfaces: readonly string[];
  /** The one that packets are sent through. */
  active?: string;
}

/** What one peer may reach beside the default. */
export interface Opening {
  /** Pods or nodes of this cluster, or networks of them. */
  targets: readonly string[];
  /** `[tcp, 443]`; empty: every port. */
  ports: readonly (readonly [protocol: string, port: number])[];
}

export interface PeerPolicy {
  /** Pods here that run on behalf of the peer. */
  lent: readonly string[];
  /** External address, as the peer sees it, and what it stands for. */
  singles: readonly (readonly [seen: string, target: string])[];
  openings: readonly Opening[];
}

/** Who reaches whom. Namespaces are numbers, see `policy/ids.ts`. */
export interface Policy {
  peers: ReadonlyMap<string, PeerPolicy>;
  /** Our pods that run on peers, as they are seen here, and their namespace. */
  sources: readonly (readonly [address: string, namespace: number])[];
  /** What the offloaded pods of a namespace may reach here. */
  reach: readonly (readonly [namespace: number, address: string])[];
  /** Addresses of pods that ended a moment ago, and are nobody's since. */
  gone: readonly string[];
}

/** A peer that is called from another port than the one that is listened on. */
export interface Call {
  address: string;
  port: number;
  from: number;
  listenPort: number;
}

export interface World {
  self: Self;
  nodes: readonly RealNode[];
  peers: readonly Peer[];
  policy: Policy;
  /** Whether all pods are known. Until then one that is not may still be there. */
  settled: boolean;
  /** UDP ports that tunnels here listen on. */
  listenPorts: readonly number[];
  calls: readonly Call[];
}
