/** Which namespaces belong to which peer, as auth said it; a fact of the end may leave it out, so the last word stays. */
import { isCopy, type NetworkConfig, PEER, REMOTE_CLUSTER_ID, type TunnelEndpoint } from "@tideway/api";
import type { Fact } from "@tideway/bus";
import type { Heard, Objects } from "../ports.ts";

export type Direction = "outgoing" | "incoming";
export const DIRECTIONS: readonly Direction[] = ["outgoing", "incoming"];

export interface Peers {
  heard(fact: Fact<"identity">): void;
  namespaceOf(id: string, direction: Direction): string | undefined;
  /** Peers whose business the namespace is. */
  of(namespace: string | undefined): string[];
  nameOf(id: string): string | undefined;
  /** Our own NetworkConfigs for this peer. */
  ownConfigs(id: string): Readonly<NetworkConfig>[];
  tunnels(id: string): Readonly<TunnelEndpoint>[];
  /** NetworkConfigs that are not ours in the namespaces of these directions. */
  broughtConfigs(id: string, ...directions: Direction[]): Readonly<NetworkConfig>[];
  /** A NetworkConfig came, or says something else than before. */
  changed(config: Readonly<NetworkConfig>): void;
  forget(config: Readonly<NetworkConfig>): void;
  /** The how manieth change since the start the last one of this NetworkConfig was. */
  heardAt(config: Readonly<NetworkConfig>): number;
  /** Every peer of which anything is known. */
  all(): Set<string>;
}

export const createPeers = (clusterID: string, heard: Heard, objects: Objects): Peers => {
  const namespaces = new Map<string, string>();
  const owners = new Map<string, Set<string>>();
  const keyOf = (id: string, direction: string): string => `${id} ${direction}`;
  const namespaceOf: Peers["namespaceOf"] = (id, direction) => namespaces.get(keyOf(id, direction));
  let changes = 0;
  /** By UID. */
  const changedAt = new Map<string, number>();
  const isOwn = (c: Readonly<NetworkConfig>): boolean => c.metadata.name === clusterID && !isCopy(c);
  const labelled =
    (id: string) =>
    (o: { metadata: { labels?: Record<string, string> } }): boolean =>
      o.metadata.labels?.[REMOTE_CLUSTER_ID] === id;

  return {
    heard: ({ peer, data }) => {
      if (!data.localNamespace || !DIRECTIONS.includes(data.direction as Direction)) return;
      namespaces.set(keyOf(peer, data.direction), data.localNamespace);
      const ids = owners.get(data.localNamespace) ?? new Set<string>();
      owners.set(data.localNamespace, ids.add(peer));
    },
    namespaceOf,
    of: (namespace) => [...(owners.get(namespace ?? "") ?? [])],
    nameOf: (id) =>
      heard.peers.get(id)?.data.name ||
      heard.identities.get(id, "outgoing")?.data.name ||
      heard.identities.get(id, "incoming")?.data.name ||
      heard.said.get(id)?.data.name ||
      // Nobody speaks of it any more; what was made for it still says whose it is.
      [...objects.secrets.list(), ...objects.configs.list()].find(labelled(id))?.metadata.labels?.[PEER] ||
      undefined,
    ownConfigs: (id) => objects.configs.list().filter((c) => isOwn(c) && labelled(id)(c)),
    tunnels: (id) => objects.tunnels.list().filter((t) => t.spec.clusterID === id),
    broughtConfigs: (id, ...directions) => {
      const spaces = new Set(directions.map((direction) => namespaceOf(id, direction)));
      return objects.configs.list().filter((c) => spaces.has(c.metadata.namespace) && !isOwn(c));
    },
    changed: ({ metadata: { uid = "" } }) => void changedAt.set(uid, ++changes),
    forget: ({ metadata: { uid = "" } }) => void changedAt.delete(uid),
    heardAt: ({ metadata: { uid = "" } }) => changedAt.get(uid) ?? 0,
    all: () =>
      new Set([
        ...heard.peers.list().map((f) => f.peer),
        ...heard.identities.list().map((f) => f.peer),
        ...heard.said.list().map((f) => f.peer),
        ...[...objects.secrets.list(), ...objects.configs.list()].flatMap(
          (o) => o.metadata.labels?.[REMOTE_CLUSTER_ID] ?? [],
        ),
        ...objects.tunnels.list().map((t) => t.spec.clusterID),
      ]),
  };
};
