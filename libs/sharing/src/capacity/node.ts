import { VIRTUAL_NODE } from "@tideway/api";
import type { KubeObject, Node } from "@tideway/k8s";
import { type Amounts, NONE, parseList } from "@tideway/quantity";

/** What the ledger keeps of a node. */
export interface CountedNode extends KubeObject {
  /** Ready, schedulable and real: pods of a peer may run on it. */
  usable: boolean;
  allocatable: Amounts;
  /** All of them: a node pool selects by any. */
  labels: Record<string, string>;
}

/** Labels of nodes that a virtual node shows when all nodes behind it agree. */
export const OFFERED_LABELS = [
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "topology.kubernetes.io/region",
  "topology.kubernetes.io/zone",
] as const;

/** Taints that keep no pod of a peer away. */
export interface NodeRules {
  /** Keys of taints that are overlooked, such as the one of KWOK's nodes. */
  ignoredTaints: readonly string[];
}

const isReady = (node: Node): boolean =>
  node.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

const isClosed = (node: Node, rules: NodeRules): boolean =>
  node.spec?.taints?.some((t) => t.effect !== "PreferNoSchedule" && !rules.ignoredTaints.includes(t.key)) ??
  false;

const isVirtual = (node: Node): boolean => node.metadata.labels?.[VIRTUAL_NODE] !== undefined;

export const countNode =
  (rules: NodeRules) =>
  (node: Node): CountedNode => {
    const { name, resourceVersion = "", labels = {}, deletionTimestamp } = node.metadata;
    const usable =
      isReady(node) &&
      !isVirtual(node) &&
      !isClosed(node, rules) &&
      !node.spec?.unschedulable &&
      !deletionTimestamp;
    return {
      metadata: { name, resourceVersion },
      usable,
      allocatable: usable ? parseList(node.status?.allocatable) : NONE,
      labels,
    };
  };
