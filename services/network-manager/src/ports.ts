/** What the network-manager needs of the world; `wire.ts` builds it, tests can. */
import type { BorderPolicy, NetworkConfig, TunnelEndpoint } from "@tideway/api";
import type { Fact } from "@tideway/bus";
import type { Secret, Service } from "@tideway/k8s";
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
  configs: Cache<NetworkConfig>;
  tunnels: Cache<TunnelEndpoint>;
  policies: Cache<BorderPolicy>;
  /** Of the network namespace: those of tunnels. */
  secrets: Cache<Secret>;
  services: Cache<Service>;
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
  tunnels: Facts<"tunnel">;
  /** Our own, as the bus holds them. */
  said: Facts<"network">;
}

/** This cluster's networks as they are now. */
export interface Own {
  podCIDR: string;
  externalCIDR: string;
  /** Bytes of a packet in the tunnel. */
  mtu: number;
  /** Hosts under which peers reach the gateway. */
  hosts: readonly string[];
}
