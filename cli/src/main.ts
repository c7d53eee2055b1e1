import { text } from "node:stream/consumers";
import { makeProgram, run } from "./program.ts";
import type { Io } from "./io.ts";

/** The only reader of process.*: builds what a command may touch, runs it, sets the exit code. */
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
stop.signal.addEventListener("abort", () => process.stdin.destroy());
// A reader that left (`tideway status | head -1`) is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (err: NodeJS.ErrnoException) => {
    if (err.code === "EPIPE") process.exit(0);
    throw err;
  });

const io: Io = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
  stdin: () => text(process.stdin),
  ...(process.stderr.isTTY && !process.env.CI ? { terminal: process.stderr } : {}),
  color: process.stderr.isTTY && process.stdout.isTTY && !process.env.NO_COLOR,
  env: process.env,
  signal: stop.signal,
  now: Date.now,
  exitCode: 0,
};

process.exitCode = await run(makeProgram(io), io, process.argv.slice(2));
