import { type Address, bitsOf, formatAddress, formatPrefix, parseAddress } from "../address.ts";
import type { NftType } from "./nft-types.ts";

/**
 * The kernel refuses an element of an interval set that overlaps another, and for concatenations also tells so or not
 * by the order they come in. Policies overlap all the time: here elements are boxes, and what several of them hold is
 * cut so that each point lies in exactly one.
 */
interface Span {
  readonly low: bigint;
  readonly high: bigint;
}
type Box = readonly Span[];

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, "ipv6-icmp": 58, sctp: 132 };
/** By number: without /etc/protocols nft lists numbers and knows no name. */
export const protocolNumber = (text: string): string =>
  text
    .split("-")
    .map((part) => String(PROTOCOLS[part] ?? part))
    .join("-");

const address = (text: string): Address => parseAddress(text);
const family = (type: NftType | undefined): 4 | 6 | undefined =>
  type === "ipv4_addr" ? 4 : type === "ipv6_addr" ? 6 : undefined;
const numeric = (type: NftType | undefined): boolean => type === "inet_proto" || type === "inet_service";

const ipSpan = (text: string, f: 4 | 6): Span => {
  const [first = "", length] = text.split("/");
  if (length !== undefined) {
    const host = (1n << BigInt(bitsOf(f) - Number(length))) - 1n;
    const low = address(first).value & ~host;
    return { low, high: low | host };
  }
  const [from = "", to = from] = text.split("-");
  return { low: address(from).value, high: address(to).value };
};

const ipText = ({ low, high }: Span, f: 4 | 6): string => {
  if (low === high) return formatAddress({ family: f, value: low });
  const size = high - low + 1n;
  if ((size & (size - 1n)) === 0n && low % size === 0n)
    return formatPrefix({ family: f, base: low, length: bitsOf(f) - (size.toString(2).length - 1) });
  return `${formatAddress({ family: f, value: low })}-${formatAddress({ family: f, value: high })}`;
};

const intersects = (a: Box, b: Box): boolean =>
  a.every((s, i) => {
    const other = b[i];
    return other !== undefined && s.low <= other.high && other.low <= s.high;
  });

/** What of `box` is outside of `hole`, as boxes that do not overlap; they must intersect. */
const outside = (box: Box, hole: Box): Box[] => {
  const pieces: Box[] = [];
  let rest = box;
  for (const [i, cut] of hole.entries()) {
    const span = rest[i];
    if (!span) continue;
    if (span.low < cut.low) pieces.push(rest.with(i, { low: span.low, high: cut.low - 1n }));
    if (span.high > cut.high) pieces.push(rest.with(i, { low: cut.high + 1n, high: span.high }));
    rest = rest.with(i, {
      low: span.low > cut.low ? span.low : cut.low,
      high: span.high < cut.high ? span.high : cut.high,
    });
  }
  return pieces;
};

const bits = (box: Box): number =>
  box.reduce((n, { low, high }) => n + (high - low + 1n).toString(2).length, 0);

/** The same points by boxes that do not overlap, each key a list of components in canonical spelling. */
export const disjointKeys = (types: readonly NftType[], keys: readonly (readonly string[])[]): string[][] => {
  // What has no order (names) is numbered: equal or not is all there is to ask.
  const words: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (text: string): bigint => {
    const known = numbers.get(text) ?? words.push(text) - 1;
    numbers.set(text, known);
    return BigInt(known);
  };
  const span = (text: string, type: NftType | undefined): Span => {
    const f = family(type);
    if (f) return ipSpan(text, f);
    if (!numeric(type) || !/^\d+(-\d+)?$/.test(text)) return { low: numberOf(text), high: numberOf(text) };
    const [low = "", high = low] = text.split("-");
    return { low: BigInt(low), high: BigInt(high) };
  };
  const text = (s: Span, type: NftType | undefined): string => {
    const f = family(type);
    if (f) return ipText(s, f);
    if (!numeric(type)) return words[Number(s.low)] ?? "";
    return s.low === s.high ? String(s.low) : `${s.low}-${s.high}`;
  };
  const boxes = keys.map((key) => key.map((part, i) => span(part, types[i])));
  const isPoint = (box: Box): boolean => box.every((s) => s.low === s.high);
  const wide: Box[] = [];
  for (const box of boxes.filter((b) => !isPoint(b)).sort((a, b) => bits(b) - bits(a))) {
    let pieces: Box[] = [box];
    for (const kept of wide) pieces = pieces.flatMap((p) => (intersects(p, kept) ? outside(p, kept) : [p]));
    wide.push(...pieces);
  }
  const points = boxes.filter((b) => isPoint(b) && !wide.some((w) => intersects(b, w)));
  return [...wide, ...points].map((box) => box.map((s, i) => text(s, types[i])));
};
