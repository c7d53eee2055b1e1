/** What stands in statuses, and whether an offer already says what it should. Pure. */
import {
  type ConditionInput,
  mergeConditions,
  type ResourceOffer,
  type ResourceOfferSpec,
  type ResourceRequest,
  type ResourceRequestStatus,
  setCondition,
} from "@tideway/api";
import type { Verdict } from "@tideway/sharing";
import { isDeepStrictEqual } from "node:util";
import type { Effect, World } from "./decide.ts";

const READY: Record<Verdict["decision"], "True" | "False" | "Unknown"> = {
  Accepted: "True",
  Refused: "False",
  Pending: "Unknown",
};
const MAX_REASON = 1024;

export const requestStatus = (
  request: ResourceRequest,
  verdict: Verdict,
  pools: readonly { name: string; verdict: Verdict }[],
  now: string,
): ResourceRequestStatus => {
  const { message } = verdict;
  const ready: ConditionInput = {
    type: "Ready",
    status: READY[verdict.decision],
    reason: verdict.reason,
    message,
  };
  return {
    ...(request.metadata.generation === undefined ? {} : { observedGeneration: request.metadata.generation }),
    decision: verdict.decision,
    rule: verdict.rule,
    reason: message.slice(0, MAX_REASON),
    ...(pools.length === 0
      ? {}
      : {
          pools: pools.map(({ name, verdict: v }) => ({
            name,
            decision: v.decision,
            rule: v.rule,
            reason: v.message.slice(0, MAX_REASON),
          })),
        }),
    conditions: [setCondition(request.status?.conditions, ready, now)],
  };
};

export const sameStatus = (a: ResourceRequestStatus | undefined, b: ResourceRequestStatus): boolean =>
  a !== undefined &&
  a.decision === b.decision &&
  a.rule === b.rule &&
  a.reason === b.reason &&
  a.observedGeneration === b.observedGeneration &&
  isDeepStrictEqual(a.pools ?? [], b.pools ?? []) &&
  a.conditions?.[0]?.reason === b.conditions?.[0]?.reason;

/** At half its validity; a validity that was made shorter counts from now on. */
export const isRenewalDue = (offer: ResourceOffer | undefined, validForMs: number, now: string): boolean => {
  const leftMs = offer?.spec.expiresAt ? Date.parse(offer.spec.expiresAt) - Date.parse(now) : 0;
  return !(leftMs > validForMs / 2 && leftMs <= validForMs);
};

/** Absent and empty are the same. */
const plain = (spec: ResourceOfferSpec): object => ({
  ...spec,
  labels: spec.labels ?? {},
  storageClasses: spec.storageClasses ?? [],
  ingressClasses: spec.ingressClasses ?? [],
});
export const sameOffer = (offer: ResourceOffer | undefined, spec: ResourceOfferSpec): boolean =>
  offer !== undefined && isDeepStrictEqual(plain(offer.spec), plain(spec));

export const offerStatus = (w: World, offer: ResourceOffer | undefined, accepted: boolean): Effect[] => {
  if (!offer) return [];
  if (!accepted && !offer.status?.conditions) return []; // the consumer answers in a moment: one write less
  const ready: ConditionInput = accepted
    ? { type: "Ready", status: "True", reason: "Accepted", message: `${w.peer.name} accepted the offer` }
    : { type: "Ready", status: "Unknown", reason: "Offered", message: `waits for ${w.peer.name} to accept` };
  const before = offer.status?.conditions;
  const next = setCondition(before, ready, w.now);
  const old = before?.find((c) => c.type === "Ready");
  if (old?.status === next.status && old.reason === next.reason) return [];
  const status = { conditions: mergeConditions([], [next]) };
  return [{ do: "applyOfferStatus", name: offer.metadata.name, status }];
};
