import type { ConditionInput, NamespaceMap, NamespaceOffloading } from "@tideway/api";
import { selects } from "./selector.ts";

export interface VirtualNodeSeen {
  name: string;
  labels: Readonly<Record<string, string>>;
}

export interface Peer {
  name: string;
  /** Those that stand for it. */
  nodes: readonly VirtualNodeSeen[];
  map: Readonly<NamespaceMap> | undefined;
}

export interface World {
  offloading: Readonly<NamespaceOffloading>;
  peers: readonly Peer[];
  /** Pods of the namespace that are bound to virtual nodes. */
  pods: number;
}

export interface RemoteNamespace {
  peer: string;
  namespace: string;
  ready: boolean;
  message?: string;
}

export type Plan =
  | { phase: "offload"; remoteNamespaces: RemoteNamespace[]; condition: ConditionInput }
  /** Take the label off, tell admission, end the pods over there. */
  | { phase: "drain"; condition: ConditionInput }
  | { phase: "wait"; condition: ConditionInput }
  | { phase: "done" };

const ready = (w: World, status: "True" | "False", reason: string, message: string): ConditionInput => ({
  type: "Ready",
  status,
  reason,
  message,
  ...(w.offloading.metadata.generation ? { observedGeneration: w.offloading.metadata.generation } : {}),
});

const namespaceOf = (w: World): string => w.offloading.metadata.namespace ?? "";

const twinAt = (w: World, peer: Peer): RemoteNamespace => {
  const found = peer.map?.status?.namespaces?.find((n) => n.source === namespaceOf(w));
  if (!found)
    return {
      peer: peer.name,
      namespace: "",
      ready: false,
      message: "the provider has not made the namespace yet",
    };
  const { twin, ready, message } = found;
  return { peer: peer.name, namespace: twin, ready, ...(message ? { message } : {}) };
};

const ending = (w: World): Plan => {
  if (w.pods > 0)
    return {
      phase: "drain",
      condition: ready(w, "False", "Draining", `${w.pods} pods are leaving virtual nodes`),
    };
  const listed = w.peers.filter((p) => p.map?.spec.namespaces.includes(namespaceOf(w)));
  if (listed.length === 0) return { phase: "done" };
  return {
    phase: "wait",
    condition: ready(w, "False", "RemovingTwins", `still mapped at ${listed.map((p) => p.name).join(", ")}`),
  };
};

const isLocalOnly = (w: World): boolean => w.offloading.spec.podOffloadingStrategy === "Local";

/** Whether one of the nodes, all of one peer, may run pods of the namespace. */
export const wanted = (
  offloading: Readonly<NamespaceOffloading>,
  nodes: readonly VirtualNodeSeen[],
): boolean =>
  offloading.metadata.deletionTimestamp === undefined &&
  offloading.spec.podOffloadingStrategy !== "Local" &&
  nodes.some((node) => selects(offloading.spec.clusterSelector, node));

/** What is to be done about one NamespaceOffloading. */
export const decide = (w: World): Plan => {
  if (w.offloading.metadata.deletionTimestamp !== undefined) return ending(w);
  const remoteNamespaces = w.peers.filter((p) => wanted(w.offloading, p.nodes)).map((p) => twinAt(w, p));
  const notReady = remoteNamespaces.filter((r) => !r.ready);
  const say = (status: "True" | "False", reason: string, message: string): Plan => ({
    phase: "offload",
    remoteNamespaces,
    condition: ready(w, status, reason, message),
  });
  if (isLocalOnly(w)) return say("True", "LocalOnly", "the strategy keeps pods on real nodes");
  if (remoteNamespaces.length === 0)
    return say(
      "False",
      "NoVirtualNode",
      w.peers.length === 0
        ? "there is no virtual node: peer with a cluster"
        : "the cluster selector matches no virtual node",
    );
  if (notReady.length > 0)
    return say(
      "False",
      "TwinsNotReady",
      notReady.map((r) => `${r.peer}: ${r.message ?? "not ready"}`).join("; "),
    );
  return say("True", "Offloaded", `pods may run at ${remoteNamespaces.map((r) => r.peer).join(", ")}`);
};
