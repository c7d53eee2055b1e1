import { formatElapsed } from "../../duration.ts";
import type { Paint } from "../../io.ts";
import { renderTable } from "../../output.ts";
import { type CellResult, groups, type TestReport } from "./report.ts";

export interface Look {
  paint: Paint;
  wide: boolean;
}

export const renderTest = (r: TestReport, look: Look): string =>
  [look.wide ? everyCell(r, look) : byGroup(r, look), failures(r, look), notes(r, look), summary(r, look)]
    .filter((s) => s !== "")
    .join("\n\n");

const word = (c: CellResult, { paint }: Look): string =>
  paint(c.result === "ok" ? "green" : c.result === "failed" ? "red" : "yellow", c.result);

/** A row a kind and source, a column a target: `3/3`, or what fails of it. */
const byGroup = (r: TestReport, look: Look): string =>
  renderTable(
    ["WHAT", "FROM", "TO", "EXPECTED", "RESULT"],
    groups(r.cells).flatMap(({ kind, from, cells }) =>
      [...new Set(cells.map((c) => c.to))].map((to) => {
        const those = cells.filter((c) => c.to === to);
        return [kind, from, to, those[0]?.expect, verdict(those, look)];
      }),
    ),
  );

const verdict = (cells: CellResult[], look: Look): string => {
  const tested = cells.filter((c) => c.result !== "skipped");
  if (tested.length === 0) return look.paint("yellow", "skipped");
  const bad = tested.filter((c) => c.result === "failed");
  const checks = tested.map((c) => c.check).join(", ");
  return bad.length === 0
    ? `${look.paint("green", "ok")} (${checks})`
    : `${look.paint("red", "failed")} (${bad.map((c) => c.check).join(", ")})`;
};

const everyCell = (r: TestReport, look: Look): string =>
  renderTable(
    [
      "WHAT",
      "CHECK",
      "FROM",
      "TO",
      "ADDRESS",
      "EXPECTED",
      "RESULT",
      "MS",
      "ATTEMPTS",
      "ANSWERED",
      "SAW-SOURCE",
    ],
    r.cells.map((c) => [
      c.kind,
      c.check,
      c.from,
      c.to,
      c.host,
      c.expect,
      word(c, look),
      c.ms?.toFixed(1),
      c.attempts,
      c.who,
      c.sawSource,
    ]),
  );

const failures = (r: TestReport, { paint }: Look): string =>
  r.cells
    .filter((c) => c.result === "failed")
    .map((c) => `${paint("red", "failed:")} ${c.id} (${c.host}:${c.port}): ${c.detail ?? ""}`)
    .join("\n");

const notes = (r: TestReport, { paint }: Look): string =>
  r.notes.map((n) => `${paint("yellow", "not tested:")} ${n}`).join("\n");

const summary = (r: TestReport, { paint }: Look): string => {
  const text = `${r.passed} passed, ${r.failed} failed, ${r.skipped} skipped in ${formatElapsed(r.elapsedMs)}`;
  return `${r.peer}: ${paint(r.failed > 0 ? "red" : "green", text)}`;
};
