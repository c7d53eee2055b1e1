import type { Cli } from "../cli.ts";
import { EXIT, UsageError } from "../exit.ts";
import { painter } from "../io.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { gather, type TestOptions } from "../policy/gather.ts";
import { renderTest } from "../policy/render.ts";
import { tryPolicy } from "../policy/try.ts";

/** An RFC 3339 time; absent: now. */
const timeOf = (text: string | undefined, nowMs: number): string => {
  const ms = text === undefined ? nowMs : /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new UsageError(`--at: "${text}" is not a time`, { next: "write it like 2026-01-31T12:00:00Z" });
  return new Date(ms).toISOString();
};

export const run = async (cli: Cli, _args: string[], options: Record<string, unknown>): Promise<void> => {
  const o = options as TestOptions;
  const now = timeOf(o.at, cli.io.now());
  const result = tryPolicy(await gather(await cli.kube(), o, now));
  const { format } = cli.globals;
  cli.io.out(
    isForMachines(format) ? await renderDocument(result, format) : renderTest(result, painter(cli.io)),
  );
  if (result.problems.length > 0) cli.io.exitCode = EXIT.failed;
};
