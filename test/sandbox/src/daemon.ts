import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isAlive, type ProcessId, startTime } from "./proc.ts";
import { until } from "./wait.ts";

export interface Daemon {
  /** Unique in its sandbox; names the pid file and the log. */
  name: string;
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  /** Name of a network namespace to run in. */
  netns?: string | undefined;
  pidDir: string;
  logFile: string;
}

type Place = Pick<Daemon, "name" | "pidDir">;
const pidFile = (d: Place): string => join(d.pidDir, `${d.name}.pid`);

/** Starts the process unless it runs; it outlives this one. */
export function startDaemon(d: Daemon): ProcessId {
  const known = readPid(d);
  if (known && isAlive(known)) return known;
  mkdirSync(d.pidDir, { recursive: true });
  mkdirSync(dirname(d.logFile), { recursive: true });
  const log = openSync(d.logFile, "a");
  // nsenter --net, not `ip netns exec`: that one mounts a new /sys without cgroups. It execs, so the pid stays.
  const [command, args] = d.netns
    ? ["nsenter", [`--net=/run/netns/${d.netns}`, d.command, ...d.args]]
    : [d.command, [...d.args]];
  const child = spawn(command, args, {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: { ...process.env, ...d.env },
  });
  closeSync(log);
  child.on("error", () => {}); // seen by the caller as a process that is not there
  child.unref();
  const pid = child.pid;
  if (pid === undefined) throw new Error(`cannot start ${d.command}`);
  const id = { pid, start: startTime(pid) ?? "" };
  writeFileSync(pidFile(d), JSON.stringify(id));
  return id;
}

export function readPid(d: Place): ProcessId | undefined {
  try {
    return JSON.parse(readFileSync(pidFile(d), "utf8")) as ProcessId;
  } catch {
    return undefined;
  }
}

export function isRunning(d: Place): boolean {
  const p = readPid(d);
  return p !== undefined && isAlive(p);
}

/** Ends the process, with force after `graceMs`, and forgets its pid file. */
export async function stopDaemon(
  d: Place,
  o: { signal?: NodeJS.Signals; graceMs?: number } = {},
): Promise<void> {
  const p = readPid(d);
  if (p) await endProcess(p, o);
  rmSync(pidFile(d), { force: true });
}

export async function endProcess(
  p: ProcessId,
  o: { signal?: NodeJS.Signals; graceMs?: number } = {},
): Promise<void> {
  const gone = (): Promise<boolean> => Promise.resolve(!isAlive(p));
  if (!isAlive(p)) return;
  signal(p, o.signal ?? "SIGTERM");
  try {
    await until(gone, { what: `end of ${p.pid}`, timeoutMs: o.graceMs ?? 5_000, everyMs: 10 });
  } catch {
    signal(p, "SIGKILL");
    await until(gone, { what: `end of killed ${p.pid}`, timeoutMs: 10_000, everyMs: 10 });
  }
}

export function signal(p: ProcessId, s: NodeJS.Signals): void {
  try {
    if (isAlive(p)) process.kill(p.pid, s);
  } catch {
    // it ended in between
  }
}

export function daemonNames(pidDir: string): string[] {
  if (!existsSync(pidDir)) return [];
  return readdirSync(pidDir)
    .filter((f) => f.endsWith(".pid"))
    .map((f) => f.slice(0, -".pid".length));
}

/** The end of a log, for messages. */
export function logTail(file: string, bytes = 1500): string {
  try {
    return readFileSync(file, "utf8").slice(-bytes);
  } catch {
    return `(no log ${file})`;
  }
}
