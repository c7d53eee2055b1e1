import { createHash } from "node:crypto";

/** Above every mark that anybody else sets: Tideway's own is 0x7469, kube-proxy's 0x4000 and 0x8000. */
export const FIRST_ID = 0x4000_0000;
const COUNT = 0x3fff_ffff;

const wish = (namespace: string): number =>
  FIRST_ID + (createHash("sha256").update(namespace).digest().readUInt32BE(0) % COUNT);

/**
 * Namespaces as numbers, so that a packet's sender fits a mark. A number comes from the name: it stays the same on
 * every replica and when other namespaces come and go. Two that wish the same one are told apart in the order of
 * their names.
 */
export const namespaceIds = (namespaces: Iterable<string>): ReadonlyMap<string, number> => {
  const ids = new Map<string, number>();
  const taken = new Set<number>();
  for (const namespace of [...new Set(namespaces)].sort()) {
    let id = wish(namespace);
    while (taken.has(id)) id++;
    taken.add(id);
    ids.set(namespace, id);
  }
  return ids;
};
