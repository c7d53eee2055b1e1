/**
 * Hears who else is on the local network (RFC 6762, sections 5, 7 and 10; RFC 6763). Pure: state and packet, or state and
 * time, to state, packets, and who is seen. What it keeps is bounded whatever is sent to it.
 */
import {
  type DnsRecord,
  emptyPacket,
  fromTxt,
  instanceName,
  instanceOf,
  LOCAL,
  type Packet,
  type Question,
  serviceName,
} from "@tideway/dnssd";
import { takeRoom } from "./room.ts";
import {
  ASK_MS,
  type Browser,
  endOf,
  GOODBYE_MS,
  type Instance,
  isComplete,
  type Kept,
  MAX_ASKED,
  MAX_PAUSE_MS,
  MAX_TTL_MS,
  MIN_TTL_MS,
  QUIET_MS,
  refreshMs,
  type Seen,
} from "./state.ts";

export interface BrowserStep {
  state: Browser;
  send: Packet[];
  /** Announcements that are not taken in, for want of room. */
  refused: number;
}

/** Known answers that fit into a packet with room for the question. */
const KNOWN_PER_PACKET = 12;

const keep = <T>(before: Kept<T> | undefined, r: DnsRecord, value: T, now: number): Kept<T> | undefined => {
  if (r.ttl === 0) return before && { ...before, untilMs: Math.min(before.untilMs, now + GOODBYE_MS) };
  const ttlMs = Math.min(Math.max(r.ttl * 1000, MIN_TTL_MS), MAX_TTL_MS);
  return { value, heardMs: now, ttlMs, untilMs: now + ttlMs };
};

const withRecord = (i: Instance, r: DnsRecord, now: number): Instance => {
  const fresh = { ...i, refreshes: r.ttl === 0 ? i.refreshes : 0 };
  const put = <K extends "pointer" | "service" | "text">(key: K, kept: Instance[K]): Instance =>
    kept ? { ...fresh, [key]: kept } : i;
  switch (r.type) {
    case "PTR":
      return put("pointer", keep(i.pointer, r, true, now));
    case "SRV":
      return put("service", keep(i.service, r, { target: r.target, port: r.port }, now));
    case "TXT":
      return put("text", keep(i.text, r, r.strings, now));
    default:
      return i;
  }
};

/** Which announcement a record speaks of. */
const subjectOf = (r: DnsRecord): string | undefined => {
  if (r.type === "PTR") return r.name === serviceName(LOCAL) ? instanceOf(r.target, LOCAL) : undefined;
  return r.type === "SRV" || r.type === "TXT" ? instanceOf(r.name, LOCAL) : undefined;
};

/** Only a pointer brings a new one in; the rest of it may stand in the same packet. */
const isNews = (r: DnsRecord): boolean => r.type === "PTR" && r.ttl > 0;

export const hear = (b: Browser, packet: Packet, from: string, now: number): BrowserStep => {
  if (packet.kind !== "response") return { state: b, send: [], refused: 0 };
  const records = [...packet.answers, ...packet.additionals].flatMap((record) => {
    const subject = subjectOf(record);
    return subject === undefined ? [] : [{ record, subject }];
  });
  if (records.length === 0) return { state: b, send: [], refused: 0 };
  const instances = new Map(b.instances);
  let state: Browser = { ...b, instances };
  let refused = 0;
  for (const { record, subject } of records) {
    if (!isNews(record) || instances.has(subject)) continue;
    const room = takeRoom(state, from, now);
    if (!room) refused++;
    else {
      state = { ...state, ...room };
      instances.set(subject, { name: subject, from, refreshes: 0, asked: 0, askMs: now });
    }
  }
  for (const { record, subject } of records) {
    const known = instances.get(subject);
    if (known) instances.set(subject, withRecord(known, record, now));
  }
  return { state, send: [], refused };
};

const ask = (name: string): Question[] => {
  const full = instanceName(name, LOCAL);
  return [
    { name: full, type: "SRV", unicast: false },
    { name: full, type: "TXT", unicast: false },
  ];
};
const POINTERS: Question = { name: serviceName(LOCAL), type: "PTR", unicast: false };

/** Who has it for more than half of its time yet says so, and the other need not answer (section 7.1). */
const knownPointers = (b: Browser, now: number): DnsRecord[] =>
  [...b.instances.values()].flatMap((i) => {
    const p = i.pointer;
    const left = p ? p.untilMs - now : 0;
    if (!p || left <= p.ttlMs / 2) return [];
    const target = instanceName(i.name, LOCAL);
    return [{ ...POINTERS, type: "PTR", ttl: Math.floor(left / 1000), flush: false, target } as const];
  });

const queries = (b: Browser, now: number): Packet[] => {
  const known = knownPointers(b, now);
  const packets: Packet[] = [];
  do {
    const answers = known.splice(0, KNOWN_PER_PACKET);
    const questions = packets.length === 0 ? [POINTERS] : [];
    packets.push({ ...emptyPacket("query"), questions, answers, truncated: known.length > 0 });
  } while (known.length > 0);
  return packets;
};

/** What is due of one announcement: gone, asked for again, or as it is. */
const age = (
  i: Instance,
  now: number,
  quiet: boolean,
): { instance: Instance | undefined; questions: Question[] } => {
  if (endOf(i) <= now) return { instance: undefined, questions: [] };
  if (isComplete(i)) {
    if (quiet || refreshMs(i) > now) return { instance: i, questions: [] };
    return { instance: { ...i, refreshes: i.refreshes + 1 }, questions: [POINTERS, ...ask(i.name)] };
  }
  if (quiet || i.askMs > now) return { instance: i, questions: [] };
  const asked = i.asked + 1;
  const askMs = asked >= MAX_ASKED ? Infinity : now + ASK_MS;
  return { instance: { ...i, asked, askMs }, questions: ask(i.name) };
};

/** Questions of one packet: so many that it stays well below a packet of the network. */
const QUESTIONS_PER_PACKET = 16;

export const onTime = (b: Browser, now: number): BrowserStep => {
  const instances = new Map<string, Instance>();
  const questions = new Map<string, Question>();
  for (const i of b.instances.values()) {
    const aged = age(i, now, now < b.quietMs);
    if (aged.instance) instances.set(i.name, aged.instance);
    for (const q of aged.questions) questions.set(`${q.type} ${q.name}`, q);
  }
  let state: Browser = { ...b, instances };
  const send: Packet[] = [];
  if (b.queryMs <= now) {
    send.push(...queries(state, now));
    state = {
      ...state,
      queryMs: now + b.pauseMs,
      pauseMs: Math.min(b.pauseMs * 2, MAX_PAUSE_MS),
    };
  }
  const all = [...questions.values()];
  if (all.length > 0) state = { ...state, quietMs: now + QUIET_MS };
  while (all.length > 0)
    send.push({ ...emptyPacket("query"), questions: all.splice(0, QUESTIONS_PER_PACKET) });
  return { state, send, refused: 0 };
};

/** All that are there and sound, by name. */
export const seenBy = (b: Browser): Map<string, Seen> => {
  const seen = new Map<string, Seen>();
  for (const i of b.instances.values()) {
    const announcement = isComplete(i) && i.text ? fromTxt(i.text.value) : undefined;
    if (announcement) seen.set(i.name, { instance: i.name, announcement, untilMs: endOf(i) });
  }
  return seen;
};
