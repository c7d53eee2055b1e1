import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
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
  { command: "nsenter", debianPackage: "util-linux" },
  { command: "openssl", debianPackage: "openssl" },
  { command: "socat", debianPackage: "socat" },
  { command: "tar", debianPackage: "tar" },
];

const DIRS = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
const isThere = (command: string): boolean =>
  command.startsWith("/") ? existsSync(command) : DIRS.some((d) => existsSync(join(d, command)));

/** Installs what is missing where that can be done without asking; else says how. */
export async function ensurePrerequisites(report: (step: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error("the sandbox makes network namespaces and mounts: run it as root");
  const missing = needs.filter((n) => !isThere(n.command));
  if (missing.length === 0) return;
  const packages = missing.map((n) => n.debianPackage);
  const names = missing.map((n) => n.command).join(", ");
  if (!isThere("apt-get")) throw new Error(`missing: ${names}; Debian's packages of them are: ${packages.join(" ")}`);
  report(`missing ${names}: apt-get install ${packages.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env });
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { env });
  const still = packages.filter((_, i) => !isThere(missing[i]?.command ?? ""));
  if (still.length > 0) throw new Error(`still missing after installation: ${still.join(" ")}`);
}
