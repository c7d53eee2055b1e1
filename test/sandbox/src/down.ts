import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { daemonNames, signal, stopDaemon } from "./daemon.ts";
import { type ClusterPlace, clusterPlace, type NodePlace, type Place, RUN_ROOT, VAR_ROOT } from "./layout.ts";
import { withLock } from "./lock.ts";
import { cgroupMounts } from "./node.ts";
import { lanLock, releaseSlot } from "./network.ts";
import { allPids, commandLine, netnsOf, type ProcessId, startTime } from "./proc.ts";
import { attempt } from "./run.ts";
import { until } from "./wait.ts";

/** A part of a sandbox. All it made bears its names, so it is found after a crash too, and twice. */
interface Scope {
  place: Place;
  /** Told a name without the sandbox's prefix: of a node, mostly. */
  has(name: string): boolean;
}

const wholeOf = (place: Place): Scope => ({ place, has: () => true });
const clusterScope = (p: ClusterPlace): Scope => ({
  place: p,
  has: (name) => name.startsWith(`${p.cluster}-`),
});
const nodeScope = (p: ClusterPlace, node: string): Scope => ({ place: p, has: (name) => name === node });

/** A name in the kernel: network namespace or cgroup. */
const holds = (s: Scope, name: string): boolean =>
  name.startsWith(`${s.place.id}-`) && s.has(name.slice(s.place.id.length + 1));

/** A path below the directories of one of its nodes. */
const holdsPath = (s: Scope, path: string): boolean =>
  [s.place.run, s.place.data].some(
    (root) => path.startsWith(`${root}/`) && s.has(path.slice(root.length + 1).split("/")[0] ?? ""),
  );

async function sweep(s: Scope): Promise<void> {
  await endLeftovers(s);
  await removeContainerCgroups(s);
  await unmountBelow(s);
  await deleteNetns(s);
  await removeCgroups(s);
}

export async function stopCluster(p: ClusterPlace): Promise<void> {
  await stopDaemons(p.pids);
  await sweep(clusterScope(p));
  forgetCluster(p);
  await releaseSlot(p, p.cluster);
}

/** As if the machine lost its power: all of the node ends at once, its disk stays. */
export async function cutNode(p: ClusterPlace, n: NodePlace): Promise<void> {
  const daemons = daemonNames(p.pids).filter((d) => d.startsWith(`${n.name}.`));
  await Promise.all(daemons.map((name) => stopDaemon({ name, pidDir: p.pids }, { signal: "SIGKILL" })));
  await sweep(nodeScope(p, n.name));
  rmSync(n.run, { recursive: true, force: true });
}

/** Files of a cluster of which nothing runs. */
export function forgetCluster(p: ClusterPlace): void {
  for (const root of [p.run, p.data]) {
    for (const name of entries(root)) {
      if (new RegExp(`^${p.cluster}-\\d+$`).test(name))
        rmSync(join(root, name), { recursive: true, force: true });
    }
  }
  rmSync(p.pids, { recursive: true, force: true });
  rmSync(p.state, { recursive: true, force: true });
  rmSync(p.kubeconfig, { force: true });
}

/** Ends the whole sandbox, clusters that nobody remembers included. */
export async function stopSandbox(p: Place): Promise<void> {
  const known = [
    ...entries(join(p.dir, "state")),
    ...entries(p.run).filter((n) => isDir(join(p.run, n)) && !/-\d+$/.test(n)),
  ];
  await Promise.all([...new Set(known)].map((c) => stopCluster(clusterPlace(p, c))));
  await withLock(lanLock, async () => {
    await sweep(wholeOf(p));
    await attempt("ip", ["link", "del", p.id]);
    rmSync(p.run, { recursive: true, force: true });
    rmSync(p.data, { recursive: true, force: true });
    rmSync(join(p.dir, "state"), { recursive: true, force: true });
    for (const lock of entries(RUN_ROOT).filter((n) => n.startsWith(`${p.id}-`)))
      rmSync(join(RUN_ROOT, lock));
  });
}

/** All sandboxes that a checkout started, those with a name or a directory of their own included. */
export function sandboxesOf(checkout: string): Place[] {
  return entries(RUN_ROOT).flatMap((id) => {
    const [line] = readLines(join(RUN_ROOT, id, "owner.json"));
    const owner = line ? (JSON.parse(line) as { dir: string; checkout: string }) : undefined;
    return owner?.checkout === checkout
      ? [{ dir: owner.dir, id, run: join(RUN_ROOT, id), data: join(VAR_ROOT, id) }]
      : [];
  });
}

