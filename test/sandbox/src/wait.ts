import { setTimeout as delay } from "node:timers/promises";

export interface UntilOptions {
  /** What is waited for, for the message of the error. */
  what: string;
  /** Default 60 000 ms. */
  timeoutMs?: number;
  /** Pause between two looks; default 50 ms. */
  everyMs?: number;
  /** Called on a timeout: something that helps to see why (the end of a log). */
  explain?: () => Promise<string> | string;
}

/** Looks until the answer is neither undefined nor false; a look that throws counts as "not yet". */
export async function until<T>(look: () => Promise<T | undefined | false>, o: UntilOptions): Promise<T> {
  const deadline = performance.now() + (o.timeoutMs ?? 60_000);
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
    } catch (err) {
      if (err instanceof Fatal) throw err;
      last = err;
    }
    if (performance.now() > deadline) break;
    await delay(o.everyMs ?? 50);
  }
  const why = o.explain ? `\n${await o.explain()}` : "";
  throw new Error(`timed out waiting for ${o.what}${why}`, { cause: last });
}

/** Thrown by a look that knows that waiting is of no use. */
export class Fatal extends Error {
  override readonly name = "Fatal";
}
