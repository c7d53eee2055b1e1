import type { Node } from "@tideway/k8s";
import { parseAddress, parsePrefix } from "@tideway/net";

export interface NodeAddresses {
  /** First InternalIP, under which gateways know this node. */
  ip: string;
  podCIDRs: string[];
}

/** The overlay's underlay is IPv4 (ADR 0013): addresses of the other family are left out. */
const isIPv4 = (text: string): boolean => {
  try {
    return (text.includes("/") ? parsePrefix(text) : parseAddress(text)).family === 4;
  } catch {
    return false;
  }
};

/** Undefined until the kubelet has said its address. */
export const addressesOf = (node: Readonly<Node>): NodeAddresses | undefined => {
  const ip = node.status?.addresses?.find((a) => a.type === "InternalIP" && isIPv4(a.address))?.address;
  if (ip === undefined) return undefined;
  const cidrs = node.spec?.podCIDRs ?? (node.spec?.podCIDR === undefined ? [] : [node.spec.podCIDR]);
  return { ip, podCIDRs: cidrs.filter(isIPv4) };
};
