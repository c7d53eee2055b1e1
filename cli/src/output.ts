import Table from "cli-table3";
import { UsageError } from "./exit.ts";

export const FORMATS = ["table", "wide", "json", "yaml"] as const;
export type Format = (typeof FORMATS)[number];

export const parseFormat = (text: string): Format => {
  const format = FORMATS.find((f) => f === text);
  if (!format)
    throw new UsageError(`--output: "${text}" is not known`, { next: `one of ${FORMATS.join(", ")}` });
  return format;
};

export const isForMachines = (f: Format): f is "json" | "yaml" => f === "json" || f === "yaml";

/** One document of machine-readable output. */
export const renderDocument = async (value: unknown, format: "json" | "yaml"): Promise<string> => {
  if (format === "json") return JSON.stringify(value, null, 2);
  const { stringify } = await import("yaml");
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
};

const NO_BORDERS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "   ",
};

/** Columns as kubectl prints them: no borders, three spaces between, empty cells as `-`. */
export const renderTable = (head: string[], rows: (string | number | undefined)[][]): string => {
  const table = new Table({
    head,
    chars: NO_BORDERS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
  });
  for (const row of rows)
    table.push(row.map((cell) => (cell === undefined || cell === "" ? "-" : String(cell))));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
};
