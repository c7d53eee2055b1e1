import { isCopy, REQUEST_NAME, type ResourceOffer, type ResourceRequest } from "@tideway/api";
import type { Fact } from "@tideway/bus";
import type { Direction, Side } from "./report/describe.ts";
import type { Heard, Objects } from "./ports.ts";

/** Which namespace belongs to which peer and direction, as auth said it; a fact of the end may leave it out, so the last word stays. */
export interface Peers {
  heard(fact: Fact<"identity">): void;
  namespaceOf(id: string, direction: Direction): string | undefined;
  /** Peers whose business the namespace is. */
  of(namespace: string | undefined): string[];
  nameOf(id: string): string | undefined;
  /** The objects of one direction: our request and their offer, or their request and our offer. */
  side(id: string, direction: Direction): Side;
}

const DIRECTIONS: readonly string[] = ["outgoing", "incoming"];

export const createPeers = (
  heard: Pick<Heard, "peers" | "identities">,
  objects: Omit<Objects, "policies">,
): Peers => {
  const namespaces = new Map<string, string>();
  const owners = new Map<string, Set<string>>();
  const keyOf = (id: string, direction: string): string => `${id} ${direction}`;
  const namespaceOf: Peers["namespaceOf"] = (id, direction) => namespaces.get(keyOf(id, direction));

  /** An object is of the side only when it comes from where that side says. */
  const isOf = (object: ResourceRequest | ResourceOffer, wantsCopy: boolean): boolean =>
    isCopy(object) === wantsCopy;

  return {
    heard: ({ peer, data }) => {
      if (!data.localNamespace || !DIRECTIONS.includes(data.direction)) return;
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
      undefined,
    side: (id, direction) => {
      const namespace = namespaceOf(id, direction);
      if (namespace === undefined) return { request: undefined, offers: [] };
      const theirs = direction === "incoming";
      const request = objects.requests.get(`${namespace}/${REQUEST_NAME}`);
      return {
        request: request && isOf(request, theirs) ? request : undefined,
        offers: objects.offers
          .list()
          .filter((o) => o.metadata.namespace === namespace && isOf(o, !theirs))
          .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
      };
    },
  };
};
