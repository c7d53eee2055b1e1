/**
 * All changes of the AddressPool: read, change, write with the resourceVersion that was read. Replicas and calls may
 * do so at once; who loses reads again. What waits while a write is under way goes into the next one together, so
 * 200 callers cost a few writes.
 */
import { ADDRESS_POOL_NAME, type AddressPool, addressPools, type AddressPoolStatus } from "@tideway/api";
import { ConflictError, isConflict, NotFoundError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { Book, Written } from "./book.ts";

export interface UpdateOptions {
  /** "It is so already" must be true now, not when the cache was last told: another replica may have changed it. */
  certain?: boolean;
}

export interface PoolStore {
  /** `change` may be called several times; it must be pure. What it throws rejects this call alone. */
  update<T>(change: (book: Book) => Written<T>, o?: UpdateOptions): Promise<T>;
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
  certain: boolean;
  resolve: (value: never) => void;
  reject: (err: unknown) => void;
}
type Settle = () => void;
interface Applied {
  status: AddressPoolStatus;
  settle: Settle[];
  hasFailed: boolean;
}

const MAX_TRIES = 50;
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
  const applyAll = (spec: AddressPool["spec"], before: AddressPoolStatus, batch: Waiting[]): Applied => {
    let status = before;
    let hasFailed = false;
    const settle = batch.map(({ change, resolve, reject }): Settle => {
      try {
        const written = change({ spec, status, own: d.own() });
        status = written.status;
        return () => resolve(written.value as never);
      } catch (err) {
        hasFailed = true;
        return () => reject(err);
      }
    });
    return { status, settle, hasFailed };
  };

  /** One try; false where what was known turned out to be old. */
  const attempt = async (batch: Waiting[]): Promise<boolean> => {
    const isFresh = known === undefined;
    const pool = known ?? (await read());
    const { spec, status: before = NOTHING_YET } = pool;
    const { status, settle, hasFailed } = applyAll(spec, before, batch);
    if (status === before) {
      // A write would prove that nothing is newer; without one, what fails or must be certain is looked at anew.
      const isEnough = isFresh || !(hasFailed || batch.some((w) => w.certain));
      if (isEnough) settle.forEach((s) => s());
      else known = undefined;
      return isEnough;
    }
    try {
      const finished = d.finish({ spec, status, own: d.own() });
      known = await d.kube.replace(addressPools, { ...pool, status: finished }, { subresource: "status" });
    } catch (err) {
      known = undefined;
      if (!isConflict(err)) throw err;
      d.onConflict?.();
      return false;
    }
    settle.forEach((s) => s());
    return true;
  };

  const write = async (batch: Waiting[]): Promise<void> => {
    for (let tries = 0; tries < MAX_TRIES; tries++) if (await attempt(batch)) return;
    throw new ConflictError("AddressPool default is written by others all the time");
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
    update: (change, o) =>
      new Promise((resolve, reject) => {
        waiting.push({ change, certain: o?.certain ?? false, resolve: resolve, reject });
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
