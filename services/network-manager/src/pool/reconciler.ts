import type { Reconcile } from "@tideway/controller";
import type { AddressPoolStatus } from "@tideway/api";
import type { Kube } from "@tideway/k8s";
import type { Family } from "../own/family.ts";
import { type Book, ExhaustedError } from "./book.ts";
import { chooseExternal, ensurePool, touch } from "./pool.ts";
import type { PoolStore } from "./store.ts";

export interface Deps {
  kube: Pick<Kube, "find" | "create" | "get">;
  store: PoolStore;
  family: Family;
  clusterID: string;
  /** Length of the external CIDR, IPv4. */
  externalLength: number;
  complete: (book: Book) => AddressPoolStatus;
  /** What peers were told, where the pool has forgotten it. */
  before: () => string | undefined;
}

/** Makes the pool usable. Any replica may do so: what is chosen is written by compare-and-swap. */
export const makePoolReconciler =
  (d: Deps): Reconcile =>
  async (_key, { signal, log }) => {
    if (!d.store.current()) d.store.saw(await ensurePool(d.kube, d.family, signal));
    try {
      await d.store.update(chooseExternal(d.clusterID, d.family, d.externalLength, d.before()));
    } catch (err) {
      if (!(err instanceof ExhaustedError)) throw err;
      log.error({ err }, "no external CIDR can be chosen");
    }
    await d.store.update(touch(d.complete));
    return {};
  };
