import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";

/** A server of a test: ends with the test's process, however that ends. */
export interface Child {
  /** Undefined while it runs. */
  exited(): boolean;
  end(signal: NodeJS.Signals): Promise<void>;
}

const running = new Set<ChildProcess>();
let hooked = false;

export function startChild(command: string, args: readonly string[], logFile: string): Child {
  if (!hooked) {
    hooked = true;
    process.once("exit", () => running.forEach((c) => c.kill("SIGKILL")));
  }
  const log = openSync(logFile, "a");
  // The kernel ends it when the parent is killed; the hook above covers the ordinary ways out.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", command, ...args], { stdio: ["ignore", log, log] });
  closeSync(log);
  child.on("error", () => running.delete(child));
  child.on("exit", () => running.delete(child));
  running.add(child);
  child.unref();
  const ended = (): boolean =>
    child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  return {
    exited: ended,
    async end(signal) {
      if (ended()) return;
      const exit = once(child, "exit");
      child.ref(); // the event loop has to stay for the answer
      child.kill(signal);
      await exit;
    },
  };
}
