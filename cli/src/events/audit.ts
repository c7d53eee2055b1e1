import type { BusEvent } from "@tideway/bus";
import type { FactOf } from "@tideway/protos";
import type { Look } from "./render.ts";

const WIDTH = { time: 24, peer: 14, outcome: 8, action: 16, object: 24 };
const row = (cells: Record<keyof typeof WIDTH, string>): string[] =>
  (Object.keys(WIDTH) as (keyof typeof WIDTH)[]).map((c) => cells[c].padEnd(WIDTH[c]));

export const HEADER = [
  ...row({ time: "TIME", peer: "PEER", outcome: "OUTCOME", action: "ACTION", object: "OBJECT" }),
  "WHY",
].join("  ");

const COLOR = {
  GRANTED: "green",
  RENEWED: "green",
  DENIED: "yellow",
  REVOKED: "yellow",
  ENDED: "dim",
} as const;

/** `x 12 since 12:00:00.000Z`: how many alike a record stands for. */
const timesOf = ({ count, since }: Partial<FactOf["audit"]>): string =>
  count && count > 1 ? ` (x ${count} since ${since?.slice(11) ?? "?"})` : "";

/** One line: when, whose, what was decided about what, why, and in `wide` who it was. */
export const renderRecord = (e: BusEvent, look: Look): string => {
  const r = (typeof e.data === "object" && e.data !== null ? e.data : {}) as Partial<FactOf["audit"]>;
  const outcome = r.outcome ?? "ENDED";
  const unknown = r.actorName || r.actorId ? `(${r.actorName || r.actorId})` : "(unknown)";
  const [time = "", peer = "", what = "", ...rest] = row({
    time: e.time,
    peer: e.peer === "unknown" ? unknown : (look.nameOf(e.peer) ?? e.peer),
    outcome: r.outcome?.toLowerCase() ?? "?",
    action: r.action ?? "?",
    object: r.object || "-",
  });
  const who = [
    `service=${e.source.slice(e.source.lastIndexOf("/") + 1)}`,
    ...(["actorId", "actorName", "actorAddress", "actorPin"] as const).flatMap((f) =>
      r[f] ? [`${f}=${r[f]}`] : [],
    ),
  ];
  const why = `${r.reason ?? ""}: ${r.message ?? ""}${timesOf(r)}`;
  return [
    time,
    peer,
    look.paint(COLOR[outcome], what),
    ...rest,
    [why, ...(look.wide ? who : [])].join(" "),
  ].join("  ");
};
