import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { OVERLAY_DEVICE, TABLE } from "@tideway/net";
import type { Inherited, NodeView } from "../ports.ts";
import { type Bridge, type FdbEntry, type Neighbour, plugsOf, type RouteTo } from "./plugs.ts";

interface IpLink {
  ifname?: string;
  mtu?: number;
}
interface IpRoute {
  dst: string;
  table?: string;
  gateway?: string;
  metrics?: { mtu?: number }[];
}

const inheritedOf = ({ dst, gateway, table, metrics }: IpRoute): Inherited[] => {
  if (table !== String(TABLE) || gateway === undefined || dst === "default") return [];
  const mtu = metrics?.find((m) => m.mtu !== undefined)?.mtu;
  const prefix = dst.includes("/") ? dst : `${dst}/32`;
  return [{ prefix, gateway, ...(mtu === undefined ? {} : { mtu }) }];
};

/** Reads by iproute2; `netns` is for tests. */
export const createNodeView = (netns?: string): NodeView => {
  const where = netns === undefined ? [] : ["-n", netns];
  const json = async <T>(tool: string, ...args: string[]): Promise<T[]> => {
    const { stdout } = await promisify(execFile)(tool, [...where, "-j", ...args], { maxBuffer: 64 << 20 });
    return stdout.trim() === "" ? [] : (JSON.parse(stdout) as T[]);
  };
  const read = <T>(...args: string[]): Promise<T[]> => json<T>("ip", "-4", ...args);
  const ask = {
    bridges: () => read<Bridge>("link", "show", "type", "bridge"),
    // an address without a way is an error, and at no bridge either
    routeTo: async (address: string) =>
      (await read<RouteTo>("route", "get", address).catch((): RouteTo[] => []))[0],
    neighbour: async (address: string, device: string) =>
      (await read<Neighbour>("neigh", "show", "to", address, "dev", device))[0],
    fdb: (bridge: string) => json<FdbEntry>("bridge", "fdb", "show", "br", bridge),
  };
  return {
    plugs: (addresses) => plugsOf(ask, addresses),
    mtuOf: async (address) =>
      (await read<IpLink>("address", "show", "to", `${address}/32`)).find(
        // the overlay has the node's address too, as the source of what is masqueraded
        (link) => link.ifname !== undefined && link.ifname !== OVERLAY_DEVICE,
      )?.mtu,
    // of all tables: to ask for one in which there never was a route is an error
    routes: async () => (await read<IpRoute>("route", "show", "table", "all")).flatMap(inheritedOf),
  };
};
