import { VIRTUAL_NODE } from "@tideway/api";
import type { Node } from "@tideway/k8s";
import type { RealNode } from "../desired/world.ts";

/** Whether packets can be sent there: a node that stands for a peer is a tunnel, not a machine. */
export const isReal = (node: Readonly<Node>): boolean => node.metadata.labels?.[VIRTUAL_NODE] === undefined;

export const slimNode = (node: Node): Node => {
  const { name, resourceVersion, labels } = node.metadata;
  const virtual = labels?.[VIRTUAL_NODE];
  const { podCIDR, podCIDRs } = node.spec ?? {};
  return {
    metadata: {
      name,
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(virtual ? { labels: { [VIRTUAL_NODE]: virtual } } : {}),
    },
    spec: { ...(podCIDR ? { podCIDR } : {}), ...(podCIDRs ? { podCIDRs } : {}) },
    status: { ...(node.status?.addresses ? { addresses: node.status.addresses } : {}) },
  };
};

/** Nothing for a node without an address, or with none of IPv4. */
export const realNode = (node: Readonly<Node>): RealNode[] => {
  const address = node.status?.addresses?.find(
    (a) => a.type === "InternalIP" && !a.address.includes(":"),
  )?.address;
  const { podCIDR, podCIDRs } = node.spec ?? {};
  const networks = (podCIDRs ?? (podCIDR ? [podCIDR] : [])).filter((c) => !c.includes(":"));
  return address && isReal(node) ? [{ name: node.metadata.name, address, podCIDRs: networks }] : [];
};
