import type { FactOf } from "@tideway/protos";
import type { Address } from "./responder/state.ts";

export type DoorFact = FactOf["door"];
export type SightingFact = FactOf["sighting"];

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** One local network, as this agent is on it. */
export interface Lan {
  /** This host's own; the kernel lets nobody else speak from it. */
  address: string;
  /** To one host, or without it to everybody. Never throws: what is lost is said again, or asked for again. */
  send(bytes: Buffer, to?: Address): void;
  /** What comes from hosts of this network, our own words too, and from those who cannot be on it. */
  onPacket(handler: (bytes: Buffer, from: Address, onLink: boolean) => void): void;
  close(): Promise<void>;
}
