/**
 * A work queue of keys with the semantics of client-go's workqueue: a key is queued once, is never in two
 * hands, and one that is added while in a hand is handed out again afterwards. Nothing is ever dropped.
 */
export interface Queue {
  add(key: string): void;
  /** Adds after `ms`; of several delays for one key the earliest counts. */
  addAfter(key: string, ms: number): void;
  /** Adds after a delay that doubles with each call until `forget`. */
  addRateLimited(key: string): void;
  forget(key: string): void;
  /** How often the key failed since it was last forgotten. */
  failures(key: string): number;
  /** Waits for the next key; `undefined` after `close`. Each key taken must be given back by `done`. */
  take(): Promise<string | undefined>;
  done(key: string): void;
  close(): void;
  /** Keys that wait for a hand now (without those that wait for a time). */
  readonly length: number;
  /** Resolves when nothing is queued, in a hand, or due within `dueWithinMs` (default: delayed keys do not count). */
  idle(): Promise<void>;
}

export interface QueueOptions {
  /** First and longest delay of a failing key, in ms. Default 5 and 30,000, with jitter of up to half. */
  backoffMs?: { first: number; max: number };
  random?: () => number;
  now?: () => number;
  setTimer?: (fn: () => void, ms: number) => unknown;
  clearTimer?: (timer: unknown) => void;
}

export const createQueue = (o: QueueOptions = {}): Queue => {
  const backoff = o.backoffMs ?? { first: 5, max: 30_000 };
  const random = o.random ?? Math.random;
  const now = o.now ?? Date.now;
  const setTimer = o.setTimer ?? ((fn, ms) => setTimeout(fn, ms));
  const clearTimer = o.clearTimer ?? ((timer) => clearTimeout(timer as NodeJS.Timeout));

  /** Insertion-ordered: keys that wait, oldest first. */
  const ready = new Set<string>();
  const busy = new Set<string>();
  const dirty = new Set<string>();
  const delayed = new Map<string, { at: number; timer: unknown }>();
  const failed = new Map<string, number>();
  const takers: ((key: string | undefined) => void)[] = [];
  const idlers: (() => void)[] = [];
  let closed = false;

  const settle = (): void => {
    if (ready.size === 0 && busy.size === 0) for (const done of idlers.splice(0)) done();
  };
  const hand = (key: string): void => {
    const taker = takers.shift();
    if (!taker) return void ready.add(key);
    busy.add(key);
    taker(key);
  };
  const cancelDelay = (key: string): void => {
    const waiting = delayed.get(key);
    if (!waiting) return;
    clearTimer(waiting.timer);
    delayed.delete(key);
  };
  const add = (key: string): void => {
    if (closed) return;
    cancelDelay(key);
    if (busy.has(key)) dirty.add(key);
    else if (!ready.has(key)) hand(key);
  };
  const addAfter = (key: string, ms: number): void => {
    if (closed) return;
    if (ms <= 0) return add(key);
    const at = now() + ms;
    const waiting = delayed.get(key);
    if (waiting && waiting.at <= at) return;
    cancelDelay(key);
    // Timers of Node overflow beyond 2^31-1 ms and would fire at once.
    const timer = setTimer(() => add(key), Math.min(ms, 2 ** 31 - 1));
    delayed.set(key, { at, timer });
  };

  return {
    add,
    addAfter,
    addRateLimited: (key) => {
      const n = failed.get(key) ?? 0;
      failed.set(key, n + 1);
      const delay = Math.min(backoff.max, backoff.first * 2 ** Math.min(n, 30));
      addAfter(key, delay * (0.5 + random() / 2));
    },
    forget: (key) => void failed.delete(key),
    failures: (key) => failed.get(key) ?? 0,
    take: () => {
      if (closed) return Promise.resolve(undefined);
      for (const key of ready) {
        ready.delete(key);
        busy.add(key);
        return Promise.resolve(key);
      }
      return new Promise((resolve) => takers.push(resolve));
    },
    done: (key) => {
      busy.delete(key);
      if (dirty.delete(key)) add(key);
      settle();
    },
    close: () => {
      closed = true;
      for (const key of [...delayed.keys()]) cancelDelay(key);
      ready.clear();
      dirty.clear();
      for (const taker of takers.splice(0)) taker(undefined);
      settle();
    },
    get length() {
      return ready.size;
    },
    idle: () =>
      new Promise((resolve) => {
        idlers.push(resolve);
        settle();
      }),
  };
};
