import type { FactView } from "@tideway/bus";
import type { OfferedClass } from "./decide.ts";

/** A storage class that a consumer may use, and how much of it. */
export interface OfferedStorage extends OfferedClass {
  /** Kubernetes quantity; absent: no bound. */
  capacity?: string;
}

/** What this cluster offers to consumers, as the negotiator says it. */
export interface Offers {
  /** Undefined while nothing is known; empty where no class is offered. */
  of(origin: string): readonly OfferedStorage[] | undefined;
  onChange(handler: (origin: string) => void): void;
}

/** The classes of all pools: a claim does not know of which node its pod will be. */
export const watchOffers = (facts: FactView<"offer">): Offers => ({
  of: (origin) => {
    const fact = facts.get(origin, "incoming")?.data;
    if (!fact) return undefined;
    const classes = fact.pools.flatMap((p) => p.storageClasses);
    return [...new Map(classes.map((c) => [c.name, c])).values()];
  },
  onChange: (handler) => {
    facts.onChange((f) => f.id === "incoming" && handler(f.peer));
  },
});