async function stopDaemons(pidDir: string): Promise<void> {
  const names = daemonNames(pidDir);
  // The API server last: the kubelet would only wait for it. containerd goes with its node.
  await Promise.all(
    names.map((name) =>
      stopDaemon({ name, pidDir }, { signal: name === "etcd" ? "SIGKILL" : "SIGTERM", graceMs: 1_000 }),
    ),
  );
}

/** Containers, their shims and whatever runs in the namespaces or cgroups of the scope. */
async function endLeftovers(s: Scope): Promise<void> {
  await until(
    async () => {
      const found = leftovers(s);
      for (const id of found) signal(id, "SIGKILL");
      return found.length === 0;
    },
    { what: `end of the processes of ${s.place.id}`, timeoutMs: 20_000, everyMs: 30 },
  );
}

function leftovers(s: Scope): ProcessId[] {
  const spaces = netnsInodes(s);
  const inCgroups = pidsIn([...cgroupDirs(s), ...containerCgroups(s)]);
  const ours = (pid: number): boolean =>
    inCgroups.has(pid) ||
    spaces.has(netnsOf(pid) ?? "") ||
    commandLine(pid).some((a) => holdsPath(s, a) && /shim|containerd|runc/.test(commandLine(pid)[0] ?? ""));
  return allPids()
    .filter((pid) => pid !== process.pid && ours(pid))
    .map((pid) => ({ pid, start: startTime(pid) ?? "" }))
    .filter((id) => id.start !== "");
}

function netnsInodes(s: Scope): Set<string> {
  const names = entries("/run/netns").filter((n) => holds(s, n));
  return new Set(names.map((n) => `net:[${statSync(`/run/netns/${n}`).ino}]`));
}

/**
 * A container outlives its shim, and its cgroup bears only its ID: containerd puts it into /k8s.io/<id>
 * where the kubelet names no parent. What containerd still knows of it says whose it is.
 */
function containerCgroups(s: Scope): string[] {
  const ids = entries(s.place.run)
    .filter((name) => s.has(name))
    .flatMap((name) => entries(join(s.place.run, name, "containerd/io.containerd.runtime.v2.task/k8s.io")));
  return cgroupMounts().flatMap((m) => ids.map((id) => join(m, "k8s.io", id)).filter(isDir));
}

function removeContainerCgroups(s: Scope): Promise<unknown> {
  const remove = (): Promise<boolean> => {
    for (const dir of containerCgroups(s)) for (const d of walk(dir)) rmdirSync(d);
    return Promise.resolve(true);
  };
  return until(remove, {
    what: `removal of the containers' cgroups of ${s.place.run}`,
    timeoutMs: 10_000,
    everyMs: 20,
  });
}

function pidsIn(dirs: readonly string[]): Set<number> {
  const pids = new Set<number>();
  for (const dir of dirs) {
    for (const d of walk(dir)) {
      for (const line of readLines(join(d, "cgroup.procs"))) pids.add(Number(line));
    }
  }
  return pids;
}

const cgroupDirs = (s: Scope): string[] =>
  cgroupMounts().flatMap((m) =>
    entries(m)
      .filter((n) => holds(s, n))
      .map((n) => join(m, n)),
  );

/** Children before their parents. */
function walk(dir: string): string[] {
  const below = entries(dir)
    .map((n) => join(dir, n))
    .filter(isDir);
  return [...below.flatMap(walk), dir];
}

async function removeCgroups(s: Scope): Promise<void> {
  await until(
    async () => {
      for (const dir of cgroupDirs(s)) for (const d of walk(dir)) rmdirSync(d);
      return true;
    },
    { what: `removal of cgroups of ${s.place.id}`, timeoutMs: 10_000, everyMs: 20 },
  );
}

async function unmountBelow(s: Scope): Promise<void> {
  const points = readLines("/proc/self/mountinfo")
    .map((l) =>
      (l.split(" ")[4] ?? "").replaceAll(/\\(\d{3})/g, (_, o: string) =>
        String.fromCharCode(Number.parseInt(o, 8)),
      ),
    )
    .filter((point) => holdsPath(s, point))
    .reverse();
  for (let i = 0; i < points.length; i += 100) await attempt("umount", ["-l", ...points.slice(i, i + 100)]);
}

async function deleteNetns(s: Scope): Promise<void> {
  const names = entries("/run/netns").filter((n) => holds(s, n));
  await Promise.all(names.map((n) => attempt("ip", ["netns", "del", n])));
}

const entries = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []);
const isDir = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
const readLines = (file: string): string[] => {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
};
