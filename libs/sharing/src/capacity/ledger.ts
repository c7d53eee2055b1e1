import { addLists, type Amounts, equalLists, NONE, subtractLists, sumLists } from "@tideway/quantity";
import { type CountedNode, OFFERED_LABELS } from "./node.ts";
import type { CountedPod } from "./pod.ts";

/** What this cluster has and what its own pods use of it, on the nodes that peers may use. */
export interface Capacity {
  allocatable: Amounts;
  used: Amounts;
}

/** Nodes that are offered on their own; a node belongs to the first that it matches. */
export interface NodePool {
  name: string;
  nodeSelector: Readonly<Record<string, string>>;
}

/**
 * Keeps the sums up to date as nodes and pods change: an event costs a few additions, whatever the size of the
 * cluster, so that a decision never waits for a scan. Sums are by node pool, "" for the nodes in none.
 */
export interface Ledger {
  node(name: string, now: CountedNode | undefined): void;
  pod(now: CountedPod | undefined, before: CountedPod | undefined): void;
  /** Sorts the nodes into these pools. */
  sort(pools: readonly NodePool[]): void;
  capacity(pool?: string): Capacity;
  /** What the pods of a peer ask for, also on nodes that are not offered; without a pool: on all nodes. */
  usedBy(origin: string, pool?: string): Amounts;
  /** Labels on which all usable nodes agree. */
  labels(pool?: string): Record<string, string>;
  /** Called after capacity changed. */
  onChange(handler: () => void): void;
  /** Called after the pods of a peer changed. */
  onUse(handler: (origin: string) => void): void;
}

const counts = (pod: CountedPod | undefined): pod is CountedPod =>
  pod !== undefined && pod.node !== "" && !pod.ended;

const sameLabels = (a: Record<string, string>, b: Record<string, string>): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => a[k] === b[k]);
};
const sameNode = (a: CountedNode | undefined, b: CountedNode | undefined): boolean =>
  a === b ||
  (a !== undefined &&
    b !== undefined &&
    a.usable === b.usable &&
    equalLists(a.allocatable, b.allocatable) &&
    sameLabels(a.labels, b.labels));

interface Seat {
  node: CountedNode | undefined;
  pool: string;
  /** Requests by origin, "" for this cluster's own pods; known also before the node is. */
  used: Map<string, Amounts>;
}

const poolFor = (node: CountedNode | undefined, pools: readonly NodePool[]): string =>
  (node && pools.find((p) => Object.entries(p.nodeSelector).every(([k, v]) => node.labels[k] === v))?.name) ??
  "";

export const createLedger = (): Ledger => {
  const seats = new Map<string, Seat>();
  const sums = new Map<string, Capacity>();
  const foreign = new Map<string, Amounts>();
  const handlers: (() => void)[] = [];
  const users: ((origin: string) => void)[] = [];
  let pools: readonly NodePool[] = [];

  const changed = (): void => {
    for (const handler of handlers) handler();
  };
  const of = (pool: string): Capacity => sums.get(pool) ?? { allocatable: NONE, used: NONE };
  const keyOf = (origin: string, pool: string): string => `${origin}/${pool}`;

  /** Adds the seat to the sums of its pool, or takes it out. */
  const count = (seat: Seat, how: typeof addLists): void => {
    const { allocatable, used } = of(seat.pool);
    if (seat.node?.usable)
      sums.set(seat.pool, {
        allocatable: how(allocatable, seat.node.allocatable),
        used: how(used, seat.used.get("") ?? NONE),
      });
    for (const [origin, amounts] of seat.used) {
      if (origin === "") continue;
      const key = keyOf(origin, seat.pool);
      foreign.set(key, how(foreign.get(key) ?? NONE, amounts));
    }
  };

  const seatOf = (name: string): Seat => {
    const seat = seats.get(name) ?? { node: undefined, pool: "", used: new Map<string, Amounts>() };
    seats.set(name, seat);
    return seat;
  };

  /** Changes a seat, with the sums following. */
  const change = (name: string, how: (seat: Seat) => void): void => {
    const seat = seatOf(name);
    count(seat, subtractLists);
    how(seat);
    count(seat, addLists);
    if (!seat.node && seat.used.size === 0) seats.delete(name);
  };

  const book = (pod: CountedPod, how: typeof addLists): void =>
    change(pod.node, ({ used }) => {
      const total = how(used.get(pod.origin) ?? NONE, pod.requests);
      if (equalLists(total, NONE)) used.delete(pod.origin);
      else used.set(pod.origin, total);
    });

  return {
    node: (name, now) => {
      if (sameNode(seats.get(name)?.node, now)) return; // a heartbeat
      change(name, (seat) => {
        seat.node = now;
        seat.pool = poolFor(now, pools);
      });
      changed();
    },
    pod: (now, before) => {
      const [is, was] = [counts(now) ? now : undefined, counts(before) ? before : undefined];
      if (is?.node === was?.node && is?.requests === was?.requests && is?.origin === was?.origin) return; // nothing that is counted changed
      if (was) book(was, subtractLists);
      if (is) book(is, addLists);
      const origins = new Set([is?.origin, was?.origin].filter((o) => o !== undefined));
      if (origins.delete("")) changed();
      for (const origin of origins) for (const handler of users) handler(origin);
    },
    sort: (next) => {
      if (JSON.stringify(next) === JSON.stringify(pools)) return;
      pools = next;
      for (const name of seats.keys())
        change(name, (seat) => {
          seat.pool = poolFor(seat.node, pools);
        });
      changed();
    },
    capacity: (pool) => (pool === undefined ? everything(sums) : of(pool)),
    usedBy: (origin, pool) =>
      pool === undefined
        ? sumLists([...foreign].flatMap(([key, a]) => (key.startsWith(`${origin}/`) ? [a] : [])))
        : (foreign.get(keyOf(origin, pool)) ?? NONE),
    labels: (pool = "") => {
      const usable = [...seats.values()].flatMap((s) => (s.node?.usable && s.pool === pool ? [s.node] : []));
      return Object.fromEntries(
        OFFERED_LABELS.flatMap((key) => {
          const value = usable[0]?.labels[key];
          return value !== undefined && usable.every((n) => n.labels[key] === value) ? [[key, value]] : [];
        }),
      );
    },
    onChange: (handler) => void handlers.push(handler),
    onUse: (handler) => void users.push(handler),
  };
};

const everything = (sums: ReadonlyMap<string, Capacity>): Capacity => ({
  allocatable: sumLists([...sums.values()].map((s) => s.allocatable)),
  used: sumLists([...sums.values()].map((s) => s.used)),
});
