import type { Cli } from "../cli.ts";
import { parseDuration } from "../duration.ts";
import { UsageError } from "../exit.ts";
import { painter } from "../io.ts";
import type { BenchReport, Way } from "../network/bench/model.ts";
import { renderBench } from "../network/bench/render.ts";
import { measure, pairs } from "../network/bench/run.ts";
import { type SessionOptions, withPods } from "../network/session.ts";
import { isForMachines, renderDocument } from "../output.ts";

export interface BenchOptions extends SessionOptions {
  duration?: string;
  streams?: string;
}

const DEFAULT_TIMEOUT_MS = 600_000;
const DURATION_MS = 5_000;
const PINGS = 500;

export const parseStreams = (text: string | undefined): number => {
  const n = Number(text ?? 1);
  if (Number.isInteger(n) && n >= 1 && n <= 64) return n;
  throw new UsageError(`--streams: "${text ?? ""}" is not a number from 1 to 64`);
};

export const run = async (cli: Cli, args: string[], options: BenchOptions): Promise<void> => {
  const { io, globals } = cli;
  const durationMs =
    options.duration === undefined ? DURATION_MS : parseDuration(options.duration, "--duration", 600_000);
  const streams = parseStreams(options.streams);
  const startedAt = new Date(io.now()).toISOString();
  const report = await withPods(
    cli,
    args[0],
    options,
    DEFAULT_TIMEOUT_MS,
    async (s): Promise<BenchReport> => {
      const ways: Way[] = [];
      const load = { seconds: durationMs / 1_000, streams, pings: PINGS, signal: s.deadline.signal };
      // One after another: they would share the processors that encrypt.
      for (const pair of pairs(s.spots)) {
        io.err(`… ${pair.from.id} from ${pair.to.id}`);
        ways.push(await measure(pair, load));
      }
      const { peer } = s.tunnel;
      return {
        peer,
        image: s.image,
        startedAt,
        elapsedMs: Math.round(s.deadline.elapsed()),
        ways,
        notes: s.notes,
      };
    },
  );
  if (isForMachines(globals.format)) return io.out(await renderDocument(report, globals.format));
  io.out(renderBench(report, painter(io)));
};
