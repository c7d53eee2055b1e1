/** What is kept of a node, and what follows from all of them. Pure. */
import { VIRTUAL_NODE } from "@tideway/api";
import type { KubeObject, Node } from "@tideway/k8s";
import { nodeAddresses } from "./detect.ts";

export interface SlimNode extends KubeObject {
  ready: boolean;
  virtual: boolean;
  internal: string[];
  external: string[];
}

/**
 * Nodes of other makers that no kernel stands behind, by the marks that their makers define: virtual-kubelet's taint,
 * KWOK's annotation and taint. A node port is nowhere there, however ready the node calls itself.
 */
const NO_KERNEL = ["virtual-kubelet.io/provider", "kwok.x-k8s.io/node"];
const hasKernel = ({ metadata, spec }: Node): boolean =>
  !NO_KERNEL.some(
    (mark) => metadata.annotations?.[mark] !== undefined || spec?.taints?.some((t) => t.key === mark),
  );

export const slim = (n: Node): SlimNode => {
  const { name, uid, resourceVersion } = n.metadata;
  const isReady = n.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;
  const of = (type: string): string[] =>
    nodeAddresses({ status: { addresses: (n.status?.addresses ?? []).filter((a) => a.type === type) } });
  return {
    metadata: { name, ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) },
    ready: isReady && !n.metadata.deletionTimestamp,
    virtual: n.metadata.labels?.[VIRTUAL_NODE] !== undefined || !hasKernel(n),
    internal: of("InternalIP"),
    external: of("ExternalIP"),
  };
};

/** Addresses of the nodes of this cluster itself. */
export const realAddresses = (nodes: readonly Readonly<SlimNode>[]): string[] =>
  nodes.filter((n) => !n.virtual).flatMap((n) => [...n.internal, ...n.external]);

/** As many as a NetworkConfig takes. */
export const MAX_ENDPOINTS = 8;

/** Where peers reach this cluster's node ports, in a stable order: one address a node, those of ready ones. */
export const reachedAt = (nodes: readonly Readonly<SlimNode>[]): string[] => {
  const real = nodes.filter((n) => !n.virtual);
  // When no node is ready the peer had better try them all than be told of none.
  const ready = real.some((n) => n.ready) ? real.filter((n) => n.ready) : real;
  return ready
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    .flatMap((n) => n.external[0] ?? n.internal[0] ?? [])
    .slice(0, MAX_ENDPOINTS);
};
