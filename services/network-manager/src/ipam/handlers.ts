/** What each call does to the pool. */
import { InvalidError } from "@tideway/errors";
import type { IpamMethods } from "@tideway/ipamclient";
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from "@tideway/net";
import { acquireAddress, acquirePrefix, mapAddress, release, releasePrefixes } from "../pool/book.ts";
import type { Family } from "../own/family.ts";
import { isOurs, mapOwner } from "../pool/owners.ts";
import type { PoolStore } from "../pool/store.ts";

export type Handlers = {
  [K in keyof IpamMethods]: (request: IpamMethods[K][0]) => Promise<IpamMethods[K][1]>;
};

const WORD = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

const word = (field: string, text: string): string => {
  if (!WORD.test(text)) throw new InvalidError(`${field}: must be a name, is ${JSON.stringify(text)}`);
  return text;
};

/** Owners of others' services; what this one keeps for peers is not to be released from outside. */
const ownerOf = (text: string): string => {
  if (text.length === 0 || text.length > 253) throw new InvalidError("owner: must have 1 to 253 characters");
  if (isOurs(text)) throw new InvalidError(`owner: ${text} is kept by the network-manager itself`);
  return text;
};
const addressOf = (text: string): string => formatAddress(parseAddress(text));

/** Callers come to any replica. */
const CERTAIN = { certain: true };

export const makeHandlers = (store: PoolStore, family: Family): Handlers => ({
  acquirePrefix: async ({ owner, wanted, length }) => {
    const wish = wanted ? parsePrefix(wanted) : undefined;
    const bits = length || (wish?.length ?? 0);
    if (bits < 1) throw new InvalidError("length: is missing, and wanted too");
    const prefix = await store.update(
      (book) =>
        acquirePrefix(book, {
          owner: ownerOf(owner),
          wanted: wish ? [formatPrefix(wish)] : [],
          length: bits,
          family: wish?.family ?? family,
        }),
      CERTAIN,
    );
    return { prefix };
  },
  releasePrefix: async ({ owner }) => {
    const own = ownerOf(owner);
    await store.update((book) => releasePrefixes(book, (o) => o === own), CERTAIN);
    return {};
  },
  acquireAddress: async ({ owner }) => ({
    address: await store.update((book) => acquireAddress(book, ownerOf(owner)), CERTAIN),
  }),
  releaseAddress: async ({ owner }) => {
    const own = ownerOf(owner);
    await store.update((book) => release(book, (m) => m.owner === own), CERTAIN);
    return {};
  },
  mapAddress: async ({ address, peer, namespace }) => {
    const owner = mapOwner(word("peer", peer), word("namespace", namespace));
    return { external: await store.update((book) => mapAddress(book, owner, addressOf(address)), CERTAIN) };
  },
  unmapAddress: async ({ address, peer, namespace }) => {
    const [owner, target] = [mapOwner(word("peer", peer), word("namespace", namespace)), addressOf(address)];
    await store.update((book) => release(book, (m) => m.owner === owner && m.address === target), CERTAIN);
    return {};
  },
});
