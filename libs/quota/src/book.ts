import {
  type ConditionInput,
  findCondition,
  setCondition,
  type TenantQuota,
  type TenantQuotaStatus,
} from "@tideway/api";
import {
  addLists,
  type Amounts,
  equalLists,
  formatList,
  isZero,
  mapList,
  NONE,
  parseList,
  shortfall,
  subtractLists,
} from "@tideway/quantity";
import { judge } from "./cap.ts";
import { type Meter, meterAt } from "./meter.ts";
import type { Holder, HolderKind, Verdict } from "./types.ts";

/** Holders that hold the same. Pods of one Deployment are one entry, whatever their number. */
interface Entry {
  kind: HolderKind;
  amounts: Amounts;
  uids: Set<string>;
}

/** A TenantQuota opened for counting: what was read, and what has been changed since. */
export interface Book {
  /** As it was read or last written. */
  readonly quota: Readonly<TenantQuota>;
  readonly hard: Amounts;
  used: Amounts;
  entries: Map<string, Entry>;
  holders: Map<string, Entry>;
  /** Something has to be written. */
  isChanged: boolean;
}

const nameOf = ({ kind, uid }: Holder): string => `${kind}/${uid}`;
const withoutZeros = (amounts: Amounts): Amounts => new Map([...amounts].filter(([, a]) => !isZero(a)));

const enter = (book: Book, holder: Holder, amounts: Amounts): void => {
  const key = `${holder.kind} ${JSON.stringify(formatList(amounts))}`;
  const entry = book.entries.get(key) ?? { kind: holder.kind, amounts, uids: new Set<string>() };
  book.entries.set(key, entry);
  entry.uids.add(holder.uid);
  book.holders.set(nameOf(holder), entry);
  book.used = addLists(book.used, amounts);
};

const readiness = (book: Book): ConditionInput => {
  const over = shortfall(book.used, book.hard).filter((name) => book.hard.has(name));
  if (over.length === 0)
    return {
      type: "Ready",
      status: "True",
      reason: "WithinOffer",
      message: "what is used is within the offer",
    };
  const message = `more is used than is offered now: ${over.join(", ")}; what runs goes on, nothing is added`;
  return { type: "Ready", status: "False", reason: "OverOffer", message };
};

export const openBook = (quota: Readonly<TenantQuota>): Book => {
  const book: Book = {
    quota,
    hard: parseList(quota.spec.hard),
    used: NONE,
    entries: new Map(),
    holders: new Map(),
    isChanged: false,
  };
  for (const { kind, amounts, uids } of quota.status?.holders ?? []) {
    const each = parseList(amounts);
    for (const uid of uids.split("\n")) if (uid) enter(book, { kind, uid }, each);
  }
  // The sum is of those who are listed, whatever was written beside them; the offer may have changed since.
  book.isChanged =
    !equalLists(book.used, parseList(quota.status?.used)) ||
    findCondition(quota.status?.conditions, "Ready")?.reason !== readiness(book).reason;
  return book;
};

export const holds = (book: Book, holder: Holder): boolean => book.holders.has(nameOf(holder));
export const holdersOf = (book: Book, kind: HolderKind): string[] =>
  [...book.entries.values()].filter((e) => e.kind === kind).flatMap((e) => [...e.uids]);

/** Holds the amounts, cap or no cap: what is there already is counted. Twice is as once. */
export const count = (book: Book, holder: Holder, amounts: Amounts): void => {
  if (holds(book, holder)) return;
  enter(book, holder, withoutZeros(amounts));
  book.isChanged = true;
};

/** Whether anything was held. */
export const release = (book: Book, holder: Holder): boolean => {
  const entry = book.holders.get(nameOf(holder));
  if (!entry) return false;
  book.holders.delete(nameOf(holder));
  entry.uids.delete(holder.uid);
  book.used = subtractLists(book.used, entry.amounts);
  book.isChanged = true;
  return true;
};

/** All of the amounts or nothing. Who holds already goes on to; other amounts take the place of what it held, where they fit. */
export const reserve = (book: Book, holder: Holder, amounts: Amounts): Verdict => {
  const before = book.holders.get(nameOf(holder))?.amounts;
  if (before && equalLists(before, amounts)) return { granted: true, heldBefore: true };
  if (before) release(book, holder);
  const verdict = judge(amounts, book.used, book.hard);
  const next = verdict.granted ? amounts : before;
  if (next) count(book, holder, next);
  return verdict.granted && before ? { ...verdict, heldBefore: true } : verdict;
};

/** The same resources as before are told, also when nothing of them is left: a table keeps its columns. */
const told = (book: Book): Amounts =>
  addLists(
    mapList(book.hard, (amount) => ({ ...amount, nanos: 0n })),
    withoutZeros(book.used),
  );

export const meterOf = (quota: Readonly<TenantQuota>, now: string): Meter =>
  meterAt(quota.status?.meter, parseList(quota.status?.used), now);

/** What is to be written for the book as it is now. */
export const statusOf = (book: Book, now: string): TenantQuotaStatus => ({
  ...(book.quota.metadata.generation === undefined
    ? {}
    : { observedGeneration: book.quota.metadata.generation }),
  conditions: [setCondition(book.quota.status?.conditions, readiness(book), now)],
  used: formatList(told(book)),
  holders: [...book.entries.values()]
    .filter(({ uids }) => uids.size > 0)
    .map(({ kind, amounts, uids }) => ({
      kind,
      amounts: formatList(amounts),
      count: uids.size,
      uids: [...uids].join("\n"),
    })),
  meter: meterOf(book.quota, now),
});

/** The book after it was written as `quota`. */
export const written = (book: Book, quota: Readonly<TenantQuota>): Book => {
  for (const [key, { uids }] of book.entries) if (uids.size === 0) book.entries.delete(key);
  return { ...book, quota, hard: parseList(quota.spec.hard), isChanged: false };
};
