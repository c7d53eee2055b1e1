import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { describeError } from "@tideway/errors";
import type { KnownTables } from "./nft-known.ts";
import { nftListener } from "./nft-monitor.ts";
import { inNamespace } from "./runner.ts";
import type { KernelOptions } from "./types.ts";

/** Only what may be ours: a node's kernel tells of every pod that comes and goes. */
const OURS = /tideway|tw-|6091|\blo\b/;
/**
 * Most of what the kernel tells of is the work of the one who watches, a dozen lines in half a second: it is called when
 * they have come to rest, so that it does not look ten times at what it does itself, or else after so long.
 */
const CALM_MS = 200;
const LATEST_MS = 1_000;
const STARTS_AGAIN_MS = 1000;
/** How often what is known of tables is compared with what is there, in case a monitor kept something to itself. */
const CHECKS_MS = 10_000;

/** What the kernel tells of by itself, one process each. */
interface Monitor {
  readonly command: readonly string[];
  /** Whether the line is worth a call. */
  readonly tells: (line: string) => boolean;
  /** It has not heard what happened until now. */
  readonly deaf?: () => void;
}

export interface WatchedTables {
  readonly known: KnownTables;
  /** True when the kernel holds something else than is known. */
  check(): Promise<boolean>;
}

export const watch = (
  o: KernelOptions,
  tables: WatchedTables,
  changed: () => void,
  signal: AbortSignal,
): void => {
  let waiting: NodeJS.Timeout | undefined;
  let since: number | undefined;
  const tell = (): void => {
    const now = performance.now();
    since ??= now;
    clearTimeout(waiting);
    waiting = setTimeout(
      () => {
        since = undefined;
        if (!signal.aborted) changed();
      },
      Math.min(CALM_MS, since + LATEST_MS - now),
    );
  };
  const start = (m: Monitor): void => {
    m.deaf?.();
    if (signal.aborted) return;
    const [file = "", ...args] = inNamespace(o.namespace, m.command);
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "ignore"] });
    const stop = (): void => {
      m.deaf?.();
      child.kill("SIGTERM");
    };
    signal.addEventListener("abort", stop, { once: true });
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (!signal.aborted && m.tells(line)) tell();
    });
    child.on("error", (err) => o.log.warn({ err, command: m.command.join(" ") }, "kernel monitor failed"));
    child.on("close", () => {
      m.deaf?.();
      signal.removeEventListener("abort", stop);
      if (signal.aborted) return;
      setTimeout(() => {
        start(m);
        tell(); // what happened meanwhile nobody told
      }, STARTS_AGAIN_MS).unref();
    });
  };
  const { known } = tables;
  start({
    command: ["ip", "monitor", "link", "address", "route", "rule", "neigh"],
    tells: (line) => OURS.test(line),
  });
  start({
    command: ["nft", "monitor"],
    tells: nftListener(known, (key) => OURS.test(key) || known.tracks(key)),
    deaf: known.deaf,
  });
  const timer = setInterval(
    () =>
      void tables.check().then(
        (differ) => differ && tell(),
        (err: unknown) => o.log.warn({ reason: describeError(err) }, "tables not compared"),
      ),
    CHECKS_MS,
  );
  timer.unref();
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(waiting);
      clearInterval(timer);
    },
    { once: true },
  );
};
