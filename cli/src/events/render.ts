import type { BusEvent } from "@tideway/bus";
import type { Paint } from "../io.ts";
import type { NameOf } from "./history.ts";

export interface Look {
  paint: Paint;
  wide: boolean;
  nameOf: NameOf;
}

const WIDTH = { peer: 14, what: 22 };
/** Fields that the columns say already, or that say nothing to a person. */
const SAID = new Set([
  "clusterId",
  "clusterName",
  "name",
  "state",
  "phase",
  "direction",
  "namespace",
  "serial",
  "pins",
  "labels",
  "outcome",
  "since",
]);
/** A namespace stands where a peer's name does, and a record's key is only its own. */
const KEY_SAYS_NOTHING = new Set(["namespace", "audit"]);
const BAD = /\.(denied|revoked|refused|disconnected|not_ready|draining)$/;
const GOOD = /\.(granted|renewed|accepted|connected|ready|offloaded|present)$/;

export const HEADER = [
  "TIME".padEnd(24),
  "PEER".padEnd(WIDTH.peer),
  "WHAT".padEnd(WIDTH.what),
  "DETAIL",
].join("  ");

/** One line: when, which peer, what happened to which thing, and what the thing says of itself. */
export const renderEvent = (e: BusEvent, look: Look): string => {
  const happened = e.type.slice(e.type.lastIndexOf(".") + 1).replaceAll("_", " ");
  const what = [e.entity, ...(e.key && !KEY_SAYS_NOTHING.has(e.entity) ? [e.key] : []), happened]
    .join(" ")
    .padEnd(WIDTH.what);
  const color = BAD.test(e.type) ? "yellow" : GOOD.test(e.type) ? "green" : "dim";
  const peer = (e.peer === "local" ? (e.key ?? "local") : (look.nameOf(e.peer) ?? e.peer)).padEnd(WIDTH.peer);
  const more = look.wide
    ? [`source=${e.source}`, `id=${e.id}`, ...(e.traceparent ? [`traceparent=${e.traceparent}`] : [])]
    : [];
  return [
    e.time.padEnd(24),
    peer,
    look.paint(color, what),
    [details(e.data), ...more].filter(Boolean).join(" "),
  ]
    .join("  ")
    .trimEnd();
};

/** `reason=NoCapacity cpu=4`: what is set, maps spread, text with spaces in quotes. */
export const details = (data: unknown): string => {
  if (typeof data !== "object" || data === null) return "";
  return Object.entries(data)
    .filter(([name, value]) => !SAID.has(name) && isSaid(value))
    .map(([name, value]) => (isMap(value) ? pairs(value) : `${name}=${quote(value)}`))
    .join(" ");
};

const isMap = (v: unknown): v is Record<string, unknown> =>
  typeof v === "object" && v !== null && !Array.isArray(v);
const isSaid = (v: unknown): boolean =>
  v !== undefined &&
  v !== null &&
  v !== "" &&
  v !== false &&
  v !== 0 &&
  (typeof v !== "object" || Object.keys(v).length > 0);
const pairs = (map: Record<string, unknown>): string =>
  Object.entries(map)
    .map(([name, value]) => `${name}=${quote(value)}`)
    .join(" ");
const quote = (v: unknown): string => {
  const text = typeof v === "string" ? v : JSON.stringify(v);
  return /\s/.test(text) ? JSON.stringify(text) : text;
};
