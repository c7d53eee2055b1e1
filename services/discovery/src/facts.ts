import type { Bus, FactName, FactOf, FactView } from "@tideway/bus";
import type { Facts, PeerFact } from "./ports.ts";

const HEARD = ["identity", "offer", "node", "replication"] as const satisfies FactName[];
type Views = { [F in "peer" | "sighting" | (typeof HEARD)[number]]: FactView<F> };

export interface OpenFacts extends Facts {
  /** Resolves when absence means "not existing". */
  synced: Promise<unknown>;
  /** Cluster IDs of the peers that are said to be present. */
  present(): string[];
  /** Clusters that announce themselves on the local network, those that are gone too. */
  sightings(): FactOf["sighting"][];
  /** Called with the cluster ID of such a cluster. */
  onSighting(handler: (id: string) => void): void;
  /** Called with the cluster ID that another service speaks of. */
  onChange(handler: (id: string) => void): void;
}

/** The bus as this service sees it. */
export const openFacts = async (bus: Pick<Bus, "facts" | "publish">): Promise<OpenFacts> => {
  const [peer, sighting, identity, offer, node, replication] = await Promise.all([
    bus.facts("peer"),
    bus.facts("sighting"),
    bus.facts("identity"),
    bus.facts("offer"),
    bus.facts("node"),
    bus.facts("replication"),
  ]);
  const views: Views = { peer, sighting, identity, offer, node, replication };
  /** What this replica said is known at once, not only when the bus has told it back. */
  const own = new Map<string, { data: PeerFact; traceparent?: string | undefined }>();
  const last = (id: string): { data: PeerFact; traceparent?: string | undefined } | undefined =>
    own.get(id) ?? peer.get(id);
  const said = (id: string): PeerFact | undefined => last(id)?.data;
  return {
    said,
    traceOf: (id) => last(id)?.traceparent,
    synced: Promise.all(Object.values(views).map((v) => v.synced)),
    heard: (id) => ({
      identity: {
        outgoing: identity.get(id, "outgoing")?.data,
        incoming: identity.get(id, "incoming")?.data,
      },
      offer: { outgoing: offer.get(id, "outgoing")?.data, incoming: offer.get(id, "incoming")?.data },
      node: node.get(id)?.data,
      replication: replication.get(id)?.data,
    }),
    say: (id, fact, traceparent) => {
      own.set(id, { data: fact, traceparent });
      return bus.publish("peer", { peer: id }, fact, { traceparent });
    },
    yield: (id) => void own.delete(id),
    sightings: () => sighting.list().map((f) => f.data),
    onSighting: (handler) => void sighting.onChange((f) => handler(f.peer)),
    present: () => peer.list().flatMap((f) => (said(f.peer)?.phase === "PRESENT" ? [f.peer] : [])),
    onChange: (handler) => {
      for (const entity of HEARD) views[entity].onChange((f: { peer: string }) => handler(f.peer));
    },
  };
};
