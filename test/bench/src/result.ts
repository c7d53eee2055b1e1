import { writeFileSync } from "node:fs";
import Table from "cli-table3";

/** One line of the bench's table; `reference` and `ratio` are of the same run on the same machine. */
export interface Result {
  name: string;
  unit: string;
  n: number;
  p50: number;
  p99: number;
  /** What the same work takes without the border (p50, same unit), where there is such a thing. */
  reference?: number;
  ratio?: number;
  /** What is wanted, as words: "p50 <= 500, p99 <= 1000". */
  target: string;
  met: boolean;
}

/** Nearest-rank percentile of unsorted samples. */
export const percentile = (samples: readonly number[], p: number): number => {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
};

export const summarise = (samples: readonly number[]): { n: number; p50: number; p99: number } => ({
  n: samples.length,
  p50: percentile(samples, 50),
  p99: percentile(samples, 99),
});

const text = (x: number | undefined): string =>
  x === undefined ? "" : x >= 100 ? x.toFixed(0) : x.toFixed(2);

export const print = (results: Result[]): void => {
  const table = new Table({
    head: ["what", "unit", "n", "p50", "p99", "reference", "ratio", "target", "met"],
    style: { head: [], border: [] },
  });
  for (const r of results)
    table.push([
      r.name,
      r.unit,
      r.n,
      text(r.p50),
      text(r.p99),
      text(r.reference),
      text(r.ratio),
      r.target,
      r.met ? "yes" : "NO",
    ]);
  console.log(table.toString());
};

export const save = (file: string, results: Result[]): void =>
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
