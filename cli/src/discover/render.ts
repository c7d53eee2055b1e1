import { formatDuration } from "../duration.ts";
import type { Paint } from "../io.ts";
import { renderTable } from "../output.ts";
import type { Discovered, Verdict } from "./model.ts";

export interface Look {
  paint: Paint;
  wide: boolean;
}

export const HEAD = ["NAME", "ID", "FOUND", "ENDPOINT", "PIN", "TTL", "VERDICT", "PEERED"];

const COLORS: Record<Verdict, "green" | "yellow" | "red" | "dim"> = {
  join: "green",
  ask: "yellow",
  never: "dim",
  decided: "green",
  conflict: "red",
  unknown: "dim",
};
/** So much of an ID and of a pin tells clusters apart; all of it with `-o wide`. */
const ID_CHARS = 8;
const PIN_CHARS = 15;

export const rowOf = (d: Discovered, { paint, wide }: Look): string[] => {
  const left = Math.max(0, ...d.found.map((f) => f.secondsLeft));
  return [
    d.name,
    wide ? d.clusterID : d.clusterID.slice(0, ID_CHARS),
    d.found.map((f) => `${f.way} ${f.domain}`).join(", "),
    d.endpoint,
    d.pins.map((p) => (wide ? p : p.slice(0, PIN_CHARS))).join(", "),
    d.found.length === 0 ? "" : left === 0 ? "over" : formatDuration(left * 1000),
    paint(COLORS[d.verdict], d.verdict),
    d.peered ? paint("green", "yes") : "no",
  ];
};

/** Why, for what a person may want to act on. */
const notes = (list: readonly Discovered[]): string[] =>
  list.filter((d) => d.verdict !== "join" && d.reason !== "").map((d) => `  ${d.name}: ${d.reason}`);

export const renderDiscovered = (list: readonly Discovered[], look: Look): string => {
  if (list.length === 0)
    return "no cluster was found; see docs/guides/discovery.md for mDNS (component discovery-mdns) and SearchDomains";
  const table = renderTable(
    HEAD,
    list.map((d) => rowOf(d, look)),
  );
  return [table, ...notes(list)].join("\n");
};
