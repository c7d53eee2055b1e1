import type { Plug } from "../ports.ts";

export interface Bridge {
  ifname: string;
  ifindex: number;
}
export interface RouteTo {
  dev?: string;
  /** Absent: the address is on the device itself. */
  gateway?: string;
}
export interface Neighbour {
  lladdr?: string;
}
export interface FdbEntry {
  mac: string;
  ifname?: string;
  /** An entry of the tunnel device itself, say: behind it, not at it. */
  dst?: string;
}

/** Reads one thing of the kernel each. */
export interface Asks {
  bridges(): Promise<Bridge[]>;
  routeTo(address: string): Promise<RouteTo | undefined>;
  neighbour(address: string, device: string): Promise<Neighbour | undefined>;
  fdb(bridge: string): Promise<FdbEntry[]>;
}

const learntOf = (
  mac: string | undefined,
  bridge: string,
  fdb: readonly FdbEntry[],
): Pick<Plug, "learnt"> => {
  const port = fdb.find((e) => e.mac === mac && e.dst === undefined && e.ifname !== bridge)?.ifname;
  return mac !== undefined && port !== undefined ? { learnt: { mac, port } } : {};
};

/** Of addresses that are at a bridge: which one, and at which of its ports. */
export const plugsOf = async (ask: Asks, addresses: readonly string[]): Promise<Plug[]> => {
  const bridges = await ask.bridges();
  if (bridges.length === 0) return [];
  const found = await Promise.all(
    addresses.map(async (address): Promise<Plug[]> => {
      const route = await ask.routeTo(address);
      const bridge = bridges.find((b) => b.ifname === route?.dev);
      if (!bridge || route?.gateway !== undefined) return [];
      const [neighbour, fdb] = await Promise.all([
        ask.neighbour(address, bridge.ifname),
        ask.fdb(bridge.ifname),
      ]);
      const at = { address, bridge: bridge.ifname, index: bridge.ifindex };
      return [{ ...at, ...learntOf(neighbour?.lladdr, bridge.ifname, fdb) }];
    }),
  );
  return found.flat();
};
