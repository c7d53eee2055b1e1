import type { Wireguard, WireguardStatus } from "@tideway/net";

export type StatusMap = ReadonlyMap<string, WireguardStatus>;

export interface StatusCache {
  /** One look at all interfaces serves all peers that ask within `maxAgeMs`. */
  get(maxAgeMs: number): Promise<StatusMap>;
  /** The last look. */
  last(): StatusMap;
}

export const cacheStatus = (wireguard: Pick<Wireguard, "status">, now: () => number): StatusCache => {
  let last: StatusMap = new Map();
  let at = -Infinity;
  let reading: Promise<StatusMap> | undefined;
  const read = async (): Promise<StatusMap> => {
    try {
      const began = now();
      last = await wireguard.status();
      at = began;
      return last;
    } finally {
      reading = undefined;
    }
  };
  return {
    get: (maxAgeMs) => (now() - at <= maxAgeMs ? Promise.resolve(last) : (reading ??= read())),
    last: () => last,
  };
};
