/**
 * The responder of multicast DNS (RFC 6762, sections 8 to 10): state and packet, or state and time, to state and packets.
 * Pure. It never forgets its names because of what others say for longer than they say it.
 */
import { compareSets, type DnsRecord, emptyPacket, type Packet, sameRecord } from "@tideway/dnssd";
import { answer, flush, responseWith, told } from "./answer.ts";
import { allOf } from "./records.ts";
import {
  type Address,
  ANNOUNCE_MS,
  ANNOUNCEMENTS,
  type Outgoing,
  PROBE_MS,
  probeAgain,
  PROBES,
  rename,
  type Responder,
  type Step,
  type Turn,
} from "./state.ts";

/** Who loses a tie of two probes tries again after this (section 8.2), ms. */
const LOST_TIE_MS = 1000;

const namesOf = (s: Responder): string[] => [...new Set(s.own.unique.map((r) => r.name))];

const probe = (s: Responder): Packet => ({
  ...emptyPacket("query"),
  // the first answer may come to us alone; later ones are for everybody, so that all see the conflict
  questions: namesOf(s).map((name) => ({ name, type: "ANY", unicast: s.sent === 0 })),
  authorities: s.own.unique.map((r) => ({ ...r, flush: false })),
});

const goOn = (s: Responder, now: number): Step => {
  switch (s.phase) {
    case "probing":
      if (s.sent < PROBES)
        return { state: { ...s, sent: s.sent + 1, dueMs: now + PROBE_MS }, send: [{ packet: probe(s) }] };
      return goOn({ ...s, phase: "announcing", sent: 0 }, now);
    case "announcing": {
      const sent = s.sent + 1;
      const last = sent >= ANNOUNCEMENTS;
      const state: Responder = last
        ? { ...s, phase: "established", sent: 0, dueMs: Infinity }
        : { ...s, sent, dueMs: now + ANNOUNCE_MS };
      return { state: told(state, allOf(s.own), now), send: [{ packet: responseWith(allOf(s.own), s.own) }] };
    }
    case "established":
      return { state: { ...s, dueMs: Infinity }, send: [] };
  }
};

export const onTime = (s: Responder, { now }: Turn): Step => {
  const flushed = flush(s, now);
  if (s.dueMs > now) return flushed;
  const { state, send } = goOn(flushed.state, now);
  return { state, send: [...flushed.send, ...send] };
};

/** Another host probes for our names at the same moment: the later set of records wins, the same set is our own. */
const onProbe = (s: Responder, query: Packet, now: number): Responder => {
  const lost = namesOf(s).some((name) => {
    const theirs = query.authorities.filter((r) => r.name === name);
    const ours = s.own.unique.filter((r) => r.name === name);
    return theirs.length > 0 && compareSets(ours, theirs) < 0;
  });
  return lost ? probeAgain(s, now, LOST_TIE_MS) : s;
};

/** Somebody has other records of our names. While we only ask for them, of any type. */
const isConflict = (s: Responder, r: DnsRecord): boolean => {
  if (r.ttl === 0 || (s.phase === "probing" && s.sent === 0)) return false; // a name that we have not asked for yet
  const ours = s.own.unique.filter((u) => u.name === r.name && (s.phase === "probing" || u.type === r.type));
  return ours.length > 0 && !ours.some((u) => sameRecord(u, r));
};

/** Others tell less of our records than we do, or say goodbye for them: told again, so that nobody forgets (6.6, 10.1). */
const rescue = (s: Responder, heard: readonly DnsRecord[], { now, random }: Turn): Responder => {
  const fading = allOf(s.own).filter((r) => heard.some((h) => h.ttl < r.ttl / 2 && sameRecord(h, r)));
  if (fading.length === 0 || s.pending.some((p) => fading.every((r) => p.records.includes(r)))) return s;
  const rescued = { atMs: now + random * 100, records: fading, asker: "", defence: true };
  return { ...s, pending: [...s.pending, rescued].slice(-16) };
};

/** Another one has just told everybody the same (section 7.4). */
const withoutTold = (s: Responder, heard: readonly DnsRecord[]): Responder => ({
  ...s,
  pending: s.pending.flatMap((p) => {
    const records = p.records.filter((r) => !heard.some((h) => h.ttl >= r.ttl && sameRecord(h, r)));
    return records.length === 0 ? [] : [{ ...p, records }];
  }),
});

const onResponse = (s: Responder, packet: Packet, turn: Turn): Responder => {
  const heard = [...packet.answers, ...packet.additionals];
  if (heard.some((r) => isConflict(s, r)))
    return s.phase === "probing" ? rename(s, turn) : probeAgain(s, turn.now, turn.random * PROBE_MS);
  return s.phase === "probing" ? s : rescue(withoutTold(s, heard), heard, turn);
};

export const onPacket = (s: Responder, packet: Packet, from: Address, turn: Turn): Step => {
  if (packet.kind === "response") return { state: onResponse(s, packet, turn), send: [] };
  if (s.phase === "probing") return { state: onProbe(s, packet, turn.now), send: [] };
  return answer(s, packet, from, turn);
};

/** Somebody says goodbye for us: we are here, and only we say ours. */
export const isForgedGoodbye = (s: Responder, packet: Packet): boolean =>
  packet.kind === "response" &&
  s.phase !== "probing" &&
  packet.answers.some((r) => r.ttl === 0 && farewell(s).some((own) => sameRecord(own, r)));

/** A packet made us ask again for a name that we had, or take another one. */
export const isDisputed = (before: Responder, after: Responder): boolean =>
  before.attempt !== after.attempt || (before.phase !== "probing" && after.phase === "probing");

/** The pointer to the type of the service stays: other clusters answer for it too. */
const farewell = (s: Responder): DnsRecord[] => [...s.own.shared.slice(0, 1), ...s.own.unique];

/** The last word: nobody need wait until the time of our records has passed. Nothing where nobody was told. */
export const goodbye = (s: Responder): Outgoing[] => {
  if (s.phase === "probing") return [];
  const records = farewell(s).map((r) => ({ ...r, ttl: 0 }));
  return [{ packet: { ...emptyPacket("response"), answers: records } }];
};
