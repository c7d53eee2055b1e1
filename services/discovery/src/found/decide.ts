/** World -> Plan for one cluster ID that is announced, or was. Pure. */
import {
  BY_DISCOVERY,
  type DiscoveryPolicy,
  type ForeignCluster,
  FOUND,
  FOUND_BY,
  type FoundAt,
  foundOf,
  MADE_BY,
  peerName,
} from "@tideway/api";
import { isNamedPin } from "../policy/judge.ts";
import { isOurs } from "./ours.ts";
import type { Sighting } from "./sightings.ts";

export interface World {
  id: string;
  /** ID of this cluster. */
  self: string;
  /** The ForeignCluster of this ID that counts. */
  cluster: Readonly<ForeignCluster> | undefined;
  /** Those whose time is not over. */
  sightings: readonly Sighting[];
  /** See Sightings.knows. */
  knows(place: Pick<FoundAt, "way" | "domain">): boolean;
  policy: Readonly<DiscoveryPolicy> | undefined;
  /** Something of a peering stands, in either direction. */
  peered: boolean;
  /** The peer answers at the address that is known. */
  reachable: boolean;
  isTaken(name: string): boolean;
  /** There may be one more ForeignCluster of those that were found. */
  hasRoom: boolean;
  now: number;
}

export type Effect =
  | { do: "create"; cluster: Pick<ForeignCluster, "metadata" | "spec"> }
  | { do: "note"; found: FoundAt[]; authEndpoint: string; farewells: FoundAt[] }
  | { do: "withdraw"; why: string };

export interface Plan {
  effect: Effect | undefined;
  /** A new cluster is not taken in for want of room. */
  refused: boolean;
  recheckMs?: number;
}

const NOTHING: Plan = { effect: undefined, refused: false };
const iso = (ms: number): string => new Date(ms).toISOString();

const at = (s: Sighting): FoundAt => ({
  way: s.way,
  domain: s.domain,
  until: iso(s.untilMs),
  endpoint: s.announcement.endpoint,
  pin: s.announcement.pin,
});
const placeOf = (f: { way: string; domain: string }): string => `${f.way} ${f.domain}`;
const byPlace = (a: FoundAt, b: FoundAt): number => (placeOf(a) < placeOf(b) ? -1 : 1);

/** One entry a place. What is over stays for a peer: its policy was decided by it. */
const foundNow = (
  before: readonly FoundAt[],
  seen: readonly FoundAt[],
  keep: (f: FoundAt) => boolean,
): FoundAt[] => {
  const places = new Map(before.filter(keep).map((f) => [placeOf(f), f]));
  for (const f of seen) places.set(placeOf(f), f);
  return [...places.values()].sort(byPlace);
};

/** The key that the policy names comes first: somebody else may have been quicker to announce the same ID. */
const chosen = (w: World): Sighting[] => {
  const named = w.sightings.find((s) => isNamedPin(w.policy, s.announcement.pin));
  const first =
    named ?? [...w.sightings].sort((a, b) => (a.announcement.pin < b.announcement.pin ? -1 : 1))[0];
  return w.sightings.filter((s) => s.announcement.pin === first?.announcement.pin);
};

const create = (w: World): Plan => {
  const [first, ...more] = chosen(w);
  if (!first) return NOTHING;
  if (!w.hasRoom) return { effect: undefined, refused: true };
  const { clusterName, endpoint, pin } = first.announcement;
  const found = foundNow([], [first, ...more].map(at), () => true);
  const cluster: Pick<ForeignCluster, "metadata" | "spec"> = {
    metadata: {
      name: peerName(clusterName, w.id, (name) => w.isTaken(name)),
      labels: { [MADE_BY]: BY_DISCOVERY, [FOUND_BY]: found[0]?.way ?? first.way },
      annotations: { [FOUND]: JSON.stringify(found) },
    },
    spec: {
      clusterID: w.id,
      clusterName,
      authEndpoint: endpoint,
      pins: [pin],
      outgoingPeering: "Auto",
      incomingPeering: "Auto",
    },
  };
  return { effect: { do: "create", cluster }, refused: false, recheckMs: dueMs(found, w.now) };
};

const dueMs = (found: readonly FoundAt[], now: number): number =>
  Math.max(1, Math.min(...found.map((f) => Date.parse(f.until)).filter((t) => t > now)) - now);

const again = (found: readonly FoundAt[], now: number): { recheckMs?: number } => {
  const ms = dueMs(found, now);
  return Number.isFinite(ms) ? { recheckMs: ms } : {};
};

/** A key that the policy names is announced, and what stands here has another one that it does not name. */
const isOusted = (w: World, fc: Readonly<ForeignCluster>): boolean =>
  !fc.spec.pins.some((p) => isNamedPin(w.policy, p)) &&
  w.sightings.some((s) => isNamedPin(w.policy, s.announcement.pin));

/** An address moves only when nobody answers at the old one: a packet alone takes no peer away. */
const endpointOf = (w: World, fc: Readonly<ForeignCluster>, seen: readonly FoundAt[]): string => {
  const known = fc.spec.authEndpoint;
  const [first] = seen;
  return !first || w.reachable || seen.some((f) => f.endpoint === known) ? known : first.endpoint;
};

/** Places where it was taken back before its time. For a peer nothing follows but that its time there is over. */
const farewellsOf = (w: World, before: readonly FoundAt[], seen: readonly FoundAt[]): FoundAt[] =>
  before.filter(
    (f) => Date.parse(f.until) > w.now && w.knows(f) && !seen.some((other) => placeOf(other) === placeOf(f)),
  );

const keep = (w: World, fc: Readonly<ForeignCluster>): Plan => {
  const known = foundOf(fc);
  const seen = w.sightings.filter((s) => fc.spec.pins.includes(s.announcement.pin)).map(at);
  const ours = isOurs(fc);
  const farewells = ours && !w.peered ? [] : farewellsOf(w, known, seen);
  const before = known.map((f) => (farewells.includes(f) ? { ...f, until: iso(w.now) } : f));
  const stays = (f: FoundAt): boolean => Date.parse(f.until) > w.now && !w.knows(f);
  const found = foundNow(before, seen, (f) => !ours || w.peered || stays(f));
  const isLive = found.some((f) => Date.parse(f.until) > w.now);
  if (ours && !w.peered) {
    if (!isLive) return { ...NOTHING, effect: { do: "withdraw", why: "it is not announced any more" } };
    if (isOusted(w, fc))
      return { ...NOTHING, effect: { do: "withdraw", why: "the policy names another key of this cluster" } };
  }
  if (!ours && fc.spec.outgoingPeering !== "Auto" && before.length === 0) return NOTHING; // a person's own
  const authEndpoint = ours ? endpointOf(w, fc, seen) : fc.spec.authEndpoint;
  const same = JSON.stringify(found) === JSON.stringify(known) && authEndpoint === fc.spec.authEndpoint;
  return {
    effect: same ? undefined : { do: "note", found, authEndpoint, farewells },
    refused: false,
    ...again(found, w.now),
  };
};

export const decide = (w: World): Plan => {
  if (w.id === w.self) return NOTHING;
  if (!w.cluster) return create(w);
  if (w.cluster.metadata.deletionTimestamp) return NOTHING; // made anew when it is gone
  return keep(w, w.cluster);
};
