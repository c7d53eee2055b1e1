import { type Condition, findCondition, type ForeignCluster } from "@tideway/api";
import type { Step } from "../progress.ts";

/** How a peering comes up: one condition of the ForeignCluster a step, and the service that owns it. */
export const PEERING = [
  { id: "Reachable", title: "discovered", service: "discovery" },
  { id: "Authenticated", title: "authenticated", service: "auth" },
  { id: "Negotiated", title: "negotiated", service: "negotiator" },
  { id: "Virtualised", title: "node ready", service: "virtual-kubelet" },
] as const satisfies (Step & { service: string })[];

export interface StepState {
  id: string;
  service: string;
  done: boolean;
  /** Why it is not done, as far as its service has said; how it was done otherwise. */
  text: string;
  reason?: string;
}

/** A condition that speaks of an older spec says nothing about what was just asked. */
const isCurrent = (fc: ForeignCluster, c: Condition): boolean =>
  c.status === "True" ||
  c.observedGeneration === undefined ||
  c.observedGeneration >= (fc.metadata.generation ?? 0);

export const peeringSteps = (fc: Readonly<ForeignCluster> | undefined): StepState[] =>
  PEERING.map(({ id, service }) => {
    const c = findCondition(fc?.status?.conditions, id);
    if (!fc || !c || !isCurrent(fc, c)) return { id, service, done: false, text: "" };
    const done = c.status === "True";
    return { id, service, done, text: done ? c.message : `${c.reason}: ${c.message}`, reason: c.reason };
  });

export const isPeered = (steps: StepState[]): boolean => steps.every((s) => s.done);

/** The first step that is not done: what the peering waits for. */
export const openStep = (steps: StepState[]): StepState | undefined => steps.find((s) => !s.done);
