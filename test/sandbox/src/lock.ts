import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  if (holder && !isAlive(holder)) rmSync(path, { force: true });
  return false;
}

function readHolder(path: string): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessId;
  } catch {
    return undefined;
  }
}
