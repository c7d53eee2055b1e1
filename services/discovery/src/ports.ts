import type { ForeignCluster } from "@tideway/api";
import type { FactOf } from "@tideway/protos";
import type { Health } from "./probe/health.ts";

export type PeerFact = FactOf["peer"];

/** What the other services say of one peer; what is absent does not exist. */
export interface Heard {
  identity: { outgoing?: FactOf["identity"] | undefined; incoming?: FactOf["identity"] | undefined };
  offer: { outgoing?: FactOf["offer"] | undefined; incoming?: FactOf["offer"] | undefined };
  node?: FactOf["node"] | undefined;
  replication?: FactOf["replication"] | undefined;
}

/** The facts of the bus, by cluster ID. */
export interface Facts {
  heard(id: string): Heard;
  /** What was said last of this peer, by us or by a replica before us. */
  said(id: string): PeerFact | undefined;
  /** The trace that the last fact of this peer belongs to. */
  traceOf(id: string): string | undefined;
  /** Resolves when the bus has stored it; a newer fact for the same peer overtakes one that waits. */
  say(id: string, fact: PeerFact, traceparent: string | undefined): Promise<void>;
  /** Another replica speaks of this peer from now on. */
  yield(id: string): void;
}

/** All ForeignClusters of one cluster ID, the one that counts first. */
export type ClustersOf = (id: string) => Readonly<ForeignCluster>[];

/** Where a peer is asked whether it lives. */
export interface Target {
  clusterID: string;
  /** host:port of its auth service. */
  endpoint: string;
  pins: readonly string[];
}

export interface Prober {
  /** Goes on, or starts, or starts anew where the target is another. */
  watch(target: Target): void;
  forget(id: string): void;
  health(id: string): Health | undefined;
}

export interface Clock {
  now(): number;
}

export interface Notice {
  type: "Normal" | "Warning";
  /** CamelCase word. */
  reason: string;
  message: string;
}
/** A Kubernetes Event about a ForeignCluster; never fails, an Event is no fact. */
export type Tell = (about: Readonly<ForeignCluster>, notice: Notice) => void;
