import { findCondition, type ForeignCluster } from "@tideway/api";

/** How a peering is taken down: backwards, each step over when its condition is no longer True. */
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

/** `stays`: the ForeignCluster is kept, because the peer goes on using this cluster. */
export const teardownSteps = (fc: Readonly<ForeignCluster> | undefined, stays: boolean): TeardownState => {
  if (!fc) return { over: TEARDOWN.map((s) => s.id) };
  const over: string[] = [];
  for (const { id } of TEARDOWN) {
    if (id === "gone") break;
    const c = findCondition(fc.status?.conditions, id);
    if (c?.status === "True") return { over, waitingFor: { id, text: `${c.reason}: ${c.message}` } };
    over.push(id);
  }
  if (stays) return { over: [...over, "gone"] };
  const left = fc.metadata.finalizers?.join(", ");
  return { over, waitingFor: { id: "gone", text: left ? `finalizer ${left}` : "" } };
};
