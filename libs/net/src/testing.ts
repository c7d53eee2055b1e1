import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";

/** Network namespaces for tests against the real kernel. Root is needed; without it the test fails, it skips nothing. */
export interface Namespaces {
  /** Makes one, its loopback up; its full name, for `KernelOptions.namespace`. */
  add(name: string): string;
  /** Runs a command inside and gives its output; throws with its words when it fails. */
  run(namespace: string, ...command: string[]): string;
  /** A veth pair between two namespaces, both ends named and up. */
  connect(
    a: { ns: string; device: string; address: string },
    b: { ns: string; device: string; address: string },
  ): void;
  removeAll(): void;
}

const PREFIX = "twtest";
const exec = (command: readonly string[]): string => {
  const [file = "", ...args] = command;
  return execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
};

const alive = (pid: string): boolean => {
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch {
    return false;
  }
};
/** Of runs that were killed. */
const removeLeftovers = (): void => {
  let names: string[] = [];
  try {
    names = readdirSync("/run/netns");
  } catch {
    // no namespace was ever made here
  }
  for (const name of names) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !alive(pid)) exec(["ip", "netns", "del", name]);
  }
};

let count = 0;
export const createNamespaces = (): Namespaces => {
  removeLeftovers();
  const made: string[] = [];
  const run = (ns: string, ...command: string[]): string => exec(["ip", "netns", "exec", ns, ...command]);
  return {
    add: (name) => {
      const full = `${PREFIX}-${process.pid}-${count++}-${name}`;
      exec(["ip", "netns", "add", full]);
      made.push(full);
      run(full, "ip", "link", "set", "lo", "up");
      return full;
    },
    run,
    connect: (a, b) => {
      exec([
        "ip",
        "link",
        "add",
        a.device,
        "netns",
        a.ns,
        "type",
        "veth",
        "peer",
        "name",
        b.device,
        "netns",
        b.ns,
      ]);
      for (const end of [a, b]) {
        run(end.ns, "ip", "addr", "add", end.address, "dev", end.device);
        run(end.ns, "ip", "link", "set", end.device, "up");
      }
    },
    removeAll: () => {
      for (const name of made.splice(0)) exec(["ip", "netns", "del", name]);
    },
  };
};
