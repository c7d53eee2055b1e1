import type { FactOf } from "@tideway/protos";

export type NetworkFact = FactOf["network"];
export type TunnelFact = FactOf["tunnel"];

export interface Clock {
  /** Monotonic, ms. */
  now(): number;
  /** ms since the epoch. */
  wall(): number;
}

/** Which replica carries a peer. */
export interface Carriers {
  owns(id: string): boolean;
  /** Whether another replica is there to take over. */
  others(): boolean;
}

export interface Notice {
  type: "Normal" | "Warning";
  /** CamelCase word. */
  reason: string;
  message: string;
}
/** A Kubernetes Event about this gateway's pod; never fails, an Event is no fact. */
export type Tell = (notice: Notice) => void;
