import { type Amounts, amountOf, toNumber } from "@tideway/quantity";
import { renderTable } from "../output.ts";
import { formatQuantity, parseQuantity } from "../quantity.ts";
import type { Usage } from "./meters.ts";

const GIB = 2 ** 30;
const inGiB = /memory|storage/;
const round = (n: number): string => String(Math.round(n * 1000) / 1000);
const hoursOf = (hours: Amounts, name: string): string => {
  const n = toNumber(amountOf(hours, name));
  return round(inGiB.test(name) ? n / GIB : n);
};

/** `7/8`, as kubectl prints quotas. */
export const usedOf = (
  name: string,
  used: Readonly<Record<string, string>>,
  hard: Readonly<Record<string, string>>,
): string | undefined => {
  if (used[name] === undefined && hard[name] === undefined) return undefined;
  const text = (q: string | undefined): string =>
    q === undefined ? "-" : formatQuantity(name, parseQuantity(q));
  return `${text(used[name] ?? "0")}/${text(hard[name])}`;
};

const COLUMNS = [
  ["CPU-HOURS", "cpu"],
  ["MEMORY-GiB-HOURS", "memory"],
  ["POD-HOURS", "pods"],
  ["STORAGE-GiB-HOURS", "requests.storage"],
] as const;
const KNOWN = new Set<string>(COLUMNS.map(([, name]) => name));

export const renderUsage = (list: readonly Usage[], wide: boolean): string => {
  const others = wide
    ? [...new Set(list.flatMap((u) => [...u.hours.keys()]))].filter((name) => !KNOWN.has(name)).toSorted()
    : [];
  return renderTable(
    [
      "PEER",
      "SINCE",
      ...COLUMNS.map(([title]) => title),
      ...others.map((name) => `${name}-HOURS`),
      "CPU NOW",
      "PODS NOW",
    ],
    list.map((u) => [
      u.peer,
      u.since.replace(/\.\d+Z$/, "Z"),
      ...[...KNOWN, ...others].map((name) => hoursOf(u.hours, name)),
      usedOf("cpu", u.used, u.hard),
      usedOf("pods", u.used, u.hard),
    ]),
  );
};
