import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, openSync, readSync, closeSync } from "node:fs";
import { services } from "@tideway/platform";
import type { Bed } from "./bed.ts";

const CLOCK_TICKS = Number(execFileSync("getconf", ["CLK_TCK"]).toString());

/** The processes of Tideway's services, found by their pods' environment (host's /proc sees the containers). */
export const serviceProcesses = (): { pid: number; service: string }[] =>
  readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      if (!readFileSync(`/proc/${entry}/cmdline`, "utf8").includes("main.js")) return [];
      const env = readFileSync(`/proc/${entry}/environ`, "utf8").split("\0");
      const podName = env.find((e) => e.startsWith("POD_NAME="))?.slice(9) ?? "";
      const service = services.find((s) => podName.startsWith(`${s}-`));
      return service ? [{ pid: Number(entry), service }] : [];
    } catch {
      return []; // ended meanwhile
    }
  });

/** User and system time of all services in both clusters, in ms. */
export const cpuMs = (): number =>
  serviceProcesses().reduce((sum, { pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return sum + ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS;
  }, 0);

const numberIn = (text: string, key: string): number =>
  Number(new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1] ?? 0);

/** What `kubectl top` shows and the kubelet evicts by: the cgroup's memory without the file pages that are not in use. */
const workingSetBytes = (pid: number): number => {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
  const v1 = lines.find((l) => l.split(":")[1] === "memory")?.split(":")[2];
  if (v1 !== undefined) {
    const dir = `/sys/fs/cgroup/memory${v1}`;
    const stat = readFileSync(`${dir}/memory.stat`, "utf8");
    return (
      Number(readFileSync(`${dir}/memory.usage_in_bytes`, "utf8")) - numberIn(stat, "total_inactive_file")
    );
  }
  const dir = `/sys/fs/cgroup${lines.find((l) => l.startsWith("0::"))?.slice(3) ?? ""}`;
  const stat = readFileSync(`${dir}/memory.stat`, "utf8");
  return Number(readFileSync(`${dir}/memory.current`, "utf8")) - numberIn(stat, "inactive_file");
};

/** Working set in MB, the largest of each service's replicas in both clusters. */
export const memoryMb = (): Map<string, number> => {
  const largest = new Map<string, number>();
  for (const { pid, service } of serviceProcesses())
    largest.set(service, Math.max(workingSetBytes(pid) / 1e6, largest.get(service) ?? 0));
  return largest;
};

const auditSize = (file: string): number => statSync(file).size;

/** Counts our services' own requests (not watches' bookkeeping nor leases) that were audited since `from`. */
const auditedSince = (file: string, from: number): number => {
  const fd = openSync(file, "r");
  const buffer = Buffer.alloc(auditSize(file) - from);
  readSync(fd, buffer, 0, buffer.length, from);
  closeSync(fd);
  return buffer
    .toString("utf8")
    .split("\n")
    .filter((line) => {
      if (!line.includes('"stage":"ResponseComplete"')) return false;
      const e = JSON.parse(line) as {
        user: { username: string };
        verb: string;
        objectRef?: { resource?: string };
        requestURI: string;
      };
      const ours =
        /^system:serviceaccount:tideway-(system|network):/.test(e.user.username) ||
        e.user.username.startsWith("tideway:");
      return (
        ours &&
        e.verb !== "watch" &&
        e.objectRef?.resource !== "leases" &&
        !/^\/(readyz|livez|healthz|version)/.test(e.requestURI)
      );
    }).length;
};

export const requestCounter = (bed: Bed): (() => number) => {
  const files = [bed.east.cluster.auditLog, bed.west.cluster.auditLog];
  const from = files.map(auditSize);
  return () => files.reduce((sum, file, i) => sum + auditedSince(file, from[i]!), 0);
};
