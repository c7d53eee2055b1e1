import { formatElapsed } from "../../duration.ts";
import type { Paint } from "../../io.ts";
import { renderTable } from "../../output.ts";
import { formatRate } from "../render.ts";
import type { BenchReport, Way } from "./model.ts";

/** Nearest-rank percentile of sorted samples; 0 of none. */
export const percentile = (sorted: readonly number[], p: number): number =>
  sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? 0;

export const rttOf = (sorted: readonly number[]): Way["rtt"] => ({
  p50: percentile(sorted, 50),
  p99: percentile(sorted, 99),
  n: sorted.length,
});

export const renderBench = (r: BenchReport, paint: Paint): string =>
  [
    renderTable(
      ["FROM", "TO", "THROUGHPUT", "RTT-P50", "RTT-P99", "WHAT"],
      r.ways.map((w) => [
        w.from,
        w.to,
        formatRate(w.bytesPerSecond),
        `${w.rtt.p50.toFixed(2)} ms`,
        `${w.rtt.p99.toFixed(2)} ms`,
        w.local ? "within this cluster" : "across the border",
      ]),
    ),
    r.notes.map((n) => `${paint("yellow", "not measured:")} ${n}`).join("\n"),
    `${r.peer}: done after ${formatElapsed(r.elapsedMs)}`,
  ]
    .filter((s) => s !== "")
    .join("\n\n");
