import { covers, formatPrefix, overlaps, parsePrefix, type Prefix, prefixAround } from "@tideway/net";

export type Family = 4 | 6;

export const familyOf = (prefix: string): Family => parsePrefix(prefix).family;

/** How much around a node's address is taken for its subnet, which nobody tells. */
const NODE_SUBNET: Record<Family, number> = { 4: 24, 6: 64 };
export const subnetOf = (address: string): string => {
  const length = NODE_SUBNET[address.includes(":") ? 6 : 4];
  return formatPrefix(prefixAround(address, length));
};

/** The smallest network that holds all those of the first one's family. */
export const cover = (prefixes: readonly string[]): string | undefined => {
  const [first, ...rest] = prefixes.map(parsePrefix);
  if (!first) return undefined;
  let all: Prefix = first;
  for (const p of rest)
    while (p.family === all.family && !covers(all, p))
      all = prefixAround({ family: all.family, value: all.base }, all.length - 1);
  return formatPrefix(all);
};

/** Nodes get slices of the cluster's network, usually a /16: wider than what is sliced off now, never wider than `widest`. */
const USUAL: Record<Family, number> = { 4: 16, 6: 56 };
const WIDEST: Record<Family, number> = { 4: 8, 6: 32 };
export const clusterNetworkOf = (slices: readonly string[], avoid: readonly string[]): string | undefined => {
  const exact = cover(slices);
  if (exact === undefined) return undefined;
  const { family, base, length } = parsePrefix(exact);
  if (length < WIDEST[family]) return undefined;
  if (length <= USUAL[family]) return exact;
  const usual = formatPrefix(prefixAround({ family, value: base }, USUAL[family]));
  return avoid.some((a) => overlaps(a, usual)) ? exact : usual;
};
