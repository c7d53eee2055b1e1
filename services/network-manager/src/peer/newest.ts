/** Which of the copies of what a peer says is its last word: one comes with each direction. Pure. */
import type { NetworkConfig } from "@tideway/api";

/** A NetworkConfig, and the how manieth change since the start this was: a later one is higher. */
export interface Heard {
  config: Readonly<NetworkConfig>;
  at: number;
}

const generation = ({ config }: Heard): number => Math.max(0, ...config.spec.keys.map((k) => k.generation));

/**
 * Both directions carry the same word, and one may lag behind or be cut. Keys only go on, so the higher generation is
 * the newer; then what changed here last; then what knows where it sees us.
 */
export const newest = (heard: readonly Heard[]): Readonly<NetworkConfig> | undefined =>
  heard.toSorted(
    (a, b) =>
      generation(b) - generation(a) ||
      b.at - a.at ||
      Number(b.config.spec.mapping !== undefined) - Number(a.config.spec.mapping !== undefined),
  )[0]?.config;
