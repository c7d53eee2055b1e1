import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const MS_PER_TICK = 1000 / Number(execFileSync("getconf", ["CLK_TCK"]).toString());
/** Ends are looked at by looking often: what a process used in its last moments is missed, at most this long. */
const EVERY_MS = 50;

/**
 * Whose time it is that a stream costs: both ends (`node -e`), both tunnels, and the kernel's own hands. What the kernel
 * does for packets is charged to whoever runs just then, which on the way of a stream is one of these.
 */
const takesPart = (pid: string): boolean => {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  if (words[0] === "") return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("ksoftirqd");
  return words.some((w) => w.endsWith("/wireguard-go") || w === "wireguard-go") || words[1] === "-e";
};

const timeOf = (pid: string): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
};

const timesNow = (): Map<string, number> => {
  const times = new Map<string, number>();
  for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry)))
    try {
      if (takesPart(pid)) times.set(pid, timeOf(pid));
    } catch {
      // ended meanwhile
    }
  return times;
};

/** Starts to count; the call gives the ms of processor time since. On a machine that others use too it says more than a rate. */
export const startCpuMeter = (): (() => number) => {
  const first = timesNow();
  const last = new Map(first);
  const look = (): void => {
    for (const [pid, ms] of timesNow()) last.set(pid, ms);
  };
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    return [...last].reduce((sum, [pid, ms]) => sum + ms - (first.get(pid) ?? 0), 0);
  };
};
