import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isAlive, type ProcessId, self } from "./proc.ts";
import { until } from "./wait.ts";

let serial = 0;

/** Mutual exclusion between processes and within one. A lock whose holder is dead is taken over. */
export async function withLock<T>(path: string, body: () => Promise<T>, timeoutMs = 1_800_000): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${path}.${process.pid}.${serial++}`;
  writeFileSync(mine, JSON.stringify(self()));
  try {
    await until(async () => tryTake(mine, path), { what: `lock ${path}`, timeoutMs, everyMs: 20 });
  } finally {
    rmSync(mine, { force: true });
  }
  try {
    return await body();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryTake(mine: string, path: string): boolean {
  try {
    linkSync(mine, path); // atomic, and the content is there from the first moment
    return true;
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== "EEXIST") throw err;
  }
  const holder = readHolder(path);
  if (holder && !isAlive(holder)) breakLock(path, `${mine}.stale`, holder);
  return false;
}

/** Two may see the same dead holder: the second must not take away the lock that the first has got since. */
function breakLock(path: string, aside: string, dead: ProcessId): void {
  renameSync(path, aside);
  const moved = readHolder(aside);
  if (moved && (moved.pid !== dead.pid || moved.start !== dead.start)) linkSync(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessId;
  } catch {
    return undefined;
  }
}
