import { describeError } from "@tideway/errors";
import { exec } from "../exec.ts";
import { type Cell, phases } from "./plan.ts";
import { type CellResult, judge, type Outcome } from "./report.ts";
import { LISTENING } from "./scripts.ts";
import type { Built } from "./world.ts";

/** Cells of one source that are asked at the same time: more would make the sources wait for each other's packets. */
const PARALLEL = 4;

/** All that is to pass, then all that is to be blocked; every source asks its own cells, all sources at once. */
export const runCells = async (
  spots: Built["spots"],
  cells: readonly Cell[],
  o: { patienceMs: number; signal: AbortSignal; onDone?: (done: number) => void },
): Promise<CellResult[]> => {
  const results = new Map<string, CellResult>();
  for (const phase of phases(cells)) {
    const asking = spots.map(async (spot) => {
      const own = phase.filter((c) => c.from === spot.id);
      if (own.length === 0) return;
      for (const r of await ask(spot, own, o)) results.set(r.id, r);
      o.onDone?.(results.size);
    });
    await Promise.all(asking);
  }
  return cells.map((c) => results.get(c.id) ?? judge(c, undefined));
};

const ask = async (
  spot: Built["spots"][number],
  cells: readonly Cell[],
  o: { patienceMs: number; signal: AbortSignal },
): Promise<CellResult[]> => {
  const input = `${JSON.stringify({ cells, patienceMs: o.patienceMs, parallel: PARALLEL })}\n`;
  const target = { namespace: spot.namespace, pod: spot.pod, container: "main" };
  try {
    const { kube } = spot.stage;
    const command = ["sh", "-c", 'exec node -e "$PROBE"'];
    const done = await exec(kube.credentials, target, command, {
      input,
      inputAfter: LISTENING,
      signal: o.signal,
    });
    const outcomes = new Map(parseOutcomes(done.out).map((x) => [x.id, x]));
    const missing = `the probe ended with ${done.code}: ${done.err.trim().split("\n")[0] ?? ""}`;
    return cells.map((c) => judge(c, outcomes.get(c.id), missing));
  } catch (err) {
    if (o.signal.aborted) throw err;
    return cells.map((c) => judge(c, undefined, describeError(err)));
  }
};

export const parseOutcomes = (text: string): Outcome[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Outcome);
