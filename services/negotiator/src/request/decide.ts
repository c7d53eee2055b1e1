/** World -> Plan for what this cluster asks of one peer. Pure: no I/O, no clock, no randomness. */
import { isDeepStrictEqual } from "node:util";
import {
  ORIGIN_GENERATION,
  type ResourceOffer,
  type ResourceRequest,
  type ResourceRequestSpec,
} from "@tideway/api";
import { isTooDear } from "../report/describe.ts";

export interface World {
  /** ID of this cluster. */
  clusterID: string;
  /** Whether the owner wants to consume the peer; undefined: not told yet. */
  wanted: boolean | undefined;
  /** Of our identity at the peer; undefined: not told yet. */
  identity: "GRANTED" | "DENIED" | "REVOKED" | "GONE" | undefined;
  /** The peer gives node pools offers of their own; undefined: it has not told yet what it understands. */
  givesPools: boolean | undefined;
  /** Of the peer's virtual node here; undefined: there is none. */
  node: "READY" | "NOT_READY" | "DRAINING" | "GONE" | undefined;
  /** RFC 3339: after it nobody is waited for. */
  unpeerDeadline: string | undefined;
  request: ResourceRequest | undefined;
  /** The peer's offers as the replicator brought them. */
  offers: readonly ResourceOffer[];
  now: string;
}

export type Effect =
  | { do: "applyRequest"; spec: Pick<ResourceRequestSpec, "clusterID" | "pools"> & Acceptance }
  | { do: "deleteRequest" };

export interface Plan {
  effects: Effect[];
  recheckMs?: number;
}

const NOTHING: Plan = { effects: [] };

/** The generation at the provider, where the replicator tells it. */
const generationOf = ({ metadata }: ResourceOffer): number =>
  Number(metadata.annotations?.[ORIGIN_GENERATION] ?? NaN) || (metadata.generation ?? 0);

type Acceptance = Pick<ResourceRequestSpec, "acceptedOffer" | "acceptedPools">;

const accept = (offer: ResourceOffer): { name: string; generation: number } => ({
  name: offer.metadata.name,
  generation: generationOf(offer),
});

/** What stands and is not too dear. */
const acceptance = (w: World): Acceptance => {
  const good = w.offers.filter(
    (o) => !o.metadata.deletionTimestamp && !(w.request && isTooDear(w.request, o)),
  );
  const own = good.find((o) => o.spec.pool === undefined);
  const pools = good.filter((o) => o.spec.pool !== undefined).map(accept);
  return {
    ...(own ? { acceptedOffer: accept(own) } : {}),
    ...(pools.length > 0 ? { acceptedPools: pools } : {}),
  };
};

const said = ({ acceptedOffer, acceptedPools }: ResourceRequestSpec): Acceptance => ({
  ...(acceptedOffer ? { acceptedOffer } : {}),
  ...(acceptedPools?.length ? { acceptedPools } : {}),
});

const ask = (w: World): Plan => {
  const { clusterID, request } = w;
  if (request?.metadata.deletionTimestamp) return NOTHING; // its end wakes us, then it is made anew
  const accepted = acceptance(w);
  // A peer of an earlier release has no place for the word in its copy.
  const pools = w.givesPools ?? request?.spec.pools === true;
  const same = request?.spec.clusterID === clusterID && (request.spec.pools ?? false) === pools;
  if (same && isDeepStrictEqual(said(request.spec), accepted)) return NOTHING;
  return { effects: [{ do: "applyRequest", spec: { clusterID, ...(pools ? { pools } : {}), ...accepted } }] };
};

const isNodeGone = (w: World): boolean => w.node === undefined || w.node === "GONE";

const takeBack = (w: World): Plan => {
  if (!w.request || w.request.metadata.deletionTimestamp) return NOTHING;
  if (isNodeGone(w)) return { effects: [{ do: "deleteRequest" }] };
  if (!w.unpeerDeadline) return NOTHING; // pods still leave; the node fact wakes us
  const leftMs = Date.parse(w.unpeerDeadline) - Date.parse(w.now);
  return leftMs > 0 ? { effects: [], recheckMs: leftMs } : { effects: [{ do: "deleteRequest" }] };
};

export const decide = (w: World): Plan => {
  if (w.wanted === undefined) return NOTHING;
  if (!w.wanted) return takeBack(w);
  // Without a valid identity nobody carries the request over; one that stands stays, the identity may come back.
  return w.identity === "GRANTED" ? ask(w) : NOTHING;
};
