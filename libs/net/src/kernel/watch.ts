import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { inNamespace } from "./runner.ts";
import type { KernelOptions } from "./types.ts";

/** What the kernel tells of by itself, one process each. */
const MONITORS = [
  ["ip", "monitor", "link", "address", "route", "rule", "neigh"],
  ["nft", "monitor"],
] as const;
/** Only what may be ours: a node's kernel tells of every pod that comes and goes. */
const OURS = /tideway|tw-|6091|\blo\b/;
/** A flushed table is hundreds of lines: they come as one call. */
const GATHERS_MS = 20;
const STARTS_AGAIN_MS = 1000;

export const watch = (o: KernelOptions, changed: () => void, signal: AbortSignal): void => {
  let waiting: NodeJS.Timeout | undefined;
  const tell = (): void => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      if (!signal.aborted) changed();
    }, GATHERS_MS);
  };
  const start = (command: readonly string[]): void => {
    if (signal.aborted) return;
    const [file = "", ...args] = inNamespace(o.namespace, command);
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] });
    const stop = (): void => void child.kill("SIGTERM");
    signal.addEventListener("abort", stop, { once: true });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (OURS.test(line)) tell();
    });
    child.on("error", (err) => o.log.warn({ err, command: command.join(" ") }, "kernel monitor failed"));
    child.on("close", () => {
      signal.removeEventListener("abort", stop);
      if (signal.aborted) return;
      setTimeout(() => {
        start(command);
        tell(); // what happened meanwhile nobody told
      }, STARTS_AGAIN_MS).unref();
    });
  };
  for (const command of MONITORS) start(command);
  signal.addEventListener("abort", () => clearTimeout(waiting), { once: true });
};
