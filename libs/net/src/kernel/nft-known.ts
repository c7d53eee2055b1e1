import type { Elements } from "./nft-elements.ts";
import type { TableState } from "./nft-read.ts";
import type { NftMap, NftSet, NftTable } from "./nft-types.ts";

/** A set as it was asked for last and what became of it: what did not change is not spelled anew. */
export type Spelled = Map<string, { readonly from: NftSet | NftMap; readonly elements: Elements }>;

export interface Known {
  readonly table: NftTable;
  readonly state: TableState;
}

interface Entry {
  known?: Known | undefined;
  readonly spelled: Spelled;
  /** Own transactions that the monitor has not told of yet, and when the last one was written. */
  owed: number;
  wroteAt: number;
  /** Grows with each change of anybody. */
  epoch: number;
}

/** A transaction that the monitor does not tell of in this time has been lost: nothing is sure any more. */
const OWED_MS = 1_000;

export const keyOf = ({ family = "ip", name }: Pick<NftTable, "family" | "name">): string =>
  `${family} ${name}`;

/**
 * What the driver wrote, as long as the kernel's monitor tells of nobody else. One that has told nothing since it
 * started may not listen yet: then everything is read, each time. Own transactions are told of like others' and cannot
 * be told apart, so they are counted: one more than were written is somebody else's. A mistake is only ever a reading
 * too many.
 */
export const createKnown = (now: () => number = () => performance.now()) => {
  const entries = new Map<string, Entry>();
  let listens = false;
  const entry = (key: string): Entry => {
    let e = entries.get(key);
    if (!e) entries.set(key, (e = { spelled: new Map(), owed: 0, wroteAt: 0, epoch: 0 }));
    return e;
  };
  const forget = (key: string): void => {
    const e = entry(key);
    delete e.known;
    e.owed = 0;
    e.epoch++;
  };
  const forgetAll = (): void => {
    for (const key of entries.keys()) forget(key);
  };
  return {
    get: (key: string): Known | undefined => {
      const e = entry(key);
      if (e.owed > 0 && now() - e.wroteAt > OWED_MS) forget(key);
      return e.known;
    },
    /** Whether this driver ever had to do with the table. */
    tracks: (key: string): boolean => entries.has(key),
    spelled: (key: string): Spelled => entry(key).spelled,
    keys: (): string[] => [...entries].flatMap(([key, e]) => (e.known ? [key] : [])),
    epoch: (key: string): number | undefined => (listens ? entry(key).epoch : undefined),
    /** `since` is the epoch from before the reading: what was read while others wrote is not kept. */
    keep: (key: string, known: Known, since: number | undefined): void => {
      const e = entry(key);
      if (since !== undefined && e.epoch === since) e.known = known;
    },
    writes: (key: string): void => {
      const e = entry(key);
      e.owed++;
      e.wroteAt = now();
    },
    forget,
    /** The monitor told of one transaction, and of these tables; true when it was not ours. */
    told: (keys: ReadonlySet<string>): boolean => {
      if (!listens) {
        listens = true;
        forgetAll();
        return true;
      }
      let foreign = false;
      for (const key of keys) {
        const e = entries.get(key);
        if (e && e.owed > 0) e.owed--;
        else {
          if (e) forget(key);
          foreign = true;
        }
      }
      return foreign;
    },
    /** The monitor (re)starts, ended or lost something. */
    deaf: (): void => {
      listens = false;
      forgetAll();
    },
  };
};
export type KnownTables = ReturnType<typeof createKnown>;
