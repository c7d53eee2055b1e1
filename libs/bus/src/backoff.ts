import { setTimeout as sleep } from "node:timers/promises";

/** Waits that double from `firstMs` to `mostMs`, each between half and all of its length so that clients spread. */
export const createBackoff = (firstMs: number, mostMs: number, random = Math.random) => {
  let failures = 0;
  return {
    nextMs: (): number => {
      const full = Math.min(mostMs, firstMs * 2 ** failures++);
      return Math.round(full / 2 + (random() * full) / 2);
    },
    reset: (): void => void (failures = 0),
  };
};

/** Sleeps; an aborted signal ends it early, without an error. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
