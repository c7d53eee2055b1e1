import { readFile } from "node:fs/promises";
import { TidewayError } from "@tideway/errors";
import type { Uplink } from "./desired/world.ts";

/** `0114A8C0`, as the kernel writes 192.168.20.1 on a little-endian machine. */
const fromHex = (hex: string): string =>
  (hex.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");

/** The default route of the main table, as the CNI made it; `/proc/net/route` needs no tool and no rights. */
export const parseDefaultRoute = (text: string): { device: string; gateway: string } | undefined => {
  for (const line of text.split("\n").slice(1)) {
    const [device, destination, gateway, , , , , mask] = line.trim().split(/\s+/);
    if (device && gateway && destination === "00000000" && mask === "00000000")
      return { device, gateway: fromHex(gateway) };
  }
  return undefined;
};

export const readUplink = async (
  read: (path: string) => Promise<string> = (path) => readFile(path, "utf8"),
): Promise<Uplink> => {
  const route = parseDefaultRoute(await read("/proc/net/route"));
  if (!route) throw new TidewayError("this pod has no default route in /proc/net/route");
  const mtu = Number((await read(`/sys/class/net/${route.device}/mtu`)).trim());
  return { ...route, mtu };
};
