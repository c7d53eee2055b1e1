/** Amounts by resource name: a resource that is not there counts as none, except where the doc says otherwise. */
import { InvalidError, describeError } from "@tideway/errors";
import * as q from "./quantity.ts";
import type { Quantity } from "./quantity.ts";

/** As the API has it. */
export type ResourceList = Record<string, string>;
/** As we count with it. */
export type Amounts = ReadonlyMap<string, Quantity>;

export const NONE: Amounts = new Map();

/** Throws InvalidError naming the resource. */
export const parseList = (list: Readonly<Record<string, string | number>> | undefined): Amounts =>
  new Map(
    Object.entries(list ?? {}).map(([name, text]) => {
      try {
        return [name, q.parse(text)] as const;
      } catch (cause) {
        throw new InvalidError(`${name}: ${describeError(cause)}`, { cause });
      }
    }),
  );

/** Canonical texts, names in order, so that equal amounts give equal objects. */
export const formatList = (amounts: Amounts): ResourceList =>
  Object.fromEntries(
    [...amounts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, amount]) => [name, q.format(amount)]),
  );

export const amountOf = (amounts: Amounts, name: string): Quantity => amounts.get(name) ?? q.ZERO;

const combine = (a: Amounts, b: Amounts, how: (x: Quantity, y: Quantity) => Quantity): Amounts => {
  const out = new Map(a);
  for (const [name, amount] of b) out.set(name, how(amountOf(a, name), amount));
  return out;
};

export const addLists = (a: Amounts, b: Amounts): Amounts => combine(a, b, q.add);
/** May go below zero. */
export const subtractLists = (a: Amounts, b: Amounts): Amounts => combine(a, b, q.subtract);
export const sumLists = (lists: Iterable<Amounts>): Amounts => {
  let sum = NONE;
  for (const list of lists) sum = addLists(sum, list);
  return sum;
};

export const mapList = (a: Amounts, how: (amount: Quantity, name: string) => Quantity): Amounts =>
  new Map([...a].map(([name, amount]) => [name, how(amount, name)]));

/** Each of `a`, at most what `cap` says of it; a resource that `cap` does not name is not capped. */
export const capList = (a: Amounts, cap: Amounts): Amounts =>
  mapList(a, (amount, name) => q.min(amount, cap.get(name) ?? amount));

export const percentOfList = (a: Amounts, percentage: number): Amounts =>
  mapList(a, (amount) => q.percent(amount, percentage));
export const atLeastZeroList = (a: Amounts): Amounts => mapList(a, q.atLeastZero);

/** The larger of both by resource. */
export const maxLists = (a: Amounts, b: Amounts): Amounts => combine(a, b, q.max);

export const equalLists = (a: Amounts, b: Amounts): boolean =>
  [...new Set([...a.keys(), ...b.keys()])].every((name) => q.equal(amountOf(a, name), amountOf(b, name)));

/** The names of what `wanted` asks beyond `available`, in order. */
export const shortfall = (wanted: Amounts, available: Amounts): string[] =>
  [...wanted]
    .filter(([name, amount]) => q.compare(amount, amountOf(available, name)) > 0)
    .map(([name]) => name)
    .toSorted();
