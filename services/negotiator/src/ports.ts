/** What the negotiator needs of the world; `wire.ts` builds it, tests can. */
import type { ResourceOffer, ResourceRequest, SharingPolicy } from "@tideway/api";
import type { Fact } from "@tideway/bus";
import type { FactName } from "@tideway/protos";

export interface Clock {
  now(): Date;
}

/** A cache of a collection, complete before any reconciler runs. */
export interface Cache<T> {
  /** By `namespace/name`, or `name`. */
  get(key: string): Readonly<T> | undefined;
  list(): Readonly<T>[];
}

export interface Objects {
  requests: Cache<ResourceRequest>;
  offers: Cache<ResourceOffer>;
  policies: Cache<SharingPolicy>;
}

/** What others say; absence means not existing. */
export interface Facts<F extends FactName> {
  get(peer: string, id?: string): Fact<F> | undefined;
  list(): Fact<F>[];
}

export interface Heard {
  peers: Facts<"peer">;
  identities: Facts<"identity">;
  nodes: Facts<"node">;
  /** Our own, as the bus holds them. */
  said: Facts<"offer">;
}

/** Which replica does what. */
export interface Share {
  /** Whether this replica looks after what is asked of the peer, and tells of it. */
  owns(peerID: string): boolean;
  /** Whether this replica decides on offers: one does for all peers, since all draw on one capacity. */
  keepsBooks(): boolean;
}
