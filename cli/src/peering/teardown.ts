import { type Condition, findCondition, type ForeignCluster } from "@tideway/api";

/** How a peering is taken down: backwards, each step over when its service says so. */
export const TEARDOWN = [
  { id: "Virtualised", title: "node drained and removed" },
  { id: "Negotiated", title: "capacity given back" },
  { id: "Authenticated", title: "identity released" },
  { id: "gone", title: "nothing left here" },
] as const;

export interface TeardownState {
  /** Steps that are over. */
  over: string[];
  /** What the first open step says of itself. */
  waitingFor?: { id: string; text: string };
}

/** On its way, although no longer true. */
const LEAVING = new Set(["Draining", "Releasing"]);

/** A service takes its condition back, or says False, when nothing of its own is left. */
const isOver = (c: Condition | undefined): boolean => !c || (c.status === "False" && !LEAVING.has(c.reason));

export const teardownSteps = (fc: Readonly<ForeignCluster> | undefined): TeardownState => {
  if (!fc) return { over: TEARDOWN.map((s) => s.id) };
  const over: string[] = [];
  for (const { id } of TEARDOWN) {
    if (id === "gone") break;
    const c = findCondition(fc.status?.conditions, id);
    if (c && !isOver(c))
      return { over, waitingFor: { id, text: c.status === "True" ? "" : `${c.reason}: ${c.message}` } };
    over.push(id);
  }
  const left = fc.metadata.finalizers?.join(", ");
  return { over, waitingFor: { id: "gone", text: left ? `finalizer ${left}` : "" } };
};
