import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { KernelError } from "./errors.ts";
import { inNamespace } from "./runner.ts";
import type { Tools } from "./transaction.ts";
import type { KernelOptions } from "./types.ts";

/** Userspace WireGuard: one child process an interface; the interface lives as long as the process. */
export interface Userspace {
  start(name: string): Promise<void>;
  /** False when the process is not ours. */
  stop(name: string): Promise<boolean>;
}

/** Ends with this process also where that is killed: nobody else would ever end it. */
const WITH_PARENT = ["setpriv", "--pdeathsig", "TERM"];
const STARTS_WITHIN_MS = 10_000;
const LOOKS_EVERY_MS = 10;

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (ended(child)) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });

export const userspace = (o: KernelOptions, tools: Tools): Userspace => {
  const children = new Map<string, ChildProcess>();
  const binary = o.wireguardGo ?? "wireguard-go";

  const launch = (name: string): { child: ChildProcess; said: () => string } => {
    const [file = "", ...args] = inNamespace(o.namespace, [...WITH_PARENT, binary, "-f", name]);
    const env = { ...process.env, WG_PROCESS_FOREGROUND: "1", LOG_LEVEL: "error" };
    const child = spawn(file, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2000);
    });
    children.set(name, child);
    const gone = (reason: string): void => {
      if (children.get(name) !== child) return; // stopped by us
      children.delete(name);
      if (o.signal.aborted) return;
      o.log.warn({ interface: name, reason, said }, "userspace WireGuard ended");
      o.onWireguardExit?.(name);
    };
    child.on("error", (err) => gone(err.message));
    child.on("exit", (code, signal) => gone(signal ?? `exit code ${code}`));
    return { child, said: () => said };
  };

  o.signal.addEventListener(
    "abort",
    () => {
      for (const child of children.values()) child.kill("SIGTERM");
    },
    { once: true },
  );

  return {
    start: async (name) => {
      const { child, said } = launch(name);
      const until = Date.now() + STARTS_WITHIN_MS;
      for (;;) {
        const { code } = await tools.run(["wg", "show", name, "listen-port"]);
        if (code === 0) return;
        if (children.get(name) !== child || Date.now() > until) {
          children.delete(name);
          child.kill("SIGKILL");
          throw new KernelError({
            command: `${binary} -f ${name}`,
            said: said().trim() || "it did not come up",
          });
        }
        await delay(LOOKS_EVERY_MS);
      }
    },
    stop: async (name) => {
      const child = children.get(name);
      if (!child) return false;
      children.delete(name);
      await end(child);
      return true;
    },
  };
};
