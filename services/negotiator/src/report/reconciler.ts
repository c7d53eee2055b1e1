import type { PeerConditionWriter } from "@tideway/api/foreign-cluster-condition";
import { TRACEPARENT } from "@tideway/api";
import type { Bus } from "@tideway/bus";
import type { Reconcile } from "@tideway/controller";
import type { Logger } from "@tideway/log";
import { type NodeTerm, placementOf, type Policy } from "@tideway/sharing";
import type { EventRecorder } from "../events.ts";
import type { Heard, Share } from "../ports.ts";
import type { Peers } from "../peers.ts";
import {
  conditionOf,
  type Direction,
  factsOf,
  goneFact,
  type OfferFactInput,
  type World,
} from "./describe.ts";

export interface Deps {
  heard: Heard;
  peers: Peers;
  share: Share;
  publish: Bus["publish"];
  condition: PeerConditionWriter;
  record: EventRecorder;
  /** The owner's, as it is compiled; undefined: none. */
  policy(): Policy | undefined;
}

const DIRECTIONS: readonly Direction[] = ["outgoing", "incoming"];

/** What there is to say now of one direction; undefined: nothing new can be known. */
const wordOf = (
  d: Deps,
  w: World,
  direction: Direction,
  fact: OfferFactInput | undefined,
): OfferFactInput | undefined => {
  if (fact) return fact;
  // Without the namespace we have not looked at all; with a request, its answer is on its way.
  if (d.peers.namespaceOf(w.id, direction) === undefined || w[direction].request) return undefined;
  const before = d.heard.said.get(w.id, direction)?.data.state;
  return before === undefined || before === "GONE" ? undefined : goneFact(w.id, w.name, direction);
};

/** With a mistake in the policy nodes stay as they were sorted, so pods go where they went. */
const nodesOf = (d: Deps, id: string, pool: string): readonly NodeTerm[] => {
  const policy = d.policy();
  if (!policy?.problems.length) return placementOf(policy?.pools ?? [], pool) ?? [];
  const said = d.heard.said.get(id, "incoming")?.data.pools.find((p) => p.name === pool);
  return (said?.nodes ?? []) as readonly NodeTerm[];
};

/** The state last recorded as an Event by peer and direction: facts come back from the bus too late to tell. */
type Recorded = Map<string, OfferFactInput["state"]>;

const say = (d: Deps, w: World, fact: OfferFactInput, recorded: Recorded, log: Logger): void => {
  const direction = fact.direction as Direction;
  const { request, offers } = w[direction];
  const key = `${w.id} ${direction}`;
  const before = recorded.get(key) ?? d.heard.said.get(w.id, direction)?.data.state;
  recorded.set(key, fact.state);
  const traceparent = (request ?? offers[0])?.metadata.annotations?.[TRACEPARENT];
  // Not awaited: the publisher tries until it is stored, and a lost bus must not keep conditions from being written.
  d.publish("offer", { peer: w.id, id: direction }, fact, { traceparent }).catch((err: unknown) =>
    log.error({ err, peer: w.id, direction }, "offer fact not published"),
  );
  if (request && before !== fact.state) d.record(request, fact);
};

/** Tells others how the negotiation with a peer stands, by facts and by the condition Negotiated. The key is its cluster ID. */
export const makeReportReconciler = (d: Deps): Reconcile => {
  const recorded: Recorded = new Map();
  return async (id, { signal, log }) => {
    const name = d.peers.nameOf(id);
    if (!d.share.owns(id) || name === undefined) return {};
    const world: World = {
      id,
      name,
      outgoing: d.peers.side(id, "outgoing"),
      incoming: d.peers.side(id, "incoming"),
      nodesOf: (pool) => nodesOf(d, id, pool),
    };
    const facts = factsOf(world);
    for (const direction of DIRECTIONS) {
      const word = wordOf(d, world, direction, facts[direction]);
      if (word) say(d, world, word, recorded, log);
    }
    await d.condition.write(name, conditionOf(facts), signal);
    return {};
  };
};
