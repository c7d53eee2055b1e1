import { writeFile } from "node:fs/promises";
import type { Cli } from "../cli.ts";
import { parseDuration } from "../duration.ts";
import { CliError, EXIT } from "../exit.ts";
import { painter } from "../io.ts";
import { plan } from "../network/matrix/plan.ts";
import { renderJunit } from "../network/matrix/junit.ts";
import { renderTest } from "../network/matrix/render.ts";
import { reportOf, type TestReport } from "../network/matrix/report.ts";
import { runCells } from "../network/matrix/run.ts";
import { type SessionOptions, withPods } from "../network/session.ts";
import { isForMachines, renderDocument } from "../output.ts";

export interface TestOptions extends SessionOptions {
  junit?: string;
  patience?: string;
}

const DEFAULT_TIMEOUT_MS = 300_000;
/** A route or an endpoint may be a moment behind the pod. */
const PATIENCE_MS = 15_000;

export const run = async (cli: Cli, args: string[], options: TestOptions): Promise<void> => {
  const { io, globals } = cli;
  const patienceMs =
    options.patience === undefined ? PATIENCE_MS : parseDuration(options.patience, "--patience", 600_000);
  const startedAt = new Date(io.now()).toISOString();
  const report = await withPods(cli, args[0], options, DEFAULT_TIMEOUT_MS, async (s): Promise<TestReport> => {
    const cells = plan(s.world);
    io.err(`${cells.length} cells from ${s.spots.length} pods, image ${s.image}`);
    const results = await runCells(s.spots, cells, { patienceMs, signal: s.deadline.signal });
    return reportOf({
      peer: s.tunnel.peer,
      image: s.image,
      startedAt,
      elapsedMs: s.deadline.elapsed(),
      notes: s.notes,
      spots: s.spots,
      cells: results,
    });
  });
  if (options.junit !== undefined) await save(options.junit, renderJunit(report));
  if (isForMachines(globals.format)) io.out(await renderDocument(report, globals.format));
  else io.out(renderTest(report, { paint: painter(io), wide: globals.format === "wide" }));
  if (report.failed > 0 || report.passed === 0) io.exitCode = EXIT.failed;
};

const save = async (file: string, text: string): Promise<void> => {
  await writeFile(file, `${text}\n`).catch((cause: unknown) => {
    throw new CliError(`--junit: ${file} cannot be written`, { cause });
  });
};
