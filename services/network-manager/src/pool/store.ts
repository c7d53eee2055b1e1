/**
 * All changes of the AddressPool: read, change, write with the resourceVersion that was read. Replicas and calls may
 * do so at once; who loses reads again. What waits while a write is under way goes into the next one together, so
 * 200 callers cost a few writes.
 */
import { ADDRESS_POOL_NAME, type AddressPool, addressPools, type AddressPoolStatus } from "@tideway/api";
import { ConflictError, isConflict, NotFoundError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { Book, Written } from "./book.ts";

export interface PoolStore {
  /** `change` may be called several times; it must be pure. What it throws rejects this call alone. */
  update<T>(change: (book: Book) => Written<T>): Promise<T>;
  /** The newest known pool. */
  current(): AddressPool | undefined;
  /** The informer saw it. */
  saw(pool: AddressPool | undefined): void;
}

export interface PoolStoreDeps {
  kube: Pick<Kube, "find" | "replace">;
  own: () => readonly string[];
  /** Puts conditions and such into a status that is about to be written. */
  finish: (book: Book) => AddressPoolStatus;
  onConflict?: () => void;
}

interface Waiting {
  change: (book: Book) => Written<unknown>;
  resolve: (value: never) => void;
  reject: (err: unknown) => void;
}
type Settle = () => void;

const MAX_CONFLICTS = 50;
const NOTHING_YET: AddressPoolStatus = {};
const versionOf = (p: AddressPool | undefined): bigint => BigInt(p?.metadata.resourceVersion ?? 0);

export const createPoolStore = (d: PoolStoreDeps): PoolStore => {
  let known: AddressPool | undefined;
  let waiting: Waiting[] = [];
  let working = false;

  const read = async (): Promise<AddressPool> => {
    known = await d.kube.find(addressPools, ADDRESS_POOL_NAME);
    if (!known) throw new NotFoundError(`AddressPool ${ADDRESS_POOL_NAME} does not exist`);
    return known;
  };

  /** What each change makes of the pool, in their order; one that throws leaves it as it was. */
  const applyAll = (
    spec: AddressPool["spec"],
    before: AddressPoolStatus,
    batch: Waiting[],
  ): { status: AddressPoolStatus; settle: Settle[] } => {
    let status = before;
    const settle = batch.map(({ change, resolve, reject }): Settle => {
      try {
        const written = change({ spec, status, own: d.own() });
        status = written.status;
        return () => resolve(written.value as never);
      } catch (err) {
        return () => reject(err);
      }
    });
    return { status, settle };
  };

  const write = async (batch: Waiting[]): Promise<void> => {
    for (let conflicts = 0; ; conflicts++) {
      const pool = known ?? (await read());
      const { spec, status: before = NOTHING_YET } = pool;
      const { status, settle } = applyAll(spec, before, batch);
      if (status === before) return settle.forEach((s) => s());
      try {
        const finished = d.finish({ spec, status, own: d.own() });
        known = await d.kube.replace(addressPools, { ...pool, status: finished }, { subresource: "status" });
        return settle.forEach((s) => s());
      } catch (err) {
        known = undefined;
        if (!isConflict(err)) throw err;
        d.onConflict?.();
        if (conflicts >= MAX_CONFLICTS)
          throw new ConflictError("AddressPool default is written by others all the time", { cause: err });
      }
    }
  };

  const work = async (): Promise<void> => {
    working = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await write(batch).catch((err: unknown) => batch.forEach((w) => w.reject(err)));
    }
    working = false;
  };

  return {
    update: (change) =>
      new Promise((resolve, reject) => {
        waiting.push({ change, resolve: resolve as (value: never) => void, reject });
        // In the next microtask, so that calls of one moment share a write.
        if (!working) {
          working = true;
          queueMicrotask(() => void work());
        }
      }),
    current: () => known,
    saw: (pool) => {
      if (!pool || pool.metadata.uid !== known?.metadata.uid || versionOf(pool) > versionOf(known))
        known = pool;
    },
  };
};
