import { spawn } from "node:child_process";

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Text or bytes for the standard input, which is closed afterwards. */
  input?: string | Uint8Array;
  /** Milliseconds until SIGKILL; default 10 minutes. */
  timeoutMs?: number;
}

export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number | null;
  readonly stderr: string;
  constructor(command: string, exitCode: number | null, stderr: string) {
    super(`${command}: exit ${exitCode ?? "by signal"}: ${stderr.trim().slice(-2000)}`);
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** Runs a command to its end and gives its standard output; rejects with CommandError on any other exit than 0. */
export function run(command: string, args: readonly string[], o: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: o.cwd,
      env: o.env ? { ...process.env, ...o.env } : process.env,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: o.timeoutMs ?? 600_000,
      killSignal: "SIGKILL",
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (b: Buffer) => out.push(b));
    child.stderr.on("data", (b: Buffer) => err.push(b));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else
        reject(
          new CommandError([command, ...args].join(" ").slice(0, 300), code, Buffer.concat(err).toString()),
        );
    });
    child.stdin.on("error", () => {}); // a command may end without reading its input
    child.stdin.end(o.input);
  });
}

/** The same, for cleaning up: an error means that there was nothing to do. */
export async function attempt(command: string, args: readonly string[], o?: RunOptions): Promise<boolean> {
  return run(command, args, o).then(
    () => true,
    () => false,
  );
}
