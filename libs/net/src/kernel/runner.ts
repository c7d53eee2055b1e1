import { spawn } from "node:child_process";

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
/** Runs a tool to its end; a nonzero code is a result, not an error. Input never shows in a process list. */
export type Runner = (command: readonly string[], input?: string) => Promise<RunResult>;

/** The command as it runs in another named network namespace. */
export const inNamespace = (namespace: string | undefined, command: readonly string[]): readonly string[] =>
  namespace === undefined ? command : ["ip", "netns", "exec", namespace, ...command];

/** Real child processes; rejects only when the tool cannot be started. */
export const processRunner =
  (namespace?: string): Runner =>
  (command, input = "") =>
    new Promise((resolve, reject) => {
      const [file = "", ...args] = inNamespace(namespace, command);
      const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.stdin.on("error", () => {}); // it ended before it read all: its code and words tell why
      child.on("error", reject);
      child.on("close", (code, signal) => {
        resolve({ code: code ?? 1, stdout, stderr: stderr || (signal ? `ended by ${signal}` : "") });
      });
      child.stdin.end(input);
    });
