/** Where this cluster sees a peer's networks: as they are there, unless something here overlaps them. */
import type { NetworkConfig } from "@tideway/api";
import { parsePrefix } from "@tideway/net";
import { acquirePrefix, releasePrefixes, release } from "../pool/book.ts";
import { externalOwner, isMapOfPeer, isOfPeer, podsOwner } from "../pool/owners.ts";
import type { PoolStore } from "../pool/store.ts";
import type { Networks } from "./model.ts";

/** Takes both in one write. `before`: how it was seen until now, kept where it can be. */
export const allocate = (
  store: PoolStore,
  id: string,
  theirs: NetworkConfig,
  before: Networks | undefined,
): Promise<Networks> =>
  store.update((book) => {
    const wish = (owner: string, field: keyof Networks) => {
      const real = theirs.spec[field];
      const { family, length } = parsePrefix(real);
      return { owner, family, length, wanted: [...(before ? [before[field]] : []), real] };
    };
    const pods = acquirePrefix(book, wish(podsOwner(id), "podCIDR"));
    const external = acquirePrefix({ ...book, status: pods.status }, wish(externalOwner(id), "externalCIDR"));
    return { status: external.status, value: { podCIDR: pods.value, externalCIDR: external.value } };
  });

/** Gives back what the peer has, and what others have for it. */
export const releaseAll = (store: PoolStore, id: string): Promise<number> =>
  store.update((book) => {
    const prefixes = releasePrefixes(book, isOfPeer(id));
    const addresses = release({ ...book, status: prefixes.status }, isMapOfPeer(id));
    return { status: addresses.status, value: prefixes.value + addresses.value };
  });
