import { addLists, type Amounts, equalLists, NONE, subtractLists } from "@tideway/quantity";
import { type CountedNode, OFFERED_LABELS } from "./node.ts";
import type { CountedPod } from "./pod.ts";

/** What this cluster has and what its own pods use of it, on the nodes that peers may use. */
export interface Capacity {
  allocatable: Amounts;
  used: Amounts;
}

/**
 * Keeps the sums up to date as nodes and pods change: an event costs a few additions, whatever the size of the
 * cluster, so that a decision never waits for a scan.
 */
export interface Ledger {
  node(name: string, now: CountedNode | undefined): void;
  pod(now: CountedPod | undefined, before: CountedPod | undefined): void;
  capacity(): Capacity;
  /** Labels on which all usable nodes agree. */
  labels(): Record<string, string>;
  /** Called after the sums changed. */
  onChange(handler: () => void): void;
}

const counts = (pod: CountedPod | undefined): pod is CountedPod =>
  pod !== undefined && pod.node !== "" && !pod.foreign && !pod.ended;

const sameNode = (a: CountedNode | undefined, b: CountedNode | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.usable === b.usable &&
    equalLists(a.allocatable, b.allocatable) &&
    OFFERED_LABELS.every((k) => a.labels[k] === b.labels[k]));

export const createLedger = (): Ledger => {
  const nodes = new Map<string, CountedNode>();
  /** Requests by node, known for every node: a pod may be seen before its node. */
  const usedOn = new Map<string, Amounts>();
  const handlers: (() => void)[] = [];
  let allocatable: Amounts = NONE;
  let used: Amounts = NONE;

  const changed = (): void => {
    for (const handler of handlers) handler();
  };

  const book = (node: string, amounts: Amounts, how: typeof addLists): void => {
    const total = how(usedOn.get(node) ?? NONE, amounts);
    if (equalLists(total, NONE)) usedOn.delete(node);
    else usedOn.set(node, total);
    if (nodes.get(node)?.usable) used = how(used, amounts);
  };

  return {
    node: (name, now) => {
      const before = nodes.get(name);
      if (sameNode(before, now)) return; // a heartbeat
      if (before?.usable) {
        allocatable = subtractLists(allocatable, before.allocatable);
        used = subtractLists(used, usedOn.get(name) ?? NONE);
      }
      if (now?.usable) {
        allocatable = addLists(allocatable, now.allocatable);
        used = addLists(used, usedOn.get(name) ?? NONE);
      }
      if (now) nodes.set(name, now);
      else nodes.delete(name);
      changed();
    },
    pod: (now, before) => {
      const [is, was] = [counts(now) ? now : undefined, counts(before) ? before : undefined];
      if (is?.node === was?.node && is?.requests === was?.requests) return; // nothing that is counted changed
      if (was) book(was.node, was.requests, subtractLists);
      if (is) book(is.node, is.requests, addLists);
      changed();
    },
    capacity: () => ({ allocatable, used }),
    labels: () => {
      const usable = [...nodes.values()].filter((n) => n.usable);
      return Object.fromEntries(
        OFFERED_LABELS.flatMap((key) => {
          const value = usable[0]?.labels[key];
          return value !== undefined && usable.every((n) => n.labels[key] === value) ? [[key, value]] : [];
        }),
      );
    },
    onChange: (handler) => void handlers.push(handler),
  };
};
