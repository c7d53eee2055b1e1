import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { WIREGUARD_OVERHEAD } from "@tideway/net";

const ETHERNET = 1500;

/** What a packet in a tunnel may have: what this pod's network takes (the gateway's is the same) less WireGuard's part. */
export const tunnelMtu = (podIP: string): number => {
  const own = Object.entries(networkInterfaces()).find(([, list]) => list?.some((a) => a.address === podIP));
  let outer = ETHERNET;
  try {
    if (own) outer = Number(readFileSync(`/sys/class/net/${own[0]}/mtu`, "utf8")) || ETHERNET;
  } catch {
    // Not readable: what nearly every network takes.
  }
  return Math.max(1280, outer - WIREGUARD_OVERHEAD);
};
