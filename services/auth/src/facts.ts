import type { Bus, FactView } from "@tideway/bus";
import { describeError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import { currentTraceparent } from "@tideway/telemetry";
import type { Direction, Peers, PeerView, PublishIdentity, StandingOf } from "./ports.ts";

/** What other services say, and what this one says, as ports. */
export interface Facts {
  peers: Peers;
  standing: StandingOf;
  publish: PublishIdentity;
  /** The name in the last fact about an identity, where that says something else than GONE. */
  published(clusterID: string, direction: Direction): string | undefined;
  /** Cluster IDs that any fact speaks of. */
  known(): string[];
  /** Called with the cluster ID a fact speaks of. */
  onChange(handler: (clusterID: string) => void): void;
  synced: Promise<void>;
}

type Views = { [F in "peer" | "node" | "offer" | "replication" | "identity"]: FactView<F> };

const peerOf = (views: Views, clusterID: string): PeerView | undefined => {
  const { data: fact, traceparent } = views.peer.get(clusterID) ?? {};
  return (
    fact && {
      clusterId: fact.clusterId,
      name: fact.name,
      present: fact.phase === "PRESENT",
      outgoing: fact.phase === "PRESENT" && fact.outgoing,
      incoming: fact.incoming,
      authEndpoint: fact.authEndpoint,
      pins: fact.pins,
      claimed: fact.claimed,
      tokenSecret: fact.tokenSecret,
      unpeerDeadline: fact.unpeerDeadline,
      traceparent,
    }
  );
};

export const openFacts = async (bus: Bus, log: Logger): Promise<Facts> => {
  const [peer, node, offer, replication, identity] = await Promise.all([
    bus.facts("peer"),
    bus.facts("node"),
    bus.facts("offer"),
    bus.facts("replication"),
    bus.facts("identity"),
  ]);
  const views: Views = { peer, node, offer, replication, identity };
  const all = [peer, node, offer, replication, identity] as const;
  const stands = (state: string | undefined, ...over: string[]): boolean =>
    state !== undefined && !over.includes(state);
  return {
    peers: {
      get: (clusterID) => peerOf(views, clusterID),
      list: () => peer.list().flatMap((f) => peerOf(views, f.peer) ?? []),
    },
    standing: (clusterID) => ({
      node: stands(node.get(clusterID)?.data.state, "GONE"),
      offer: stands(offer.get(clusterID, "outgoing")?.data.state, "GONE"),
      replication: stands(replication.get(clusterID)?.data.state, "IDLE", "GONE"),
      rejected: node.get(clusterID)?.data.reason === "IdentityRejected",
    }),
    publish: (direction, state) => {
      bus
        .publish(
          "identity",
          { peer: state.clusterId, id: direction },
          { direction, ...state },
          { traceparent: currentTraceparent() },
        )
        .catch((err: unknown) => {
          log.warn(
            { peer: state.clusterId, direction, reason: describeError(err) },
            "identity not published",
          );
        });
    },
    published: (clusterID, direction) => {
      const fact = identity.get(clusterID, direction)?.data;
      return fact && fact.state !== "GONE" ? fact.name : undefined;
    },
    known: () => [...new Set(all.flatMap((v) => v.list().map((f) => f.peer)))],
    onChange: (handler) => {
      for (const view of [peer, node, offer, replication])
        view.onChange((f: { peer: string }) => handler(f.peer));
    },
    synced: Promise.all(all.map((v) => v.synced)).then(() => undefined),
  };
};
