/** DNS packets as far as DNS-SD needs them. What is read may come from anybody: every bound is checked before work. */
import dns, { type DecodedPacket, type Packet as RawPacket } from "dns-packet";
import { foldName } from "./names.ts";

/** Record types of DNS-SD; all others are skipped. */
export const TYPES = ["PTR", "SRV", "TXT", "A", "AAAA"] as const;
export type RecordType = (typeof TYPES)[number];

interface Common {
  /** Folded: lower case, no last dot. */
  name: string;
  /** Seconds. */
  ttl: number;
  /** This is all there is of this name and type (RFC 6762, section 10.2). */
  flush: boolean;
}
export type DnsRecord =
  | (Common & { type: "PTR"; target: string })
  | (Common & { type: "SRV"; target: string; port: number })
  | (Common & { type: "TXT"; strings: string[] })
  | (Common & { type: "A" | "AAAA"; address: string });

export interface Question {
  name: string;
  type: RecordType | "ANY";
  /** The answer may come to the asker alone (RFC 6762, section 5.4). */
  unicast: boolean;
}

export interface Packet {
  id: number;
  kind: "query" | "response";
  /** More follows: known answers of a query, or by TCP the rest of a response. */
  truncated: boolean;
  authoritative: boolean;
  /** `NOERROR`, `NXDOMAIN` and so on. */
  rcode: string;
  questions: Question[];
  answers: DnsRecord[];
  authorities: DnsRecord[];
  additionals: DnsRecord[];
}

/** Largest packet that is read, bytes (RFC 6762, section 17). */
export const MAX_PACKET = 9000;
/** Most strings of a TXT record that are kept. */
const MAX_STRINGS = 32;
const HEADER = 12;
/** Smallest question and record on the wire: a root name and the fixed fields. */
const MIN_QUESTION = 5;
const MIN_RECORD = 11;

/** Why a packet was not read. */
export const UNREADABLE = ["Oversized", "Malformed"] as const;
export type Unreadable = (typeof UNREADABLE)[number];

/** Counts that the packet has no room for would make the decoder reserve memory for nothing. */
const hasRoom = (b: Buffer): boolean =>
  b.length >= HEADER &&
  HEADER +
    b.readUInt16BE(4) * MIN_QUESTION +
    (b.readUInt16BE(6) + b.readUInt16BE(8) + b.readUInt16BE(10)) * MIN_RECORD <=
    b.length;

type RawRecord = NonNullable<RawPacket["answers"]>[number];

const INTERNET = "IN";

const recordOf = (raw: RawRecord): DnsRecord[] => {
  if (!("class" in raw) || raw.class !== INTERNET || !("ttl" in raw)) return [];
  const common = { name: foldName(raw.name), ttl: raw.ttl ?? 0, flush: raw.flush ?? false };
  switch (raw.type) {
    case "PTR":
      return [{ ...common, type: "PTR", target: foldName(raw.data) }];
    case "SRV":
      return [{ ...common, type: "SRV", target: foldName(raw.data.target), port: raw.data.port }];
    case "TXT": {
      // as Latin-1, byte for byte: what is ours is ASCII, and all else must stay different from it
      const strings = (raw.data as Buffer[]).slice(0, MAX_STRINGS).map((s) => s.toString("latin1"));
      return [{ ...common, type: "TXT", strings }];
    }
    case "A":
    case "AAAA":
      return [{ ...common, type: raw.type, address: raw.data }];
    default:
      return [];
  }
};

/** The library does not take the topmost bit of the class, "unicast response wanted", off by itself. */
const UNICAST_INTERNET = "UNKNOWN_32769";

const questionOf = (raw: { name: string; type: string; class?: string | undefined }): Question[] => {
  const type = raw.type === "ANY" ? "ANY" : TYPES.find((t) => t === raw.type);
  const unicast = raw.class === UNICAST_INTERNET;
  if (!type || !(unicast || raw.class === INTERNET || raw.class === "ANY")) return [];
  return [{ name: foldName(raw.name), type, unicast }];
};

/** The declarations leave out two fields that the library gives. */
type Decoded = DecodedPacket & { opcode: string; rcode: string };

/** Never throws. Pointers lead backwards only, so a name ends; records and questions of other kinds are left out. */
export const decodePacket = (bytes: Buffer): Packet | Unreadable => {
  if (bytes.length > MAX_PACKET) return "Oversized";
  if (!hasRoom(bytes)) return "Malformed";
  try {
    const raw = dns.decode(bytes) as Decoded;
    if (raw.opcode !== "QUERY") return "Malformed";
    return {
      id: raw.id ?? 0,
      kind: raw.type === "response" ? "response" : "query",
      truncated: raw.flag_tc,
      authoritative: raw.flag_aa,
      rcode: raw.rcode,
      questions: (raw.questions ?? []).flatMap(questionOf),
      answers: (raw.answers ?? []).flatMap(recordOf),
      authorities: (raw.authorities ?? []).flatMap(recordOf),
      additionals: (raw.additionals ?? []).flatMap(recordOf),
    };
  } catch {
    return "Malformed"; // what exactly is the sender's business
  }
};

const rawOf = (r: DnsRecord): RawRecord => {
  const common = { name: r.name, ttl: r.ttl, class: "IN" as const, flush: r.flush };
  switch (r.type) {
    case "PTR":
      return { ...common, type: "PTR", data: r.target };
    case "SRV":
      return { ...common, type: "SRV", data: { target: r.target, port: r.port, priority: 0, weight: 0 } };
    case "TXT":
      return { ...common, type: "TXT", data: r.strings.map((s) => Buffer.from(s, "latin1")) };
    default:
      return { ...common, type: r.type, data: r.address };
  }
};

/** The library cannot write the topmost bit of a question's class either: set where that class begins. */
const markUnicast = (bytes: Buffer, questions: readonly Question[]): Buffer => {
  let at = HEADER;
  for (const q of questions) {
    at += Buffer.byteLength(q.name) + 2 + 2; // lengths of labels and the end, then the type
    if (q.unicast) bytes.writeUInt8(bytes.readUInt8(at) | 0x80, at);
    at += 2;
  }
  return bytes;
};

/** A packet with nothing in it. */
export const emptyPacket = (kind: Packet["kind"]): Packet => ({
  id: 0,
  kind,
  truncated: false,
  authoritative: kind === "response",
  rcode: "NOERROR",
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
});

export interface EncodeOptions {
  /** The asked server may ask others (unicast DNS). Default false. */
  recursion?: boolean;
  /** Say that an answer by UDP may be this long, bytes (EDNS, RFC 6891). Default: not said. */
  udpSize?: number;
}

export const encodePacket = (p: Packet, o: EncodeOptions = {}): Buffer => {
  const flags =
    (p.authoritative ? dns.AUTHORITATIVE_ANSWER : 0) |
    (p.truncated ? dns.TRUNCATED_RESPONSE : 0) |
    (o.recursion ? dns.RECURSION_DESIRED : 0);
  const opt = { type: "OPT", name: ".", udpPayloadSize: o.udpSize, flags: 0, options: [] };
  const raw = {
    id: p.id,
    type: p.kind,
    flags,
    questions: p.questions.map(({ name, type }) => ({ name, type, class: INTERNET })),
    answers: p.answers.map(rawOf),
    authorities: p.authorities.map(rawOf),
    additionals: [...p.additionals.map(rawOf), ...(o.udpSize ? [opt as unknown as RawRecord] : [])],
  };
  return markUnicast(dns.encode(raw as RawPacket), p.questions);
};
