import type { DnsRecord, Packet } from "@tideway/dnssd";
import { type Offer, type OwnRecords, recordsOf } from "./records.ts";

/** Where a packet came from, and where an answer to one asker goes. */
export interface Address {
  address: string;
  port: number;
}

export interface Outgoing {
  packet: Packet;
  /** Absent: to everybody on the local network. */
  to?: Address;
}

/** probing: asks whether the names are free. announcing: tells everybody. established: answers. */
export type Phase = "probing" | "announcing" | "established";

/** An answer that waits for its time. */
export interface Pending {
  atMs: number;
  records: DnsRecord[];
  /** Who asked: it may still send answers that it knows. */
  asker: string;
  /** A host defends its names against a probe four times a second, all else once (RFC 6762, section 6). */
  defence: boolean;
}

export interface Responder {
  offer: Offer;
  own: OwnRecords;
  /** 1 and one more for every conflict. */
  attempt: number;
  phase: Phase;
  /** Probes or announcements that were sent in this phase. */
  sent: number;
  /** When the phase goes on, ms; Infinity when there is nothing to do. */
  dueMs: number;
  /** When conflicts were seen lately, ms. */
  conflicts: readonly number[];
  pending: readonly Pending[];
  /** When a record was last told to everybody, ms; by its place in `allOf(own)`. */
  toldMs: readonly number[];
}

export interface Turn {
  now: number;
  /** 0 to 1. */
  random: number;
}

export interface Step {
  state: Responder;
  send: Outgoing[];
}

/** RFC 6762, section 8.1. */
export const PROBES = 3;
export const PROBE_MS = 250;
/** RFC 6762, section 8.3. */
export const ANNOUNCEMENTS = 2;
export const ANNOUNCE_MS = 1000;
/** After so many conflicts in so long a time, every further attempt waits (RFC 6762, section 8.1). */
const MANY_CONFLICTS = 15;
const CONFLICT_WINDOW_MS = 10_000;
const CONFLICT_PAUSE_MS = 5000;
/** Names are tried in turn; after the last one from the start. */
const MAX_ATTEMPT = 999;

const fresh = (own: OwnRecords): number[] => [...own.shared, ...own.unique].map(() => -Infinity);

/** Probing begins within a quarter of a second, so that hosts that start together do not speak together. */
export const startResponder = (offer: Offer, { now, random }: Turn): Responder => {
  const own = recordsOf(offer, 1);
  return {
    offer,
    own,
    attempt: 1,
    phase: "probing",
    sent: 0,
    dueMs: now + random * PROBE_MS,
    conflicts: [],
    pending: [],
    toldMs: fresh(own),
  };
};

/** Other content under the same names: it is announced without asking again whether they are free (section 8.4). */
export const changeOffer = (s: Responder, offer: Offer, turn: Turn): Responder => {
  const renamed = offer.announcement.clusterName !== s.offer.announcement.clusterName;
  if (renamed) return startResponder(offer, turn);
  const own = recordsOf(offer, s.attempt);
  const told = { offer, own, pending: [], toldMs: fresh(own) };
  return s.phase === "probing"
    ? { ...s, ...told, sent: 0 }
    : { ...s, ...told, phase: "announcing", sent: 0, dueMs: turn.now };
};

/** Asks again whether the names are free, after `waitMs`. */
export const probeAgain = (s: Responder, now: number, waitMs: number): Responder => ({
  ...s,
  phase: "probing",
  sent: 0,
  dueMs: now + waitMs,
  pending: [],
});

/** Somebody has one of our names: the next ones are tried. */
export const rename = (s: Responder, { now, random }: Turn): Responder => {
  const conflicts = [...s.conflicts.filter((t) => now - t < CONFLICT_WINDOW_MS), now].slice(-MANY_CONFLICTS);
  const attempt = s.attempt >= MAX_ATTEMPT ? 1 : s.attempt + 1;
  const own = recordsOf(s.offer, attempt);
  const waitMs = conflicts.length >= MANY_CONFLICTS ? CONFLICT_PAUSE_MS : random * PROBE_MS;
  return probeAgain({ ...s, attempt, own, conflicts, toldMs: fresh(own) }, now, waitMs);
};

export const nextMs = (s: Responder): number => Math.min(s.dueMs, ...s.pending.map((p) => p.atMs));
