import type { ForeignCluster } from "@tideway/api";

/** What this service has learned of a peer from the fact `peer`. */
export interface PeerView {
  clusterId: string;
  name: string;
  present: boolean;
  /** This cluster wants to use the peer. */
  outgoing: boolean;
  /** The peer may use this cluster. */
  incoming: boolean;
  authEndpoint: string;
  pins: readonly string[];
  /** It only announced itself: nobody vouches for address and pins. */
  claimed: boolean;
  /** Name of the Secret with the token, "" when there is none. */
  tokenSecret: string;
  /** RFC 3339, "" when nothing is being taken down. */
  unpeerDeadline: string;
  /** Of the fact: what is done because of it joins its trace. */
  traceparent?: string | undefined;
}

export interface Peers {
  get(clusterID: string): PeerView | undefined;
  list(): PeerView[];
}

/** What others still hold for a peering that this cluster consumes. */
export interface Standing {
  node: boolean;
  offer: boolean;
  /** The replicator still carries something of ours. */
  replication: boolean;
  /** The peer's API server does not take our identity, although it should still be good. */
  rejected?: boolean;
}
export type StandingOf = (clusterID: string) => Standing;

export type Direction = "outgoing" | "incoming";

/** What is published about an identity. */
export interface IdentityState {
  clusterId: string;
  name: string;
  state: "GRANTED" | "DENIED" | "REVOKED" | "GONE";
  apiServer?: string;
  localNamespace?: string;
  remoteNamespace?: string;
  secretName?: string;
  notAfter?: string;
  reason?: string;
  message?: string;
  serial?: string;
  podsKept?: boolean;
}
/** Returns at once: the bus tries until it is stored, and a newer state overtakes one that waits. */
export type PublishIdentity = (direction: Direction, state: IdentityState) => void;

export interface Clock {
  now(): number;
}

/** Facts about this cluster that do not change while the service runs. */
export interface Self {
  clusterID: string;
  clusterName: string;
  /** https URL of this cluster's API server, as peers reach it. */
  apiServer: string;
  /** host:port of this service, as peers reach it; "" when they cannot. */
  authEndpoint: string;
  /** SPKI pin of this service's certificate. */
  pin: string;
  /** PEM of what verifies `apiServer`. */
  ca: string;
  /** Namespace of the services. */
  namespace: string;
}

export type ObjectRef = { apiVersion: string; kind: string; name: string; namespace?: string; uid?: string };
/** A Kubernetes Event; never fails, an Event is no fact. */
export type Tell = (about: ObjectRef, type: "Normal" | "Warning", reason: string, message: string) => void;

export type ForeignClusterOf = (name: string) => Promise<ForeignCluster | undefined>;
