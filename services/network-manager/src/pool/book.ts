/**
 * The arithmetic of an AddressPool: what is taken, what is free. Pure; each operation answers the same when it is
 * repeated by the same owner, and changes nothing then.
 */
import type { AddressPool, AddressPoolStatus } from "@tideway/api";
import { InvalidError, TidewayError } from "@tideway/errors";
import { contains, firstFree, nth, overlaps, parseAddress, parsePrefix, size } from "@tideway/net";

/** Nothing is free; the message says what is full and how to enlarge it. */
export class ExhaustedError extends TidewayError {}

export interface Book {
  spec: AddressPool["spec"];
  status: AddressPoolStatus;
  /** Networks of this cluster that must never be given away. */
  own: readonly string[];
}
export interface Written<T> {
  /** The same object where nothing changed. */
  status: AddressPoolStatus;
  value: T;
}

/** What a list in the CRD holds at most. */
export const MAX_ALLOCATIONS = 1024;
export const MAX_MAPPINGS = 4096;

const familyOf = (prefix: string): 4 | 6 => parsePrefix(prefix).family;
const allocations = (s: AddressPoolStatus): NonNullable<AddressPoolStatus["allocations"]> =>
  s.allocations ?? [];
const mappings = (s: AddressPoolStatus): NonNullable<AddressPoolStatus["mappings"]> => s.mappings ?? [];

export const prefixOf = (status: AddressPoolStatus | undefined, owner: string): string | undefined =>
  status?.allocations?.find((a) => a.owner === owner)?.prefix;

/** Everything that a prefix for this owner must not overlap. */
const takenFor = (b: Book, owner: string): string[] => [
  ...b.own,
  ...(b.spec.reserved ?? []),
  ...(b.status.externalCIDR ? [b.status.externalCIDR] : []),
  ...allocations(b.status)
    .filter((a) => a.owner !== owner)
    .map((a) => a.prefix),
];

const isFree = (taken: readonly string[], prefix: string): boolean => !taken.some((t) => overlaps(t, prefix));

export interface PrefixWish {
  owner: string;
  /** In the order of preference; each is taken when nothing overlaps it. */
  wanted: readonly string[];
  /** Of what is taken otherwise, out of the pool. */
  length: number;
  family: 4 | 6;
}

export const acquirePrefix = (b: Book, w: PrefixWish): Written<string> => {
  const taken = takenFor(b, w.owner);
  const had = prefixOf(b.status, w.owner);
  const fits = (p: string): boolean => {
    const { family, length } = parsePrefix(p);
    return family === w.family && length === w.length && isFree(taken, p);
  };
  if (had !== undefined && fits(had)) return { status: b.status, value: had };
  const pool = b.spec.prefixes.filter((p) => familyOf(p) === w.family);
  const prefix = w.wanted.find(fits) ?? firstFree(pool, taken, w.length);
  if (prefix === undefined)
    throw new ExhaustedError(
      `no free /${w.length} in the pool ${pool.join(", ") || `(it has no IPv${w.family} network)`}; add a network to spec.prefixes of AddressPool default, or end peerings`,
    );
  const others = allocations(b.status).filter((a) => a.owner !== w.owner);
  if (others.length >= MAX_ALLOCATIONS)
    throw new ExhaustedError(
      `AddressPool default holds ${MAX_ALLOCATIONS} networks, which is the most; end peerings`,
    );
  return { status: { ...b.status, allocations: [...others, { prefix, owner: w.owner }] }, value: prefix };
};

export const releasePrefixes = (b: Book, isOwner: (owner: string) => boolean): Written<number> => {
  const kept = allocations(b.status).filter((a) => !isOwner(a.owner));
  const released = allocations(b.status).length - kept.length;
  return { status: released > 0 ? { ...b.status, allocations: kept } : b.status, value: released };
};

/** Addresses at both ends of the external CIDR that are not given away: the network's, the cluster's own; the last one. */
const RESERVED_FIRST = 2n;
const RESERVED_LAST = 1n;

const freeAddress = (b: Book): string => {
  const cidr = b.status.externalCIDR;
  if (!cidr) throw new ExhaustedError("AddressPool default has no external CIDR yet");
  const held = mappings(b.status);
  const taken = new Set(held.map((m) => m.external));
  const last = size(cidr) - RESERVED_LAST;
  if (held.length < MAX_MAPPINGS)
    for (let n = RESERVED_FIRST; n < last; n++) {
      const address = nth(cidr, n);
      if (!taken.has(address)) return address;
    }
  throw new ExhaustedError(
    `all ${held.length} addresses of the external CIDR ${cidr} are taken; release some, or give this cluster a larger external CIDR (EXTERNAL_PREFIX_LENGTH) before it peers`,
  );
};

const take = (b: Book, owner: string, address: string | undefined): Written<string> => {
  const same = mappings(b.status).find(
    (m) => m.owner === owner && (address === undefined ? m.address === m.external : m.address === address),
  );
  if (same) return { status: b.status, value: same.external };
  const external = freeAddress(b);
  const entry = { external, address: address ?? external, owner };
  return { status: { ...b.status, mappings: [...mappings(b.status), entry] }, value: external };
};

/** One address of the external CIDR that stands for itself. */
export const acquireAddress = (b: Book, owner: string): Written<string> => take(b, owner, undefined);

/** One address of the external CIDR that stands for another one, for this owner alone. */
export const mapAddress = (b: Book, owner: string, address: string): Written<string> => {
  const cidr = b.status.externalCIDR;
  if (cidr && familyOf(cidr) !== parseAddress(address).family)
    throw new InvalidError(`address: ${address} is not of the family of the external CIDR ${cidr}`);
  if (cidr && contains(cidr, address))
    throw new InvalidError(`address: ${address} is an external address itself`);
  return take(b, owner, address);
};

export const release = (
  b: Book,
  isReleased: (m: { owner: string; address: string; external: string }) => boolean,
): Written<number> => {
  const kept = mappings(b.status).filter((m) => !isReleased(m));
  const released = mappings(b.status).length - kept.length;
  return { status: released > 0 ? { ...b.status, mappings: kept } : b.status, value: released };
};
