/** World -> Plan for what one peer is offered. Pure: no I/O, no clock, no randomness. */
import {
  type ConditionInput,
  mergeConditions,
  type ResourceOffer,
  type ResourceOfferSpec,
  type ResourceRequest,
  type ResourceRequestStatus,
  setCondition,
  type SharingPolicy,
} from "@tideway/api";
import {
  type Amounts,
  capList,
  equalLists,
  formatList,
  isQuantity,
  isZero,
  amountOf,
  atLeastZeroList,
  NONE,
  parseList,
  shortfall,
  format,
} from "@tideway/quantity";
import type { Capacity } from "../capacity/ledger.ts";
import { available, ESSENTIAL, type Grant, isSteady, limitOf, target } from "../capacity/share.ts";
import { type Asker, judge, type Verdict } from "./policy.ts";

export interface World {
  /** ID of this cluster. */
  clusterID: string;
  peer: Asker;
  /** Namespace of the request and the offer. */
  namespace: string;
  /** Of the peer's identity here; undefined: not told yet, which is no reason to take anything away. */
  identity: "GRANTED" | "DENIED" | "REVOKED" | "GONE" | undefined;
  incomingAllowed: boolean | undefined;
  /** The peer's request as the replicator brought it; undefined: none. */
  request: ResourceRequest | undefined;
  offer: ResourceOffer | undefined;
  policy: SharingPolicy | undefined;
  capacity: Capacity;
  /** Of every peer, this one included. */
  grants: readonly Grant[];
  /** Labels for the virtual node. */
  labels: Record<string, string>;
  storageClasses: NonNullable<ResourceOfferSpec["storageClasses"]>;
  /** RFC 3339. */
  now: string;
}

/** Annotation of an offer: which request and policy it answers. Another basis is answered at once, however small the change. */
export const BASIS = "sharing.tideway.dev/basis";

export type Effect =
  | { do: "applyOffer"; spec: ResourceOfferSpec; basis: string; grant: Grant }
  | { do: "deleteOffer" }
  | { do: "applyRequestStatus"; status: ResourceRequestStatus }
  | { do: "applyOfferStatus"; status: NonNullable<ResourceOffer["status"]> };

export interface Plan {
  effects: Effect[];
  verdict: Verdict | undefined;
}

const NOTHING: Plan = { effects: [], verdict: undefined };
/** Kept for local use when there is no policy, percent. */
const DEFAULT_RESERVE = 30;

const inWords = (amounts: Amounts): string =>
  [...amounts].map(([name, amount]) => `${name} ${format(amount)}`).join(", ") || "nothing";

const readAmounts = (list: Record<string, string> | undefined): Amounts =>
  parseList(Object.fromEntries(Object.entries(list ?? {}).filter(([, text]) => isQuantity(text))));

const basisOf = ({ request, policy }: World): string =>
  [
    request?.metadata.uid,
    request?.metadata.generation,
    policy?.metadata.uid,
    policy?.metadata.generation,
  ].join("/");

interface Share {
  verdict: Verdict;
  /** What is offered; undefined: nothing. */
  amounts: Amounts | undefined;
}

/**
 * A question to a person takes nothing away: what a peer was granted under an earlier rule stands, and does not grow,
 * until somebody says no. So neither a policy with a mistake nor a deleted one drains peers.
 */
const standing = (w: World, verdict: Verdict): Verdict => {
  if (verdict.decision !== "Pending" || !w.offer || w.request?.status?.decision !== "Accepted")
    return verdict;
  const [asked, cap] = [readAmounts(w.request.spec.resources), readAmounts(w.offer.spec.resources)];
  const message = `${verdict.message}; what was granted before stands until then`;
  return { decision: "Accepted", rule: verdict.rule, reason: "GrantedBefore", message, asked, cap };
};

/** What the verdict comes to when capacity is looked at. */
const shareOf = (w: World, verdict: Verdict): Share => {
  if (verdict.decision !== "Accepted") return { verdict, amounts: undefined };
  const reserve = w.policy?.spec.reserve?.percent ?? DEFAULT_RESERVE;
  const limit = limitOf(w.namespace, w.grants, available(w.capacity, reserve));
  const { allocatable } = w.capacity;
  const goal = target({ asked: verdict.asked, cap: verdict.cap, limit, allocatable });
  if (w.offer) {
    // A peer that has an offer keeps one, be it small: taking it away would drain the peer.
    const current = readAmounts(w.offer.spec.resources);
    const same = w.offer.metadata.annotations?.[BASIS] === basisOf(w);
    return { verdict, amounts: same && isSteady(current, goal, { limit, allocatable }) ? current : goal };
  }
  const short = shortfall(capList(verdict.asked, verdict.cap), limit); // beyond the cap is no shortage: the cap is what it gets
  const empty = ESSENTIAL.filter((name) => isZero(amountOf(goal, name)));
  if (short.length === 0 && empty.length === 0) return { verdict, amounts: goal };
  const why =
    short.length > 0
      ? `asks ${inWords(pick(verdict.asked, short))}, free are ${inWords(pick(limit, short))}`
      : `no ${empty.join(", ")} is free`;
  const message = `${verdict.message}, but ${why} (${reserve} % of the cluster is kept for local use)`;
  return {
    verdict: { decision: "Refused", rule: verdict.rule, reason: "NoCapacity", message },
    amounts: undefined,
  };
};

