/** What is answered to a query, and when (RFC 6762, sections 6 and 7). Pure. */
import {
  type DnsRecord,
  emptyPacket,
  LOCAL,
  type Packet,
  type Question,
  sameRecord,
  serviceName,
} from "@tideway/dnssd";
import { allOf, type OwnRecords } from "./records.ts";
import type { Address, Outgoing, Pending, Responder, Step, Turn } from "./state.ts";

export const MDNS_PORT = 5353;
/** A resolver that knows nothing of multicast DNS must not keep what it gets (section 6.7), seconds. */
const LEGACY_TTL = 10;
/** Shared records are answered after a while, since others may answer too (section 6), ms. */
const SHARED_WAIT = { from: 20, span: 100 };
/** Who has more known answers to tell gets time for it (section 7.2), ms. */
const TRUNCATED_WAIT = { from: 400, span: 100 };
/** A record is told to everybody at most so often (section 6), ms. */
const CALM_MS = 1000;
const DEFENCE_CALM_MS = 250;
/** Answers that wait at the same time; what would be one more is not given. */
const MAX_PENDING = 16;

const answersTo = (q: Question, own: OwnRecords): DnsRecord[] =>
  allOf(own).filter((r) => r.name === q.name && (q.type === "ANY" || q.type === r.type));

/** Who asks for the pointer wants the rest next: it comes along (RFC 6763, section 12). */
const besides = (answers: readonly DnsRecord[], own: OwnRecords): DnsRecord[] => {
  const names = answers.some((r) => r.type === "PTR" && r.name === serviceName(LOCAL));
  const services = answers.some((r) => r.type === "SRV");
  const wanted = names ? own.unique : services ? own.unique.filter((r) => r.type.startsWith("A")) : [];
  return wanted.filter((r) => !answers.includes(r));
};

/** The asker has it, and will have it for at least half of its time (section 7.1). */
const isKnown = (r: DnsRecord, known: readonly DnsRecord[]): boolean =>
  known.some((k) => k.ttl >= r.ttl / 2 && sameRecord(k, r));

export const responseWith = (answers: DnsRecord[], own: OwnRecords): Packet => ({
  ...emptyPacket("response"),
  answers,
  additionals: besides(answers, own),
});

const legacy = (query: Packet, answers: DnsRecord[], own: OwnRecords): Packet => {
  const short = (r: DnsRecord): DnsRecord => ({ ...r, flush: false, ttl: Math.min(r.ttl, LEGACY_TTL) });
  const p = responseWith(answers, own);
  return {
    ...p,
    id: query.id,
    questions: query.questions.slice(0, 8).map((q) => ({ ...q, unicast: false })),
    answers: p.answers.map(short),
    additionals: p.additionals.map(short),
  };
};

const placeOf = (s: Responder, r: DnsRecord): number => allOf(s.own).indexOf(r);
const wasToldWithin = (s: Responder, r: DnsRecord, ms: number, now: number): boolean =>
  now - (s.toldMs[placeOf(s, r)] ?? -Infinity) < ms;

/** Notes that everybody was told. */
export const told = (s: Responder, records: readonly DnsRecord[], now: number): Responder => {
  const places = new Set(records.map((r) => placeOf(s, r)));
  return { ...s, toldMs: s.toldMs.map((at, i) => (places.has(i) ? now : at)) };
};

/** Answers for everybody, when their time has come and everybody was not told just now. */
export const flush = (s: Responder, now: number): Step => {
  const due = s.pending.filter((p) => p.atMs <= now);
  if (due.length === 0) return { state: s, send: [] };
  const state = { ...s, pending: s.pending.filter((p) => p.atMs > now) };
  const records = allOf(s.own).filter((r) =>
    due.some(
      (p) => p.records.includes(r) && !wasToldWithin(s, r, p.defence ? DEFENCE_CALM_MS : CALM_MS, now),
    ),
  );
  if (records.length === 0) return { state, send: [] };
  return { state: told(state, records, now), send: [{ packet: responseWith(records, s.own) }] };
};

const waitOf = (query: Packet, answers: readonly DnsRecord[], own: OwnRecords, random: number): number => {
  if (query.truncated) return TRUNCATED_WAIT.from + random * TRUNCATED_WAIT.span;
  return answers.some((r) => own.shared.includes(r)) ? SHARED_WAIT.from + random * SHARED_WAIT.span : 0;
};

/** The rest of a query that did not fit: what the asker knows besides. */
const withoutKnown = (s: Responder, query: Packet, from: Address): Responder => {
  const rest = (p: Pending): Pending[] => {
    if (p.asker !== from.address) return [p];
    const records = p.records.filter((r) => !isKnown(r, query.answers));
    return records.length === 0 ? [] : [{ ...p, records }];
  };
  return { ...s, pending: s.pending.flatMap(rest) };
};

export const answer = (s: Responder, query: Packet, from: Address, { now, random }: Turn): Step => {
  if (query.questions.length === 0) return { state: withoutKnown(s, query, from), send: [] };
  const asked = new Set(query.questions.flatMap((q) => answersTo(q, s.own)));
  const answers = allOf(s.own).filter((r) => asked.has(r) && !isKnown(r, query.answers));
  if (answers.length === 0) return { state: s, send: [] };
  if (from.port !== MDNS_PORT)
    return { state: s, send: [{ packet: legacy(query, answers, s.own), to: from }] };

  const alone = query.questions.every((q) => q.unicast || answersTo(q, s.own).length === 0);
  const recent = answers.every((r) => wasToldWithin(s, r, r.ttl * 250, now)); // a quarter of its time
  const send: Outgoing[] = alone && recent ? [{ packet: responseWith(answers, s.own), to: from }] : [];
  if (send.length > 0 || s.pending.length >= MAX_PENDING) return { state: s, send };
  const defence = query.authorities.some((r) => s.own.unique.some((u) => u.name === r.name));
  const atMs = now + waitOf(query, answers, s.own, random);
  const pending = [...s.pending, { atMs, records: answers, asker: from.address, defence }];
  return flush({ ...s, pending }, now);
};
