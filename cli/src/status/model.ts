import type { Condition } from "@tideway/api";
import { type KubeObject, resource } from "@tideway/k8s";

/** What `tideway status -o json` prints; amounts are Kubernetes quantities. */
export interface StatusReport {
  cluster: { id: string; name: string; apiServer?: string; authEndpoint?: string };
  services: ServiceStatus[];
  peers: PeerStatus[];
  namespaces: NamespaceStatus[];
  /** What could not be read, and so is missing above. */
  problems: string[];
}

export interface ServiceStatus {
  name: string;
  ready: number;
  desired: number;
  /** Why not all of it is ready. */
  message?: string;
}

/** Amounts by resource: what may be used, and what is reserved by pods. */
export interface Capacity {
  offered: Record<string, string>;
  used: Record<string, string>;
  pods: number;
}

/** A virtual node, and what is used of it. */
export interface NodeStatus {
  name: string;
  /** The peer's node pool; empty: its nodes in none. */
  pool: string;
  ready: string;
  reason: string;
  message: string;
  /** Nothing new is placed on it. */
  cordoned: boolean;
  borrowed: Capacity;
}

export interface PeerStatus {
  name: string;
  clusterID: string;
  clusterName: string;
  authEndpoint: string;
  /** This cluster uses the peer. */
  outgoing: string;
  /** The peer may use this cluster, and whether it does. */
  incoming: string;
  isTenant: boolean;
  /** Why it may not any more, where its owner revoked it. */
  revoked?: string;
  unpeering: boolean;
  createdAt?: string;
  /** Of what the peer asks of this cluster, and of what this cluster asks of the peer. */
  tenantNamespace?: string;
  peerNamespace?: string;
  apiServer?: string;
  /** When our certificate at the peer ends, and is renewed. */
  identityNotAfter?: string;
  conditions: Condition[];
  /** What the peer lends to this cluster. */
  borrowed?: Capacity;
  /** The nodes that stand for it: one for its nodes in no pool, and one a node pool. */
  nodes: NodeStatus[];
  /** What this cluster lends to the peer. */
  lent?: Capacity & { decision?: string; reason?: string };
  /** Namespaces of this cluster with a twin at the peer. */
  namespaces: { namespace: string; twin: string; ready: boolean; message: string }[];
}

export interface NamespaceStatus {
  namespace: string;
  strategy: string;
  ready: string;
  reason: string;
  message: string;
  peers: { peer: string; twin: string; ready: boolean; message: string }[];
}

export interface Deployment extends KubeObject {
  spec?: { replicas?: number; template?: { spec?: { containers?: { name: string; image?: string }[] } } };
  status?: {
    readyReplicas?: number;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
  };
}

/** Deployments and StatefulSets are the same for what is read here. */
export const deployments = resource<Deployment>("apps", "v1", "deployments", "Deployment");
export const statefulSets = resource<Deployment>("apps", "v1", "statefulsets", "StatefulSet");
