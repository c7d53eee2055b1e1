import type { FactView } from "@tideway/bus";
import type { NetworkFact } from "@tideway/protos";

/** One network under its two addresses: as it is in its own cluster, and where the other cluster sees it. */
export interface Mapping {
  real: string;
  seen: string;
}
/** How this cluster and a peer see each other. */
export interface Networks {
  /** Of this cluster; `seen` by the peer. */
  localPods: Mapping;
  localExternal: Mapping;
  /** Of the peer; `seen` by this cluster. */
  remotePods: Mapping;
  remoteExternal: Mapping;
}

/** What the fact of network-manager says, once both sides know it. */
export const networksOf = (fact: Readonly<NetworkFact> | undefined): Networks | undefined =>
  fact?.state === "READY"
    ? {
        localPods: { real: fact.localPodCidr, seen: fact.localPodSeenCidr },
        localExternal: { real: fact.localExternalCidr, seen: fact.localExternalSeenCidr },
        remotePods: { real: fact.remotePodCidr, seen: fact.remotePodSeenCidr },
        remoteExternal: { real: fact.remoteExternalCidr, seen: fact.remoteExternalSeenCidr },
      }
    : undefined;

export interface NetworkView {
  /**
   * By cluster ID; undefined while no mapping is known. What was known stays while the peer's parameters are being
   * exchanged again: prefixes stay with their owner until the fact is gone.
   */
  of(clusterID: string): Networks | undefined;
  /** The fact says that the network to the peer has ended. */
  isGone(clusterID: string): boolean;
  /** Called when {@link of} or {@link isGone} answer something new. Returns the way to stop. */
  onChange(handler: (clusterID: string) => void): () => void;
}

export const watchNetworks = (facts: FactView<"network">): NetworkView => {
  const known = new Map<string, Networks>();
  const handlers = new Set<(clusterID: string) => void>();
  const stateOf = (id: string): string | undefined => facts.get(id)?.data.state;
  const said = new Map<string, string>();

  const take = (id: string): void => {
    const now = networksOf(facts.get(id)?.data);
    if (now) known.set(id, now);
    else if (stateOf(id) === "GONE") known.delete(id);
    const text = JSON.stringify([known.get(id), stateOf(id) === "GONE"]);
    if (said.get(id) === text) return;
    said.set(id, text);
    for (const handler of handlers) handler(id);
  };
  facts.onChange((fact) => take(fact.peer));

  return {
    of: (id) => {
      // the handler above runs a microtask late for what is held already
      if (!known.has(id)) {
        const now = networksOf(facts.get(id)?.data);
        if (now) known.set(id, now);
      }
      return known.get(id);
    },
    isGone: (id) => stateOf(id) === "GONE",
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
};
