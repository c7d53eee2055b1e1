import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { OVERLAY_DEVICE, TABLE } from "@tideway/net";
import type { Inherited, NodeView } from "../ports.ts";

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
  const read = async <T>(...args: string[]): Promise<T[]> => {
    const where = netns === undefined ? [] : ["-n", netns];
    const { stdout } = await promisify(execFile)("ip", [...where, "-j", "-4", ...args], {
      maxBuffer: 64 << 20,
    });
    return stdout.trim() === "" ? [] : (JSON.parse(stdout) as T[]);
  };
  return {
    mtuOf: async (address) =>
      (await read<IpLink>("address", "show", "to", `${address}/32`)).find(
        // the overlay has the node's address too, as the source of what is masqueraded
        (link) => link.ifname !== undefined && link.ifname !== OVERLAY_DEVICE,
      )?.mtu,
    // of all tables: to ask for one in which there never was a route is an error
    routes: async () => (await read<IpRoute>("route", "show", "table", "all")).flatMap(inheritedOf),
  };
};
