import type { Io } from "../src/io.ts";
import { makeProgram, run } from "../src/program.ts";

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs one command line in this process, as main.ts would without a terminal. */
export const tideway = async (argv: string[], o: Partial<Io> = {}): Promise<Ran> => {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    stdin: () => Promise.resolve(""),
    color: false,
    env: {},
    signal: new AbortController().signal,
    now: Date.now,
    exitCode: 0,
    ...o,
  };
  const code = await run(makeProgram(io), io, argv);
  return { code, out: out.join("\n"), err: err.join("\n") };
};
