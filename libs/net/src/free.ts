import { type Prefix, bitsOf, formatPrefix, overlaps, parsePrefix, prefixAround, size } from "./address.ts";

/**
 * The lowest prefix of this length inside the pool (first pool first) that overlaps nothing taken. Steps over taken
 * ranges, not over candidates: a /64 out of an IPv6 pool costs no more than a /24 out of 10/8.
 */
export const firstFree = (
  pool: readonly string[],
  taken: readonly string[],
  length: number,
): string | undefined => {
  const used = taken.map(parsePrefix);
  for (const range of pool.map(parsePrefix)) {
    if (length < range.length || length > bitsOf(range.family)) continue;
    const inRange = used.filter((u) => overlaps(u, range)).sort((a, b) => (a.base < b.base ? -1 : 1));
    const step = 1n << BigInt(bitsOf(range.family) - length);
    let base = range.base;
    for (const u of inRange) {
      if (u.base >= base + step) break;
      const end = u.base + size(u);
      if (end > base) base = ((end + step - 1n) / step) * step;
    }
    if (base + step <= range.base + size(range)) return formatPrefix({ family: range.family, base, length });
  }
  return undefined;
};

const key = ({ family, base, length }: Prefix): string => `${family} ${base} ${length}`;

/** Without those that another one covers, and without doubles; order of the first appearance. */
export const disjoint = (prefixes: readonly string[]): string[] => {
  const all = new Map(prefixes.map((text) => parsePrefix(text)).map((p) => [key(p), p]));
  const lengths = [...new Set([...all.values()].map((p) => p.length))];
  const covered = ({ family, base, length }: Prefix): boolean =>
    lengths.some((l) => l < length && all.has(key(prefixAround({ family, value: base }, l))));
  return [...all.values()].filter((p) => !covered(p)).map(formatPrefix);
};
