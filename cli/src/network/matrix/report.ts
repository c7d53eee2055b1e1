import type { Cell, CellKind, Spot } from "./plan.ts";

/** What the probe in a pod says of a cell. */
export interface Outcome {
  id: string;
  reached?: boolean;
  skipped?: string;
  attempts?: number;
  ms?: number;
  /** Who answered. */
  who?: string;
  /** The source that the answerer saw. */
  from?: string;
  detail?: string;
}

export interface CellResult extends Cell {
  result: "ok" | "failed" | "skipped";
  attempts: number;
  ms?: number;
  who?: string;
  sawSource?: string;
  detail?: string;
}

/** What `tideway network test -o json` prints. */
export interface TestReport {
  peer: string;
  image: string;
  startedAt: string;
  elapsedMs: number;
  passed: number;
  failed: number;
  skipped: number;
  /** What could not be tested, and why. */
  notes: string[];
  spots: { id: string; node?: string; address: string; seen?: string }[];
  cells: CellResult[];
}

export const judge = (
  cell: Cell,
  outcome: Outcome | undefined,
  missing = "the probe gave no answer",
): CellResult => {
  if (outcome?.skipped !== undefined)
    return { ...cell, result: "skipped", attempts: 0, detail: outcome.skipped };
  const attempts = outcome?.attempts ?? 0;
  const more = {
    ...(outcome?.ms === undefined ? {} : { ms: Math.round(outcome.ms * 100) / 100 }),
    ...(outcome?.who ? { who: outcome.who } : {}),
    ...(outcome?.from ? { sawSource: outcome.from.replace(/^::ffff:/, "") } : {}),
  };
  if (!outcome) return { ...cell, result: "failed", attempts, detail: missing };
  const wanted = cell.expect === "pass";
  if (outcome.reached === wanted) return { ...cell, ...more, result: "ok", attempts };
  const detail = wanted
    ? (outcome.detail ?? "no answer")
    : `reached, although ${cell.why ?? "it must not be"}${outcome.who ? `: ${outcome.who} answered` : ""}`;
  return { ...cell, ...more, result: "failed", attempts, detail };
};

export interface Ran {
  peer: string;
  image: string;
  startedAt: string;
  elapsedMs: number;
  notes: readonly string[];
  spots: readonly (Spot & { node?: string })[];
  cells: readonly CellResult[];
}

export const reportOf = (r: Ran): TestReport => {
  const count = (result: CellResult["result"]): number => r.cells.filter((c) => c.result === result).length;
  return {
    peer: r.peer,
    image: r.image,
    startedAt: r.startedAt,
    elapsedMs: Math.round(r.elapsedMs),
    passed: count("ok"),
    failed: count("failed"),
    skipped: count("skipped"),
    notes: [...r.notes],
    spots: r.spots.map(({ id, node, address, seen }) => ({
      id,
      address,
      ...(node ? { node } : {}),
      ...(seen ? { seen } : {}),
    })),
    cells: [...r.cells],
  };
};

export interface Group {
  kind: CellKind;
  from: string;
  cells: CellResult[];
}

/** Cells of one kind from one source: a row of the table. */
export const groups = (cells: readonly CellResult[]): Group[] => {
  const found = new Map<string, Group>();
  for (const c of cells) {
    const key = `${c.kind} ${c.from}`;
    const group = found.get(key) ?? { kind: c.kind, from: c.from, cells: [] };
    group.cells.push(c);
    found.set(key, group);
  }
  return [...found.values()];
};
