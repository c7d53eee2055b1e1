import { type TenantQuota, tenantQuotas } from "@tideway/api";
import { describeError, isConflict, isNotFound } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import type { Amounts } from "@tideway/quantity";
import { type Book, count, openBook, release, reserve, statusOf, written } from "./book.ts";
import { judge } from "./cap.ts";
import type { Account, Holder, Verdict } from "./types.ts";
import { createWaitingRoom, type WaitingRoom } from "./waiting.ts";

export type Op =
  | {
      do: "reserve";
      holder: Holder;
      amounts: Amounts;
      whenRoom: () => void;
      resolve: (v: Verdict) => void;
      reject: (err: unknown) => void;
    }
  /** Never refused, so nobody waits for it: tried until it is written. */
  | { do: "count"; holder: Holder; amounts: Amounts }
  | { do: "release"; holder: Holder }
  /** Somebody else wrote, or the offer changed: read again. */
  | { do: "look" };

/**
 * The counter of one TenantQuota. What is asked while a write is under way is settled by the next write together, so
 * the number of writes follows the API server's pace and not the number of pods.
 */
export interface Desk {
  /** `afterMs`: how long it may wait for company. Default 0. */
  push(op: Op, afterMs?: number): void;
  /** The quota as last read or written; "absent": there is none; undefined: not read yet. */
  readonly book: Book | "absent" | undefined;
  /** The book, read where it was not. */
  open(): Promise<Book | "absent">;
  /** A version that the watch told of. */
  saw(version: string | undefined): void;
  readonly waiting: WaitingRoom;
}

export interface DeskOptions {
  kube: Pick<Kube, "find" | "replace">;
  nowIso: () => string;
  log: Logger;
  signal: AbortSignal;
  /** Called with each state that was read or written. */
  onKnown: (account: Account, quota: Readonly<TenantQuota>) => void;
}

/** After a failure of the API server, ms. */
const RETRY_MS = 500;
/** Versions of our own that are remembered: the watch tells of them within a few writes. */
const REMEMBERED = 256;

export const createDesk = (account: Account, o: DeskOptions): Desk => {
  const { signal } = o;
  const waiting = createWaitingRoom();
  const ours = new Set<string>();
  let foreign: string | undefined;
  let book: Book | "absent" | undefined;
  let queue: Op[] = [];
  let isBusy = false;
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;

  let opening: Promise<Book | "absent"> | undefined;
  const read = async (): Promise<Book | "absent"> => {
    const found = await o.kube.find(tenantQuotas, account.name, account.namespace, { signal });
    if (found) o.onKnown(account, found);
    return (book = found ? openBook(found) : "absent");
  };
  const open = async (): Promise<Book | "absent"> =>
    book ?? (await (opening ??= read().finally(() => (opening = undefined))));

  /** Settles each in memory; answers what to say when that is written. */
  const settle = (b: Book | "absent", ops: readonly Op[]): (() => void)[] =>
    ops.flatMap((op) => {
      if (op.do === "release" && b !== "absent") release(b, op.holder);
      if (op.do === "count" && b !== "absent") count(b, op.holder, op.amounts);
      if (op.do !== "reserve") return [];
      const verdict =
        b === "absent" ? judge(op.amounts, new Map(), undefined) : reserve(b, op.holder, op.amounts);
      if (verdict.granted) waiting.leave(op.holder.uid);
      else waiting.add(op.holder.uid, op.amounts, op.whenRoom);
      return [() => op.resolve(verdict)];
    });

  const write = async (b: Book): Promise<void> => {
    const { name, namespace = "", uid, resourceVersion } = b.quota.metadata;
    const metadata = {
      name,
      namespace,
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
    };
    const status = statusOf(b, o.nowIso());
    const now = await o.kube.replace(
      tenantQuotas,
      { metadata, spec: b.quota.spec, status },
      { subresource: "status", signal },
    );
    ours.add(now.metadata.resourceVersion ?? "");
    if (ours.size > REMEMBERED) for (const first of [...ours].slice(0, REMEMBERED / 2)) ours.delete(first);
    book = written(b, now);
    o.onKnown(account, now);
  };

  const retry = (ops: readonly Op[], err: unknown): void => {
    book = undefined; // whether it was written is not known: read it
    if (isConflict(err) || isNotFound(err)) {
      queue.unshift(...ops); // somebody was quicker
      return;
    }
    for (const op of ops) if (op.do === "reserve") op.reject(err);
    const rest = ops.filter((op) => op.do !== "reserve");
    if (rest.length === 0 || signal.aborted) return;
    o.log.warn(
      { ...account, reason: describeError(err) },
      "what a tenant uses cannot be written; tried again",
    );
    setTimeout(() => rest.forEach((op) => push(op)), RETRY_MS).unref();
  };

  const batch = async (): Promise<void> => {
    const ops = queue;
    queue = [];
    if (ops.some((op) => op.do === "look")) book = undefined;
    try {
      const b = await open();
      const answers = settle(b, ops);
      if (b !== "absent" && b.isChanged) await write(b);
      for (const answer of answers) answer();
    } catch (err) {
      retry(ops, err);
      return;
    }
    if (book && book !== "absent" && waiting.size > 0) waiting.admit(book.used, book.hard);
    if (foreign !== undefined && !ours.has(foreign)) readAgain();
    foreign = undefined;
  };

  const work = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    clearTimeout(timer);
    dueAt = Number.POSITIVE_INFINITY;
    try {
      while (queue.length > 0 && !signal.aborted) await batch();
    } finally {
      isBusy = false;
    }
    if (signal.aborted) abandon();
  };

  /** This process ends: who waits is told, and asks nobody any more. */
  const abandon = (): void => {
    for (const op of queue.splice(0)) if (op.do === "reserve") op.reject(signal.reason);
  };

  const push = (op: Op, afterMs = 0): void => {
    queue.push(op);
    if (isBusy) return;
    if (signal.aborted) return abandon();
    const at = performance.now() + afterMs;
    if (at >= dueAt) return;
    dueAt = at;
    clearTimeout(timer);
    if (afterMs === 0) void work();
    else timer = setTimeout(() => void work(), afterMs).unref();
  };

  const readAgain = (): void => {
    if (waiting.size > 0) push({ do: "look" });
    else book = undefined;
  };

  return {
    push,
    get book() {
      return book;
    },
    open,
    waiting,
    saw: (version) => {
      if (version !== undefined && ours.has(version)) return;
      foreign = version ?? "";
      if (isBusy) return; // it may be the answer that is under way
      foreign = undefined;
      readAgain();
    },
  };
};
