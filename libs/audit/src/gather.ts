import type { AuditRecord } from "./types.ts";

/** One decision, or several alike. */
export interface Gathered {
  record: AuditRecord;
  count: number;
  /** ms, when the first of them was made. */
  since: number;
}

export interface GatherOptions {
  now(): number;
  /** Calls back after so many ms. */
  after(ms: number, fn: () => void): void;
  emit(g: Gathered): void;
  /** How long alike decisions are counted after the first was told; doubles while they go on. Default 1,000 ms. */
  windowMs?: number;
  /** Longest of these. Default 10,000 ms. */
  maxWindowMs?: number;
  /** Kinds of decisions counted apart at the same time; denials beyond are counted by what was decided. Default 256. */
  kinds?: number;
}

interface Window {
  ms: number;
  counted?: Gathered;
}

const SEVERAL = { clusterName: "several" };

/** Who is not known by anything else is told apart by the address; who has an ID or a key may come from many. */
const whoOf = ({ clusterID, pin, address }: AuditRecord["actor"]): unknown[] =>
  clusterID === undefined && pin === undefined ? [address] : [clusterID, pin];

/** Alike are decisions about one peer and one actor, of one action, outcome and reason. */
const kindOf = ({ peer, actor, action, outcome, reason }: AuditRecord): string =>
  JSON.stringify([peer, whoOf(actor), action, outcome, reason]);

/** One decision too many to be told apart from others: who and what is dropped, that it happened is not. */
const blurred = (r: AuditRecord): AuditRecord => ({
  ...r,
  peer: undefined,
  actor: SEVERAL,
  object: undefined,
});

/**
 * Tells the first of a kind at once, then how many alike there were in a window. So a storm costs a bounded number of
 * records, and the counts add up to what happened.
 */
export const createGatherer = (o: GatherOptions) => {
  const { windowMs = 1_000, maxWindowMs = 10_000, kinds = 256 } = o;
  const windows = new Map<string, Window>();

  const end = (kind: string, w: Window): void => {
    if (windows.get(kind) !== w) return;
    const { counted } = w;
    if (!counted) return void windows.delete(kind);
    delete w.counted;
    w.ms = Math.min(w.ms * 2, maxWindowMs);
    o.emit(counted);
    o.after(w.ms, () => end(kind, w));
  };
  const add = (record: AuditRecord): void => {
    const kind = kindOf(record);
    const w = windows.get(kind);
    const { since, count } = w?.counted ?? { since: o.now(), count: 0 };
    if (w) return void (w.counted = { record, since, count: count + 1 });
    if (windows.size >= kinds && record.outcome === "DENIED" && record.actor !== SEVERAL)
      return add(blurred(record));
    const opened: Window = { ms: windowMs };
    windows.set(kind, opened);
    o.emit({ record, since, count: 1 });
    o.after(windowMs, () => end(kind, opened));
  };
  return {
    add,
    /** Tells what is still counted. */
    flush: (): void => {
      for (const { counted } of windows.values()) if (counted) o.emit(counted);
      windows.clear();
    },
  };
};
