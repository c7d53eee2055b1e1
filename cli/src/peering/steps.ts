import { type Condition, findCondition, type ForeignCluster } from "@tideway/api";
import type { Step } from "../progress.ts";

/** The step that only clusters with the network fabric have. */
export const CONNECTED = "Connected";

/** How a peering comes up: one condition of the ForeignCluster a step, and the service that owns it. */
export const PEERING = [
  { id: "Reachable", title: "discovered", service: "discovery" },
  { id: "Authenticated", title: "authenticated", service: "auth" },
  { id: "Negotiated", title: "negotiated", service: "negotiator" },
  { id: "Virtualised", title: "node ready", service: "virtual-kubelet" },
  // Only where there is a network fabric, which says so by the condition: who has none does not wait for it.
  { id: "Connected", title: "connected", service: "network-manager", optional: true },
] as const satisfies (Step & { service: string })[];

export interface StepState {
  id: string;
  service: string;
  done: boolean;
  /** Why it is not done, as far as its service has said; how it was done otherwise. */
  text: string;
  reason?: string;
}

const sameSaying = (a: Condition, b: Condition): boolean =>
  a.reason === b.reason && a.message === b.message && a.lastTransitionTime === b.lastTransitionTime;

/** What stood there before the peering was asked for, or speaks of an older spec, says nothing about it. */
const isCurrent = (now: ForeignCluster, before: ForeignCluster | undefined, c: Condition): boolean => {
  if (c.status === "True") return true;
  if ((c.observedGeneration ?? Infinity) < (now.metadata.generation ?? 0)) return false;
  const old = findCondition(before?.status?.conditions, c.type);
  return !old || !sameSaying(old, c);
};

/** `before`: the object as it was when the peering was asked for. */
export const peeringSteps = (
  fc: Readonly<ForeignCluster> | undefined,
  before?: Readonly<ForeignCluster>,
): StepState[] =>
  PEERING.flatMap(({ id, service }) => {
    const c = findCondition(fc?.status?.conditions, id);
    if (!c && id === CONNECTED) return [];
    if (!fc || !c || !isCurrent(fc, before, c)) return { id, service, done: false, text: "" };
    const done = c.status === "True";
    return { id, service, done, text: done ? c.message : `${c.reason}: ${c.message}`, reason: c.reason };
  });

export const isPeered = (steps: StepState[]): boolean => steps.every((s) => s.done);

/** The first step that is not done: what the peering waits for. */
export const openStep = (steps: StepState[]): StepState | undefined => steps.find((s) => !s.done);
