import { TimeoutError } from "@tideway/errors";
import type { Logger } from "@tideway/log";

export interface Shutdown {
  /** Runs at the end of the process; the last one added runs first. */
  add(name: string, fn: () => Promise<void> | void): void;
  /** Runs all hooks, each bounded in time; a failing one does not stop the rest. True when all went well. */
  run(): Promise<boolean>;
}

const within = async (ms: number, work: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`not done after ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** `hookMs`: longest time one hook may take, default 5000. */
export const createShutdown = (log: Logger, hookMs = 5000): Shutdown => {
  const hooks: { name: string; fn: () => Promise<void> | void }[] = [];
  return {
    add: (name, fn) => void hooks.push({ name, fn }),
    run: async () => {
      let clean = true;
      for (let hook = hooks.pop(); hook; hook = hooks.pop())
        try {
          await within(hookMs, Promise.resolve().then(hook.fn));
        } catch (err) {
          clean = false;
          log.warn({ err, hook: hook.name }, "shutdown step failed");
        }
      return clean;
    },
  };
};
