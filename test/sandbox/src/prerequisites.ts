import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { withLock } from "./lock.ts";
import { run } from "./run.ts";

interface Need {
  command: string;
  debianPackage: string;
}

const needs: readonly Need[] = [
  { command: "go", debianPackage: "golang-go" },
  { command: "containerd", debianPackage: "containerd" },
  { command: "runc", debianPackage: "runc" },
  { command: "/usr/lib/cni/bridge", debianPackage: "containernetworking-plugins" },
  { command: "mmdebstrap", debianPackage: "mmdebstrap" },
  { command: "nft", debianPackage: "nftables" },
  { command: "iptables", debianPackage: "iptables" },
  { command: "conntrack", debianPackage: "conntrack" },
  { command: "ip", debianPackage: "iproute2" },
  { command: "wg", debianPackage: "wireguard-tools" },
  { command: "nsenter", debianPackage: "util-linux" },
  { command: "openssl", debianPackage: "openssl" },
  { command: "socat", debianPackage: "socat" },
  { command: "tar", debianPackage: "tar" },
];

const DIRS = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
const isThere = (command: string): boolean =>
  command.startsWith("/") ? existsSync(command) : DIRS.some((d) => existsSync(join(d, command)));

/** What a full cluster needs: all of the above, and root. */
export async function ensurePrerequisites(report: (step: string) => void): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error("the sandbox makes network namespaces and mounts: run it as root");
  await ensureCommands(needs, report);
  ensureInotify(report);
}

/** Each kubelet, containerd and follower of a log takes some; of the kernel's default of 128 a few clusters leave none. */
const INOTIFY = "/proc/sys/fs/inotify/max_user_instances";
const INSTANCES = 2048;

function ensureInotify(report: (step: string) => void): void {
  if (Number(readFileSync(INOTIFY, "utf8")) >= INSTANCES) return;
  report(`raises fs.inotify.max_user_instances to ${INSTANCES}`);
  writeFileSync(INOTIFY, String(INSTANCES));
}

/** What servers on the loopback interface need; any user may run them. */
export const ensureLightPrerequisites = (): Promise<void> =>
  ensureCommands(
    needs.filter((n) => ["go", "openssl"].includes(n.command)),
    () => {},
  );

/** What a part from PyPI needs, asked for where one is built. */
export const ensureWheels = (): Promise<void> =>
  ensureCommands([{ command: "pip3", debianPackage: "python3-pip" }], () => {});

/** Installs what is missing where that can be done without asking; else says how. */
async function ensureCommands(wanted: readonly Need[], report: (step: string) => void): Promise<void> {
  const lacking = (): Need[] => wanted.filter((n) => !isThere(n.command));
  const missing = lacking();
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.map((n) => n.debianPackage).join(" ")}`;
  const names = missing.map((n) => n.command).join(", ");
  if (!isThere("apt-get") || process.getuid?.() !== 0) {
    throw new Error(`missing: ${names}. On Debian or Ubuntu, as root: ${command}`);
  }
  await withLock("/run/tideway-sandbox/apt.lock", async () => {
    if (lacking().length === 0) return;
    report(`missing ${names}: ${command}`);
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update"], { env });
    await run("sh", ["-c", command], { env });
  });
  const still = lacking();
  if (still.length > 0)
    throw new Error(`still missing after ${command}: ${still.map((n) => n.command).join(", ")}`);
}
