import type { FactView } from "@tideway/bus";
import type { FactOf } from "@tideway/protos";

type OfferedPool = FactOf["offer"]["pools"][number];

/** `unknown`: nothing is said of it now, so what stands stays. */
export type Given = { nodes: OfferedPool["nodes"] } | "unknown" | "none";

/** Which node pools this cluster gives to a consumer, and on which nodes their pods run, as the negotiator says it. */
export interface Pools {
  of(origin: string, pool: string): Given;
  /** Called when pools came or went, or have other nodes. */
  onChange(handler: (origin: string) => void): void;
}

const STANDING: readonly (string | undefined)[] = ["OFFERED", "ACCEPTED"];
const ENDED: readonly (string | undefined)[] = ["REFUSED", "GONE"];

export const watchPools = (facts: FactView<"offer">): Pools => {
  const poolsOf = (origin: string): readonly OfferedPool[] | undefined => {
    const fact = facts.get(origin, "incoming")?.data;
    if (ENDED.includes(fact?.state)) return [];
    return STANDING.includes(fact?.state) ? fact?.pools : undefined;
  };
  return {
    of: (origin, pool) => {
      const pools = poolsOf(origin);
      if (!pools) return "unknown";
      const found = pools.find((p) => p.name === pool);
      // Without a pool of its own the ledger has the last word.
      return found ?? (pool === "" ? { nodes: [] } : "none");
    },
    onChange: (handler) => {
      const last = new Map<string, string>();
      facts.onChange((f) => {
        if (f.id !== "incoming") return;
        const now = JSON.stringify(poolsOf(f.peer)?.map((p) => [p.name, p.nodes]) ?? "unknown");
        if (last.get(f.peer) === now) return;
        last.set(f.peer, now);
        handler(f.peer);
      });
    },
  };
};
