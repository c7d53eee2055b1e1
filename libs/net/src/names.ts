import { createHash } from "node:crypto";
import { nth, parsePrefix, size } from "./address.ts";

/** The one routing table that Tideway owns, on nodes and in gateways. */
export const TABLE = 6091;
/** Priority of Tideway's ip rules: after `local` (0), before `main` (32766). */
export const RULE_PRIORITY = 6091;
export const VNI = 6091;
export const VXLAN_PORT = 6091;
export const PROBE_PORT = 6092;
/** Mark of packets that came out of a tunnel or the overlay; they are routed by `TABLE`. */
export const MARK = 0x7469;
export const OVERLAY_DEVICE = "tideway";
/** Every tunnel interface begins with this, and nothing else in a gateway's namespace does. */
export const TUNNEL_PREFIX = "tw-";
export const FIRST_LISTEN_PORT = 51_820;
/** What WireGuard and VXLAN take of a packet, over IPv6 and IPv4. */
export const WIREGUARD_OVERHEAD = 80;
export const VXLAN_OVERHEAD = 50;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Two generations of a peer's tunnel stand side by side while keys rotate; 13 characters, the kernel takes 15. */
export const interfaceOf = (clusterID: string, generation: number): string =>
  `${TUNNEL_PREFIX}${sha256(clusterID).slice(0, 8)}-${generation % 2 === 1 ? "a" : "b"}`;

/** MAC of an overlay endpoint, known to all without being told: locally administered, from its address. */
export const macOf = (address: string): string =>
  ["02", ...(sha256(address).slice(0, 10).match(/../g) ?? [])].join(":");

/** The cluster's own address in its external prefix: the first usable one. Source of probes and of hidden senders. */
export const ownExternalAddress = (externalCIDR: string): string => {
  const prefix = parsePrefix(externalCIDR);
  return nth(prefix, size(prefix) > 2n ? 1n : 0n);
};