const pick = (amounts: Amounts, names: string[]): Amounts =>
  new Map(names.map((n) => [n, amountOf(amounts, n)]));

const READY: Record<Verdict["decision"], "True" | "False" | "Unknown"> = {
  Accepted: "True",
  Refused: "False",
  Pending: "Unknown",
};

const requestStatus = (w: World, verdict: Verdict): ResourceRequestStatus => {
  const { message } = verdict;
  const ready: ConditionInput = {
    type: "Ready",
    status: READY[verdict.decision],
    reason: verdict.reason,
    message,
  };
  return {
    ...(w.request?.metadata.generation === undefined
      ? {}
      : { observedGeneration: w.request.metadata.generation }),
    decision: verdict.decision,
    rule: verdict.rule,
    reason: message.slice(0, 1024),
    conditions: [setCondition(w.request?.status?.conditions, ready, w.now)],
  };
};

const sameStatus = (a: ResourceRequestStatus | undefined, b: ResourceRequestStatus): boolean =>
  a !== undefined &&
  a.decision === b.decision &&
  a.rule === b.rule &&
  a.reason === b.reason &&
  a.observedGeneration === b.observedGeneration &&
  a.conditions?.[0]?.reason === b.conditions?.[0]?.reason;

const sameOffer = (offer: ResourceOffer | undefined, spec: ResourceOfferSpec, basis: string): boolean =>
  offer !== undefined &&
  offer.metadata.annotations?.[BASIS] === basis &&
  offer.spec.clusterID === spec.clusterID &&
  equalLists(readAmounts(offer.spec.resources), readAmounts(spec.resources)) &&
  JSON.stringify(sorted(offer.spec.labels)) === JSON.stringify(sorted(spec.labels)) &&
  JSON.stringify(offer.spec.storageClasses ?? []) === JSON.stringify(spec.storageClasses ?? []);
const sorted = (o: Record<string, string> = {}): [string, string][] =>
  Object.entries(o).toSorted(([a], [b]) => (a < b ? -1 : 1));

const offerStatus = (w: World): Effect[] => {
  if (!w.offer || !w.request) return [];
  const accepted = w.request.spec.acceptedOffer !== undefined;
  if (!accepted && !w.offer.status?.conditions) return []; // the consumer answers in a moment: one write less
  const ready: ConditionInput = accepted
    ? { type: "Ready", status: "True", reason: "Accepted", message: `${w.peer.name} accepted the offer` }
    : { type: "Ready", status: "Unknown", reason: "Offered", message: `waits for ${w.peer.name} to accept` };
  const before = w.offer.status?.conditions;
  const next = setCondition(before, ready, w.now);
  const old = before?.find((c) => c.type === "Ready");
  if (old?.status === next.status && old.reason === next.reason) return [];
  return [{ do: "applyOfferStatus", status: { conditions: mergeConditions([], [next]) } }];
};

export const decide = (w: World): Plan => {
  const withdraw: Effect[] = w.offer && !w.offer.metadata.deletionTimestamp ? [{ do: "deleteOffer" }] : [];
  if (w.identity === undefined) return NOTHING; // not told yet: absence is not a fact
  if (w.identity !== "GRANTED" || !w.request || w.request.metadata.deletionTimestamp)
    return { effects: withdraw, verdict: undefined };
  const first = judge({
    asker: w.peer,
    request: w.request,
    incomingAllowed: w.incomingAllowed,
    policy: w.policy,
  });
  const { verdict, amounts } = shareOf(w, standing(w, first));
  const status = requestStatus(w, verdict);
  const tell: Effect[] = sameStatus(w.request.status, status) ? [] : [{ do: "applyRequestStatus", status }];
  if (!amounts) return { effects: [...withdraw, ...tell], verdict };
  const spec: ResourceOfferSpec = {
    clusterID: w.clusterID,
    resources: formatList(amounts),
    labels: w.labels,
    storageClasses: w.storageClasses,
  };
  const basis = basisOf(w);
  const grant: Grant = { holder: w.namespace, since: sinceOf(w.request), amounts };
  const offer: Effect[] = sameOffer(w.offer, spec, basis) ? [] : [{ do: "applyOffer", spec, basis, grant }];
  return { effects: [...offer, ...tell, ...offerStatus(w)], verdict };
};

/** A request without a date is the newest of all. */
export const sinceOf = (o: { metadata: { creationTimestamp?: string } } | undefined): string =>
  o?.metadata.creationTimestamp ?? "9999";

/** The grant that an offer in the cache stands for. */
export const grantOf = (offer: ResourceOffer): Grant => ({
  holder: offer.metadata.namespace ?? "",
  since: sinceOf(offer),
  amounts: offer.metadata.deletionTimestamp ? NONE : atLeastZeroList(readAmounts(offer.spec.resources)),
});
