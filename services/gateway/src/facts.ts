import type { Bus, FactOf } from "@tideway/bus";
import type { NetworkFact, TunnelFact } from "./ports.ts";

export interface Facts {
  /** Resolves when absence means "not existing". */
  synced: Promise<unknown>;
  network(id: string): NetworkFact | undefined;
  /** All peers of which anything is known, also those that are gone. */
  networks(): NetworkFact[];
  tunnel(id: string): TunnelFact | undefined;
  tunnels(): TunnelFact[];
  addresses(): FactOf["address"][];
  borders(): FactOf["border"][];
  /** Names of the offloaded namespaces. */
  offloaded(): string[];
  say(id: string, fact: TunnelFact): Promise<void>;
  /** Called with the cluster ID of a peer whose network or tunnel changed. */
  onPeer(handler: (id: string) => void): void;
  /** Called when anything changed that the rules are made of. */
  onPolicy(handler: () => void): void;
}

/** The bus as this service sees it. */
export const openFacts = async (bus: Pick<Bus, "facts" | "publish">): Promise<Facts> => {
  const [network, tunnel, address, border, namespace] = await Promise.all([
    bus.facts("network"),
    bus.facts("tunnel"),
    bus.facts("address"),
    bus.facts("border"),
    bus.facts("namespace"),
  ]);
  return {
    synced: Promise.all([network, tunnel, address, border, namespace].map((v) => v.synced)),
    network: (id) => network.get(id)?.data,
    networks: () => network.list().map((f) => f.data),
    tunnel: (id) => tunnel.get(id)?.data,
    tunnels: () => tunnel.list().map((f) => f.data),
    addresses: () => address.list().flatMap((f) => (f.data.state === "MAPPED" ? [f.data] : [])),
    borders: () => border.list().flatMap((f) => (f.data.state === "ACTIVE" ? [f.data] : [])),
    offloaded: () =>
      namespace.list().flatMap((f) => (f.data.state === "OFFLOADED" ? [f.data.namespace] : [])),
    say: (id, fact) => bus.publish("tunnel", { peer: id }, fact),
    onPeer: (handler) => {
      network.onChange((f) => handler(f.peer));
      tunnel.onChange((f) => handler(f.peer));
    },
    onPolicy: (handler) => {
      address.onChange(handler);
      border.onChange(handler);
      namespace.onChange(handler);
    },
  };
};
