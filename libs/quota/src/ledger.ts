import { type TenantQuota } from "@tideway/api";
import { type Informer, keyOf, type Kube } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import type { Amounts } from "@tideway/quantity";
import { holdersOf, holds } from "./book.ts";
import { createDesk, type Desk } from "./desk.ts";
import type { Account, Holder, HolderKind, Verdict } from "./types.ts";

/**
 * What tenants use of what they were offered, counted in the API server: each change is one write of a TenantQuota
 * that fails when anybody else wrote in between, so what is used never exceeds the offer, however many replicas and
 * services count at once. A holder is named by its UID here, so everything may be said again.
 */
export interface Ledger {
  /**
   * Holds `amounts` for the holder: all of them, or none; said again with other amounts, these take their place. Resolves when that is stored, so that what it is held for
   * can be made. Refused: `whenRoom` is called once, when it would fit; ask again then. Rejects when the API
   * server does not answer.
   */
  reserve(account: Account, holder: Holder, amounts: Amounts, whenRoom?: () => void): Promise<Verdict>;
  /** Counts what exists already, whatever the cap. Stored in a moment, and tried until it is. */
  count(account: Account, holder: Holder, amounts: Amounts): void;
  /** Ends its waiting, and lets it keep what it holds. */
  leave(account: Account, holder: Holder): void;
  /** Gives back what the holder held, and ends its waiting. Stored in a moment, and tried until it is. */
  release(account: Account, holder: Holder): void;
  /** Whether it holds; asks the API server only where the ledger was changed by others. */
  holds(account: Account, holder: Holder): Promise<boolean>;
  /** The offer may have changed: says so in the quota, and wakes those for whom there is room now. */
  look(account: Account): void;
  /** UIDs of all holders of the kind: for looking whether what they stand for still exists. */
  holders(account: Account, kind: HolderKind): Promise<string[]>;
}

export interface LedgerOptions {
  kube: Pick<Kube, "find" | "replace">;
  /** Of TenantQuotas, metadata only: tells when others have written, or an offer has changed. */
  quotas: Informer<TenantQuota>;
  clock: { now(): number };
  log: Logger;
  signal: AbortSignal;
  /** Called with each state of a quota that was read or written here. */
  onKnown?: (account: Account, quota: Readonly<TenantQuota>) => void;
  /** How long room that nobody waits for may be given back later, to be written together, in ms. Default 100. */
  patienceMs?: number;
}

export const createLedger = (o: LedgerOptions): Ledger => {
  const desks = new Map<string, Desk>();
  const deskOf = (account: Account): Desk => {
    const key = `${account.namespace}/${account.name}`;
    const found = desks.get(key);
    if (found) return found;
    const desk = createDesk(account, {
      kube: o.kube,
      nowIso: () => new Date(o.clock.now()).toISOString(),
      log: o.log,
      signal: o.signal,
      onKnown: o.onKnown ?? (() => undefined),
    });
    desks.set(key, desk);
    return desk;
  };
  o.quotas.onChange((key, quota, old) => {
    const { metadata } = quota ?? old ?? {};
    if (metadata) desks.get(keyOf({ metadata }))?.saw(quota?.metadata.resourceVersion);
  });
  const patienceMs = o.patienceMs ?? 100;

  return {
    reserve: (account, holder, amounts, whenRoom = () => undefined) =>
      new Promise((resolve, reject) =>
        deskOf(account).push({ do: "reserve", holder, amounts, whenRoom, resolve, reject }),
      ),
    count: (account, holder, amounts) => {
      const { book, push } = deskOf(account);
      if (book && book !== "absent" && holds(book, holder)) return;
      push({ do: "count", holder, amounts }, patienceMs);
    },
    leave: (account, holder) => deskOf(account).waiting.leave(holder.uid),
    release: (account, holder) => {
      const { book, push, waiting } = deskOf(account);
      waiting.leave(holder.uid);
      if (book && book !== "absent" && !holds(book, holder)) return;
      push({ do: "release", holder }, waiting.size > 0 ? 0 : patienceMs);
    },
    holds: async (account, holder) => {
      const book = await deskOf(account).open();
      return book !== "absent" && holds(book, holder);
    },
    look: (account) => deskOf(account).push({ do: "look" }),
    holders: async (account, kind) => {
      const book = await deskOf(account).open();
      return book === "absent" ? [] : holdersOf(book, kind);
    },
  };
};
