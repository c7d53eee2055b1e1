import { KernelError } from "./errors.ts";
import type { RunResult, Runner } from "./runner.ts";
import type { Applied, WriteKind } from "./types.ts";

/** What the parts of the driver share. */
export interface Tools {
  readonly run: Runner;
  /** Told of each transaction that is about to write. */
  readonly wrote: (kind: WriteKind) => void;
}

export const NOTHING: Applied = { lines: [] };

const one = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, "; ");
export const failed = (command: readonly string[], result: RunResult, line?: string): KernelError =>
  new KernelError({
    command: command.join(" "),
    said: one(result.stderr || result.stdout) || `exit code ${result.code}`,
    ...(line === undefined ? {} : { line: line.slice(0, 300) }),
  });

/** Output of a command that reads; `absent` is what it says when there is nothing (then undefined). */
export const read = async (
  { run }: Tools,
  command: readonly string[],
  absent?: RegExp,
): Promise<string | undefined> => {
  const result = await run(command);
  if (result.code === 0) return result.stdout;
  if (absent?.test(result.stderr)) return undefined;
  throw failed(command, result);
};

/** `ip` prints nothing at all, not even a list, when it found nothing. */
export const readList = async <T>(
  tools: Tools,
  command: readonly string[],
  absent?: RegExp,
): Promise<readonly T[]> => {
  const text = (await read(tools, command, absent))?.trim();
  return text ? (JSON.parse(text) as T[]) : [];
};

/** A line for `ip -batch -` and the one that takes it back (harmless when the first did not run). */
export interface Step {
  readonly line: string;
  readonly undo?: string;
}

/** iproute2 numbers the line the kernel refused; a word it cannot read it only quotes. */
const refusedLine = (lines: readonly string[], said: string): string | undefined => {
  const number = /Command failed \S*?:(\d+)/.exec(said)?.[1];
  if (number !== undefined) return lines[Number(number) - 1];
  const word = /"([^"]+)"/.exec(said)?.[1];
  return word === undefined ? undefined : lines.find((line) => line.split(" ").includes(word));
};

/** All steps by one process. The kernel has no transaction here: what went through before a refusal is taken back. */
export const batch = async (
  tools: Tools,
  kind: WriteKind,
  tool: readonly string[],
  steps: readonly Step[],
): Promise<Applied> => {
  if (steps.length === 0) return NOTHING;
  const lines = steps.map((s) => s.line);
  const command = [...tool, "-batch", "-"];
  tools.wrote(kind);
  const result = await tools.run(command, `${lines.join("\n")}\n`);
  if (result.code === 0) return { lines };
  const undo = steps.flatMap((s) => s.undo ?? []).reverse();
  if (undo.length > 0) await tools.run([...tool, "-force", "-batch", "-"], `${undo.join("\n")}\n`);
  throw failed(command, result, refusedLine(lines, result.stderr));
};

/** One after the other: what is read must still be so when the difference is written. */
export const serial = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
};
