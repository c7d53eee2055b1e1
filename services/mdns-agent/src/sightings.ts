/** What the bus is told of who is seen. Pure: what was said and what is seen now, to what is to be said. */
import { type Announcement, sameAnnouncement } from "@tideway/dnssd";
import type { Seen } from "./browser/state.ts";
import type { SightingFact } from "./ports.ts";

/** What was said of one announcement, by its name. */
export interface Said {
  announcement: Announcement;
  untilMs: number;
  saidMs: number;
  /** By the agent before us: it stands until its time is over, since we may not have heard of it yet. */
  inherited: boolean;
}
export type SaidOf = ReadonlyMap<string, Said>;

/** Of one announcement the bus is told something new at most so often, ms. */
const CALM_MS = 1000;
/** A longer life is worth a word when it is longer by this share of what was left when it was said. */
const WORTH = 0.25;

export const factOf = (instance: string, s: Said, state: SightingFact["state"]): SightingFact => ({
  clusterId: s.announcement.clusterID,
  state,
  clusterName: s.announcement.clusterName,
  instance,
  authEndpoint: s.announcement.endpoint,
  pin: s.announcement.pin,
  protocolVersion: s.announcement.version,
  until: new Date(s.untilMs).toISOString(),
});

/** A fact of an earlier agent; undefined where it says nothing that stands. */
export const inherit = (fact: SightingFact): Said | undefined => {
  const untilMs = Date.parse(fact.until);
  if (fact.state !== "SEEN" || Number.isNaN(untilMs)) return undefined;
  const announcement = {
    clusterID: fact.clusterId,
    clusterName: fact.clusterName,
    version: fact.protocolVersion,
    endpoint: fact.authEndpoint,
    pin: fact.pin,
  };
  return { announcement, untilMs, saidMs: 0, inherited: true };
};

interface Change {
  said: Said | undefined;
  say: SightingFact[];
  /** When to look again although nothing is heard, ms. */
  dueMs: number;
}

const gone = (name: string, before: Said, now: number): Change => {
  if (before.inherited && before.untilMs > now) return { said: before, say: [], dueMs: before.untilMs };
  return { said: undefined, say: [factOf(name, before, "GONE")], dueMs: Infinity };
};

const isWorthAWord = (before: Said, seen: Seen): boolean => {
  if (before.inherited || !sameAnnouncement(before.announcement, seen.announcement)) return true;
  const left = before.untilMs - before.saidMs;
  return seen.untilMs < before.untilMs || seen.untilMs - before.untilMs >= left * WORTH;
};

const change = (name: string, before: Said | undefined, seen: Seen | undefined, now: number): Change => {
  if (!seen) return before ? gone(name, before, now) : { said: undefined, say: [], dueMs: Infinity };
  if (before && !isWorthAWord(before, seen)) return { said: before, say: [], dueMs: Infinity };
  if (before && now - before.saidMs < CALM_MS)
    return { said: before, say: [], dueMs: before.saidMs + CALM_MS };
  const said: Said = {
    announcement: seen.announcement,
    untilMs: seen.untilMs,
    saidMs: now,
    inherited: false,
  };
  const moved = before && before.announcement.clusterID !== seen.announcement.clusterID;
  return {
    said,
    say: [...(moved ? [factOf(name, before, "GONE")] : []), factOf(name, said, "SEEN")],
    dueMs: Infinity,
  };
};

export const tell = (
  before: SaidOf,
  seen: ReadonlyMap<string, Seen>,
  now: number,
): { said: SaidOf; say: SightingFact[]; dueMs: number } => {
  const said = new Map<string, Said>();
  const say: SightingFact[] = [];
  let dueMs = Infinity;
  for (const name of new Set([...before.keys(), ...seen.keys()])) {
    const c = change(name, before.get(name), seen.get(name), now);
    if (c.said) said.set(name, c.said);
    say.push(...c.say);
    dueMs = Math.min(dueMs, c.dueMs);
  }
  return { said, say, dueMs };
};
