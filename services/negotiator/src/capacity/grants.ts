import { type Amounts, equalLists, maxLists } from "@tideway/quantity";
import type { Grant } from "@tideway/sharing";

/**
 * The grants as they may be in the API right now: what the cache shows, and what was decided but has not come back
 * yet, whichever is more. So two decisions in a row never give away the same capacity.
 */
export interface Grants {
  /** Said before grants in the namespace are written; of the others there nothing is on its way any more. */
  promise(namespace: string, grants: readonly Grant[]): void;
  /** What the cache shows of an offer now; undefined: there is none. */
  seen(holder: string, grant: Grant | undefined): void;
  list(): Grant[];
  get(holder: string): Amounts | undefined;
}

export const createGrants = (): Grants => {
  const cached = new Map<string, Grant>();
  const promised = new Map<string, Grant>();

  const one = (holder: string): Grant | undefined => {
    const [a, b] = [cached.get(holder), promised.get(holder)];
    return a && b ? { ...a, amounts: maxLists(a.amounts, b.amounts) } : (a ?? b);
  };

  return {
    promise: (namespace, grants) => {
      for (const holder of promised.keys()) if (holder.startsWith(`${namespace}/`)) promised.delete(holder);
      for (const grant of grants) promised.set(grant.holder, grant);
    },
    seen: (holder, grant) => {
      const waits = promised.get(holder);
      // An older state may come before the promised one: only that one settles it.
      if (waits && grant && equalLists(waits.amounts, grant.amounts)) promised.delete(holder);
      if (grant) cached.set(holder, grant);
      else cached.delete(holder);
    },
    list: () => [...new Set([...cached.keys(), ...promised.keys()])].flatMap((holder) => one(holder) ?? []),
    get: (holder) => one(holder)?.amounts,
  };
};
