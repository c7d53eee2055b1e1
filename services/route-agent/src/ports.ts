/** What the agent needs of the world; `wire.ts` builds it, tests can. */
import type { Kernel } from "@tideway/net";
import type { FactOf } from "@tideway/bus";

/** The part of the kernel driver that a node needs. */
export type NodeKernel = Pick<
  Kernel,
  | "applyLinks"
  | "applyRoutes"
  | "applyNeighbours"
  | "applyTable"
  | "removeLink"
  | "removeTable"
  | "forwardsAtEgress"
  | "writes"
  | "watch"
>;

/** What is read of the node without changing it. */
export interface NodeView {
  /** MTU of the link that has the address; undefined when none has it. */
  mtuOf(address: string): Promise<number | undefined>;
  /** Where these addresses are plugged into a bridge of this node; those that are elsewhere are left out. */
  plugs(addresses: readonly string[]): Promise<Plug[]>;
  /** Prefixes with their gateways that are in Tideway's table now. */
  routes(): Promise<Inherited[]>;
}

/** A pod of this node at a port of the CNI's bridge. */
export interface Plug {
  address: string;
  bridge: string;
  /** The kernel's number of the bridge: one of the same name that is made anew has another. */
  index: number;
  /** MAC of the pod and its port; absent while the bridge has not learnt them. */
  learnt?: { mac: string; port: string };
}

/** A route that an earlier agent left. */
export interface Inherited {
  prefix: string;
  gateway: string;
  mtu?: number;
}

export type Tunnel = Pick<
  FactOf["tunnel"],
  "clusterId" | "state" | "gateway" | "gatewayIp" | "prefixes" | "mtu"
>;
export type Network = Pick<FactOf["network"], "clusterId" | "state" | "localPodCidr">;
export type RouteFact = FactOf["route"];
