import { readFileSync, readdirSync, readlinkSync } from "node:fs";

/** A process is known by its number and its start time together: numbers are used again. */
export interface ProcessId {
  pid: number;
  /** Clock ticks since boot, field 22 of /proc/<pid>/stat. */
  start: string;
}

export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

export function isAlive(p: ProcessId): boolean {
  return startTime(p.pid) === p.start;
}

export function self(): ProcessId {
  return { pid: process.pid, start: startTime(process.pid) ?? "" };
}

export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

export function allPids(): number[] {
  return readdirSync("/proc")
    .filter((n) => /^\d+$/.test(n))
    .map(Number);
}

/** For example `net:[4026532281]`. */
export function netnsOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
