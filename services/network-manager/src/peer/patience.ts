/** Which words of a tunnel that is being built are worth a write. */
import type { Clock } from "../ports.ts";
import type { Line } from "./describe.ts";

/**
 * How long a peer may be on its way before the steps are told, in ms. A tunnel is up within this where all is well, and
 * each step told would be three writes that the next one waits for.
 */
const PASSING_MS = 1_000;

export interface Patience {
  /** How long the line may still wait, in ms; undefined: it is to be said now. */
  waitMs(id: string, line: Pick<Line, "status">): number | undefined;
  forget(id: string): void;
}

export const createPatience = (clock: Clock): Patience => {
  /** Since when it is not known whether packets cross, by peer. */
  const since = new Map<string, number>();
  return {
    waitMs: (id, { status }) => {
      if (status !== "Unknown") {
        since.delete(id);
        return undefined;
      }
      const now = clock.now().getTime();
      const from = since.get(id) ?? now;
      since.set(id, from);
      const left = from + PASSING_MS - now;
      return left > 0 ? left : undefined;
    },
    forget: (id) => void since.delete(id),
  };
};
