/** What is known and what is decided of the network to one peer. */
import type { NetworkConfig, TunnelEndpoint } from "@tideway/api";
import type { FactOf, FactInput } from "@tideway/protos";
import type { Own } from "../ports.ts";
import type { Refusal } from "./validate.ts";

export type NetworkFactInput = FactInput<"network">;
export type TunnelFact = FactOf["tunnel"];

export interface Networks {
  podCIDR: string;
  externalCIDR: string;
}

/** A key of this side, with where the peer may call it. */
export interface OwnKey {
  generation: number;
  publicKey: string;
  endpoints: string[];
}

/** Everything about one peer whose network is to be up. */
export interface Link {
  clusterID: string;
  id: string;
  name: string;
  own: Own;
  keys: readonly OwnKey[];
  listenPort: number;
  secretName: string;
  /** What the peer announces, where it is acceptable. */
  theirs: NetworkConfig | undefined;
  refusal: Refusal | undefined;
  /** Where this cluster sees the peer's networks. */
  seen: Networks | undefined;
  consumer: boolean;
  provider: boolean;
  tunnel: TunnelFact | undefined;
}

export type TunnelSpec = TunnelEndpoint["spec"];
