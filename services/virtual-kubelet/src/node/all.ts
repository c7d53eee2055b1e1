/** The nodes of one provider together. Pure. */
import type { VirtualNode } from "@tideway/api";
import { givenPools, type Plan, type World } from "./decide.ts";

/** Pools there is something to do for: those that are given, and those of which a node stands. */
export const poolsOf = (offer: World["offer"], standing: readonly Readonly<VirtualNode>[]): string[] => {
  const given = givenPools(offer)?.map((p) => p.name) ?? [];
  const all = new Set([...standing.map((v) => v.spec.pool ?? ""), ...given]);
  // Without any, there is the provider: a connection to open, or something left to take down.
  return all.size === 0 ? [""] : [...all].toSorted();
};

/** Whether pods may be bound to the node. */
export const hasNode = (plan: Plan): boolean =>
  plan.effects.some((e) => e.do === "virtualNode" || e.do === "node" || e.do === "evict");

export interface Whole {
  connect: boolean;
  /** Nothing of the provider is left when the plans are carried out. */
  ends: boolean;
  fact: Plan["fact"];
  condition: Plan["condition"];
  recheckMs: number | undefined;
}

const ORDER = ["NOT_READY", "READY", "DRAINING", "GONE"] as const;

/** One word for all nodes: the provider is gone with its last one, and ready while one is and none is not. */
export const wholeOf = (plans: readonly Plan[]): Whole => {
  const speaker = ORDER.flatMap((state) => plans.find((p) => p.fact?.state === state) ?? [])[0];
  const isReady = speaker?.fact?.state === "READY";
  const bad = plans.find((p) => p.condition && p.condition.status !== "True" && p.fact?.state !== "GONE");
  const said = isReady ? (bad ?? speaker) : (speaker ?? bad);
  const messages = plans
    .filter((p) => p === said || p.fact?.state !== "GONE")
    .flatMap((p) => p.condition?.message ?? []);
  const times = plans.flatMap((p) => p.recheckMs ?? []);
  return {
    connect: plans.some((p) => p.connect),
    ends: plans.every((p) => p.effects.some((e) => e.do === "remove") || p.fact?.state === "GONE"),
    fact: speaker?.fact,
    condition: said?.condition && {
      ...said.condition,
      ...(isReady ? { status: "True" as const } : {}),
      message: [...new Set(messages)].join("; "),
    },
    recheckMs: times.length === 0 ? undefined : Math.min(...times),
  };
};
