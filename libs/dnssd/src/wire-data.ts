/** Records compared as they are on the wire (RFC 6762, section 8.2). */
import { type DnsRecord, emptyPacket, encodePacket, type RecordType } from "./packet.ts";

/** Numbers of the record types: the order in which tie-breaking compares them. */
const NUMBERS: { [T in RecordType]: number } = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33 };
/** Before the data: the header, a root name, type, class, time to live and length. */
const DATA_AT = 12 + 1 + 10;

/** The data of a record as bytes, names in it not compressed. */
const rdataOf = (r: DnsRecord): Buffer =>
  encodePacket({ ...emptyPacket("response"), answers: [{ ...r, name: "." }] }).subarray(DATA_AT);

/** Same name, type and data, whatever the time to live. */
export const sameRecord = (a: DnsRecord, b: DnsRecord): boolean =>
  a.type === b.type && a.name === b.name && rdataOf(a).equals(rdataOf(b));

const compareRecords = (a: DnsRecord, b: DnsRecord): number =>
  NUMBERS[a.type] - NUMBERS[b.type] || Buffer.compare(rdataOf(a), rdataOf(b));

/**
 * Which of two sets of records that two hosts want for one name wins: greater than 0 where `a` comes later, 0 where
 * they are the same, which is no conflict.
 */
export const compareSets = (a: readonly DnsRecord[], b: readonly DnsRecord[]): number => {
  const [left, right] = [[...a].sort(compareRecords), [...b].sort(compareRecords)];
  for (const [i, mine] of left.entries()) {
    const theirs = right[i];
    if (theirs === undefined) return 1;
    const order = compareRecords(mine, theirs);
    if (order !== 0) return order;
  }
  return left.length - right.length;
};
