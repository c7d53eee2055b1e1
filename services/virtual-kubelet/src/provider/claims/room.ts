import { add, compare, format, parse, type Quantity } from "@tideway/quantity";

/** Whether a claim may be made or grow. */
export type Verdict = { granted: true } | { granted: false; reason: string; message: string };

export interface Wish {
  /** Cluster ID of the consumer. */
  origin: string;
  /** UID of the ShadowClaim. */
  uid: string;
  className: string;
  /** Kubernetes quantity: all of it, not what is added. */
  size: string;
}

/** What a consumer's claims use of what is offered to it. */
export interface Room {
  /** Reserves; asking again for the same claim changes what is held for it. */
  take(wish: Wish): Promise<Verdict>;
  giveBack(origin: string, uid: string): Promise<void>;
}

interface Held {
  className: string;
  size: Quantity;
}

/**
 * Counts in memory what this replica has granted: a consumer has one replica that looks after it, and `held` tells
 * what was granted before.
 */
export const createRoom = (d: {
  /** Quantity that the class may hold for the consumer; undefined: no bound. */
  capacityOf(origin: string, className: string): string | undefined;
  /** Claims that stand, by UID of their ShadowClaim. */
  standing(origin: string): Iterable<[uid: string, held: { className: string; size: string }]>;
}): Room => {
  const granted = new Map<string, Map<string, Held>>();
  const heldOf = (origin: string): Map<string, Held> => {
    const known = granted.get(origin) ?? new Map<string, Held>();
    granted.set(origin, known);
    for (const [uid, { className, size }] of d.standing(origin))
      if (!known.has(uid)) known.set(uid, { className, size: parse(size) });
    return known;
  };
  return {
    take: ({ origin, uid, className, size }) => {
      const held = heldOf(origin);
      const bound = d.capacityOf(origin, className);
      const others = [...held].filter(([u, h]) => u !== uid && h.className === className);
      const used = others.reduce((sum, [, h]) => add(sum, h.size), parse("0"));
      if (bound !== undefined && compare(add(used, parse(size)), parse(bound)) > 0)
        return Promise.resolve({
          granted: false,
          reason: "QuotaExceeded",
          message: `class ${className}: asked ${size}, used ${format(used)} of ${bound}`,
        });
      held.set(uid, { className, size: parse(size) });
      return Promise.resolve({ granted: true });
    },
    giveBack: (origin, uid) => {
      granted.get(origin)?.delete(uid);
      return Promise.resolve();
    },
  };
};
