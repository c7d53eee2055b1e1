import { addLists, type Amounts } from "@tideway/quantity";
import { exceededBy } from "./cap.ts";

interface Waiter {
  amounts: Amounts;
  wake: () => void;
}

/** Those who were refused, oldest first. They are woken when they would fit, and not before: nobody asks by the clock. */
export interface WaitingRoom {
  /** Once a holder; the newest call counts, the first says since when. */
  add(uid: string, amounts: Amounts, wake: () => void): void;
  leave(uid: string): void;
  /** Wakes as many as fit one beside the other. Who is woken has left. */
  admit(used: Amounts, hard: Amounts): void;
  readonly size: number;
}

export const createWaitingRoom = (): WaitingRoom => {
  const waiters = new Map<string, Waiter>();
  return {
    add: (uid, amounts, wake) => void waiters.set(uid, { amounts, wake }),
    leave: (uid) => void waiters.delete(uid),
    admit: (used, hard) => {
      let taken = used;
      for (const [uid, { amounts, wake }] of [...waiters]) {
        if (exceededBy(amounts, taken, hard).length > 0) continue;
        taken = addLists(taken, amounts);
        waiters.delete(uid);
        wake();
      }
    },
    get size() {
      return waiters.size;
    },
  };
};
