import type { Announcement } from "@tideway/dnssd";

/** What is known of one record: until when, and how long it was good for when it was heard. */
export interface Kept<T> {
  value: T;
  heardMs: number;
  ttlMs: number;
  untilMs: number;
}

/** One announcement on the local network. */
export interface Instance {
  /** First label of its name, folded. */
  name: string;
  /** Address of who told of it first. */
  from: string;
  pointer?: Kept<true>;
  service?: Kept<{ target: string; port: number }>;
  text?: Kept<readonly string[]>;
  /** Refreshing questions asked since it was last heard, of REFRESHES. */
  refreshes: number;
  /** Questions for what is missing of it. */
  asked: number;
  /** When to ask next, ms; Infinity: not before something changes. */
  askMs: number;
}

export interface Browser {
  instances: ReadonlyMap<string, Instance>;
  /** When everybody is asked next, ms, and the pause after that. */
  queryMs: number;
  pauseMs: number;
  /** Single announcements are not asked for before this, ms. */
  quietMs: number;
  allowance: Allowance;
  /** By the address of who told of new ones of late. */
  allowances: ReadonlyMap<string, Allowance>;
  limits: Limits;
}

/** How many further announcements could come at `atMs`; grows with time. */
export interface Allowance {
  left: number;
  atMs: number;
}

/** In all; a quarter of both for those that one sender tells of. */
export interface Limits {
  /** Announcements kept at the same time: further ones are not heard. */
  instances: number;
  /** New ones a minute, after a first `instances`. */
  newPerMinute: number;
}

/** Somebody who is there: all parts are known and sound. */
export interface Seen {
  instance: string;
  announcement: Announcement;
  untilMs: number;
}

/** Longest time to live that is believed, ms (RFC 6762, section 10). */
export const MAX_TTL_MS = 4_500_000;
/** A time to live below this counts as this: nobody can make us ask without end, ms. */
export const MIN_TTL_MS = 1000;
/**
 * How long a goodbye takes to count, ms, so that others who still have the record can say so (RFC 6762, section 10.1
 * says a second; hosts answer for their own record within a tenth of that).
 */
export const GOODBYE_MS = 300;
/** Shares of its time at which a record is asked for again (RFC 6762, section 5.2). */
export const REFRESHES = [0.8, 0.85, 0.9, 0.95] as const;
/** How often what is missing of an announcement is asked for, and the pause between, ms. */
export const MAX_ASKED = 3;
export const ASK_MS = 1000;
/** Pause between questions for single announcements, ms: short lives make nobody ask without end. */
export const QUIET_MS = 500;
/** Pauses between questions to everybody: from a second doubling to an hour (RFC 6762, section 5.2), ms. */
export const FIRST_PAUSE_MS = 1000;
export const MAX_PAUSE_MS = 3_600_000;

/** The first question goes out after 20 to 120 ms (RFC 6762, section 5.2). */
export const startBrowser = (limits: Limits, now: number, random: number): Browser => ({
  instances: new Map(),
  queryMs: now + 20 + random * 100,
  pauseMs: FIRST_PAUSE_MS,
  quietMs: now,
  allowance: { left: limits.instances, atMs: now },
  allowances: new Map(),
  limits,
});

/** When the whole of it ends: with the first of its records. */
export const endOf = (i: Instance): number =>
  Math.min(i.pointer?.untilMs ?? Infinity, i.service?.untilMs ?? Infinity, i.text?.untilMs ?? Infinity);

const lifeOf = (i: Instance): { heardMs: number; ttlMs: number } => {
  const all = [i.pointer, i.service, i.text].filter((k) => k !== undefined);
  const first = all.reduce((a, b) => (a.untilMs <= b.untilMs ? a : b));
  return { heardMs: first.heardMs, ttlMs: first.ttlMs };
};

export const isComplete = (i: Instance): boolean => Boolean(i.pointer && i.service && i.text);

/** When it is asked for again before it ends; Infinity after the last time. */
export const refreshMs = (i: Instance): number => {
  const share = REFRESHES[i.refreshes];
  if (share === undefined) return Infinity;
  const { heardMs, ttlMs } = lifeOf(i);
  return heardMs + share * ttlMs;
};

export const nextMs = (b: Browser): number => {
  let next = b.queryMs;
  for (const i of b.instances.values())
    next = Math.min(next, endOf(i), Math.max(b.quietMs, isComplete(i) ? refreshMs(i) : i.askMs));
  return next;
};
