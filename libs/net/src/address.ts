import { InvalidError } from "@tideway/errors";

/** IPv4 and IPv6 alike: an address is a number of 32 or 128 bits. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}
export interface Prefix {
  readonly family: 4 | 6;
  /** The lowest address; its host bits are zero. */
  readonly base: bigint;
  readonly length: number;
}

export const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

const parseV4 = (text: string): bigint | undefined => {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    // A leading zero reads as octal elsewhere: refused, as by the kernel's own parsers.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return BigInt(value);
};

/** Groups of a half of an IPv6 address; a dotted tail counts as two. */
const groups = (text: string): number[] | undefined => {
  if (text === "") return [];
  const out: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      out.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) out.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return out;
};

const parseV6 = (text: string): bigint | undefined => {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = [groups(halves[0] ?? ""), groups(halves[1] ?? "")];
  if (!head || !tail) return undefined;
  if (halves.length === 2 && (halves[0] ?? "").includes(".")) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...Array<number>(missing).fill(0), ...tail].reduce((v, g) => (v << 16n) | BigInt(g), 0n);
};

export const parseAddress = (text: string): Address => {
  const family = text.includes(":") ? 6 : 4;
  const value = family === 4 ? parseV4(text) : parseV6(text);
  if (value === undefined) throw new InvalidError(`"${text}" is not an IP address`);
  return { family, value };
};

const formatV6 = (value: bigint): string => {
  const parts = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  let best = { at: -1, length: 1 }; // a single zero group is not shortened (RFC 5952)
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && parts[end] === 0) end++;
    if (end - i > best.length) best = { at: i, length: end - i };
  }
  const hex = (list: number[]): string => list.map((g) => g.toString(16)).join(":");
  if (best.at < 0) return hex(parts);
  return `${hex(parts.slice(0, best.at))}::${hex(parts.slice(best.at + best.length))}`;
};

/** The one canonical spelling (RFC 5952). */
export const formatAddress = ({ family, value }: Address): string =>
  family === 6 ? formatV6(value) : [24n, 16n, 8n, 0n].map((s) => (value >> s) & 255n).join(".");

const hostMask = (family: 4 | 6, length: number): bigint => (1n << BigInt(bitsOf(family) - length)) - 1n;

/** The prefix of this length that holds the address. */
export const prefixAround = (address: string | Address, length: number): Prefix => {
  const { family, value } = asAddress(address);
  return { family, base: value & ~hostMask(family, length), length };
};

/** Refuses nonsense and host bits: `10.0.0.1/8` may have been meant as either. */
export const parsePrefix = (text: string): Prefix => {
  const [address = "", bits = "", ...more] = text.split("/");
  if (more.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(bits))
    throw new InvalidError(`"${text}" is not an IP prefix`);
  const { family, value } = parseAddress(address);
  const length = Number(bits);
  if (length > bitsOf(family)) throw new InvalidError(`"${text}" is not an IP prefix`);
  const prefix = prefixAround({ family, value }, length);
  if (prefix.base !== value)
    throw new InvalidError(`"${text}" has host bits set; the prefix is ${formatPrefix(prefix)}`);
  return prefix;
};

export const formatPrefix = ({ family, base, length }: Prefix): string =>
  `${formatAddress({ family, value: base })}/${length}`;

const asAddress = (a: string | Address): Address => (typeof a === "string" ? parseAddress(a) : a);
const asPrefix = (p: string | Prefix): Prefix => (typeof p === "string" ? parsePrefix(p) : p);

export const size = (p: string | Prefix): bigint => {
  const { family, length } = asPrefix(p);
  return 1n << BigInt(bitsOf(family) - length);
};

export const contains = (p: string | Prefix, a: string | Address): boolean => {
  const [prefix, address] = [asPrefix(p), asAddress(a)];
  return (
    prefix.family === address.family &&
    address.value >= prefix.base &&
    address.value < prefix.base + size(prefix)
  );
};

/** Whether every address of `q` is in `p`. */
export const covers = (p: string | Prefix, q: string | Prefix): boolean => {
  const [outer, inner] = [asPrefix(p), asPrefix(q)];
  return outer.length <= inner.length && contains(outer, { family: inner.family, value: inner.base });
};

/** Two prefixes overlap only when one covers the other. */
export const overlaps = (p: string | Prefix, q: string | Prefix): boolean => covers(p, q) || covers(q, p);

/** The n-th address, counted from 0. */
export const nth = (p: string | Prefix, n: bigint | number): string => {
  const prefix = asPrefix(p);
  const index = BigInt(n);
  if (index < 0n || index >= size(prefix))
    throw new InvalidError(`${formatPrefix(prefix)} has no address number ${index}`);
  return formatAddress({ family: prefix.family, value: prefix.base + index });
};

/** Which address of the prefix this is; the inverse of `nth`. */
export const indexIn = (p: string | Prefix, a: string | Address): bigint => {
  const [prefix, address] = [asPrefix(p), asAddress(a)];
  if (!contains(prefix, address))
    throw new InvalidError(`${formatAddress(address)} is not in ${formatPrefix(prefix)}`);
  return address.value - prefix.base;
};
