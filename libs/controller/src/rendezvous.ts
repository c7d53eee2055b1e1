/**
 * Rendezvous (highest random weight) hashing: each member gives each thing a weight, the heaviest owns it. When a
 * member comes or goes only its own share moves, and every replica that sees the same members agrees without talking.
 */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const fnv1a = (text: string): number => {
  let h = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), FNV_PRIME);
  return h >>> 0;
};

/** The finaliser of MurmurHash3: every bit of the input moves about half the bits of the output. */
const mix = (h: number): number => {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const weight = (member: string, thing: string): number => mix(fnv1a(member) ^ mix(fnv1a(thing)));

/** The member that owns `thing`; undefined only when there are no members. The order of members does not matter. */
export const ownerOf = (thing: string, members: Iterable<string>): string | undefined => {
  let owner: string | undefined;
  let heaviest = -1;
  for (const member of members) {
    const w = weight(member, thing);
    if (w > heaviest || (w === heaviest && owner !== undefined && member < owner)) {
      owner = member;
      heaviest = w;
    }
  }
  return owner;
};
