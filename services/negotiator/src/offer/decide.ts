/** World -> Plan for what one peer is offered. Pure: no I/O, no clock, no randomness. */
import {
  offerName,
  type ResourceOffer,
  type ResourceOfferSpec,
  type ResourceRequest,
  type ResourceRequestStatus,
} from "@tideway/api";
import { type Amounts, atLeastZeroList, formatList, isQuantity, NONE, parseList } from "@tideway/quantity";
import {
  answer,
  askedOf,
  type Asker,
  type Capacity,
  type Grant,
  type Policy,
  type Question,
  termsOf,
  type Verdict,
} from "@tideway/sharing";
import { isRenewalDue, offerStatus, requestStatus, sameOffer, sameStatus } from "./state.ts";
import { type Course, courseOf } from "./withdraw.ts";

/** One node pool and what the peer has of it. */
export interface PoolWorld {
  /** "" for the nodes in none. */
  name: string;
  offer: ResourceOffer | undefined;
  capacity: Capacity;
  /** What the peer's pods hold on its nodes. */
  used: Amounts;
  /** Labels on which its nodes agree. */
  labels: Record<string, string>;
}

export interface World {
  /** ID of this cluster. */
  clusterID: string;
  peer: Asker;
  /** Namespace of the request and the offers. */
  namespace: string;
  /** Of the peer's identity here; undefined: not told yet, which is no reason to take anything away. */
  identity: "GRANTED" | "DENIED" | "REVOKED" | "GONE" | undefined;
  incomingAllowed: boolean | undefined;
  /** The peer's request as the replicator brought it; undefined: none. */
  request: ResourceRequest | undefined;
  policy: Policy | undefined;
  pools: readonly PoolWorld[];
  /** Of every peer, this one included. */
  grants: readonly Grant[];
  /** RFC 3339. */
  now: string;
}

/** Annotation of an offer: which request and policy it answers. Another basis is answered at once, however small the change. */
export const BASIS = "sharing.tideway.dev/basis";

export type Effect =
  | { do: "applyOffer"; name: string; spec: ResourceOfferSpec; basis: string; grant: Grant }
  | { do: "deleteOffer"; name: string; why: string }
  | { do: "applyRequestStatus"; status: ResourceRequestStatus }
  | { do: "applyOfferStatus"; name: string; status: NonNullable<ResourceOffer["status"]> };

export interface Plan {
  effects: Effect[];
  verdict: Verdict | undefined;
  recheckMs?: number;
}

interface PoolPlan {
  name: string;
  verdict: Verdict;
  effects: Effect[];
  recheckMs: number;
}

const NEVER = Number.POSITIVE_INFINITY;
const MINUTE_MS = 60_000;

export const readAmounts = (list: Record<string, string> | undefined): Amounts =>
  parseList(Object.fromEntries(Object.entries(list ?? {}).filter(([, text]) => isQuantity(text))));

const basisOf = ({ request, policy }: World): string =>
  [request?.metadata.uid, request?.metadata.generation, policy?.uid, policy?.generation].join("/");

const isGoing = (o: ResourceOffer | undefined): boolean => o?.metadata.deletionTimestamp !== undefined;

const questionOf = (
  w: World,
  request: ResourceRequest,
  p: PoolWorld,
  grants: readonly Grant[],
): Question => ({
  asker: w.peer,
  request,
  incomingAllowed: w.incomingAllowed,
  policy: w.policy,
  pool: p.name,
  now: w.now,
  holder: `${w.namespace}/${offerName(p.name)}`,
  capacity: p.capacity,
  grants,
  current: p.offer && {
    amounts: readAmounts(p.offer.spec.resources),
    // While something is taken back, what stands is not what is meant to stand.
    sameBasis: p.offer.metadata.annotations?.[BASIS] === basisOf(w) && !p.offer.spec.withdrawal,
  },
  before: p.name === "" ? request.status?.decision : poolStatus(request, p.name)?.decision,
});

const poolStatus = (request: ResourceRequest, pool: string) =>
  request.status?.pools?.find((p) => p.name === pool);

const timesFor = ({ policy, peer }: World) =>
  policy?.withdrawals.find((x) => [peer.id, peer.name, peer.clusterName].includes(x.peer)) ??
  policy?.withdrawal ?? { cordonForMs: 30_000, deadlineMs: 300_000 };

const acceptedGeneration = (request: ResourceRequest, name: string): number | undefined =>
  [request.spec.acceptedOffer, ...(request.spec.acceptedPools ?? [])].find((a) => a?.name === name)
    ?.generation;

const coursed = (
  w: World,
  request: ResourceRequest,
  p: PoolWorld,
  wanted: Amounts | undefined,
  why: string,
) =>
  p.offer &&
  courseOf({
    offer: p.offer,
    current: readAmounts(p.offer.spec.resources),
    wanted,
    why,
    used: p.used,
    times: timesFor(w),
    acknowledged: acceptedGeneration(request, p.offer.metadata.name) === p.offer.metadata.generation,
    newBasis: p.offer.metadata.annotations?.[BASIS] !== basisOf(w),
    now: w.now,
  });

/** Of a peer without an offer. */
interface First {
  do: "offer";
  amounts: Amounts | undefined;
  withdrawal?: undefined;
  recheckMs?: undefined;
}

/** The refusal is said when the offer has ended: until then its pods may leave. */
const withdrawing = ({ rule, message }: Verdict, deadline: string): Verdict => ({
  decision: "Accepted",
  rule,
  reason: "Withdrawing",
  message: `${message}; what was granted is taken back by ${deadline}`,
  asked: NONE,
  cap: NONE,
});

const planPool = (w: World, request: ResourceRequest, p: PoolWorld, grants: readonly Grant[]): PoolPlan => {
  const name = offerName(p.name);
  const q = questionOf(w, request, p, grants);
  const { verdict, amounts } = answer(q);
  const course: Course | First = coursed(w, request, p, amounts, verdict.message) ?? { do: "offer", amounts };
  if (course.do === "end" || !course.amounts) {
    const stands = p.offer && !isGoing(p.offer);
    const effects: Effect[] = stands ? [{ do: "deleteOffer", name, why: verdict.message }] : [];
    return { name: p.name, verdict, effects, recheckMs: NEVER };
  }
  const validForMs = w.policy?.validForMs ?? 60 * MINUTE_MS;
  const due = isRenewalDue(p.offer, validForMs, w.now);
  const spec: ResourceOfferSpec = {
    clusterID: w.clusterID,
    ...(p.name === "" ? {} : { pool: p.name }),
    resources: formatList(course.amounts),
    ...termsOf(askedOf(q), p.labels),
    expiresAt: due
      ? new Date(Date.parse(w.now) + validForMs).toISOString()
      : (p.offer?.spec.expiresAt ?? w.now),
    ...(course.withdrawal ? { withdrawal: course.withdrawal } : {}),
  };
  const basis = basisOf(w);
  const grant: Grant = { holder: q.holder, pool: p.name, since: sinceOf(request), amounts: course.amounts };
  const write: Effect[] =
    sameOffer(p.offer, spec) && p.offer?.metadata.annotations?.[BASIS] === basis
      ? []
      : [{ do: "applyOffer", name, spec, basis, grant }];
  const said: Verdict =
    amounts || !course.withdrawal ? verdict : withdrawing(verdict, course.withdrawal.deadline);
  const renewalMs = Date.parse(spec.expiresAt ?? w.now) - Date.parse(w.now) - validForMs / 2;
  return {
    name: p.name,
    verdict: said,
    effects: [...write, ...offerStatus(w, p.offer, acceptedGeneration(request, name) !== undefined)],
    recheckMs: Math.min(
      Math.max(renewalMs, 0) + 1,
      course.recheckMs === undefined ? NEVER : course.recheckMs + 1,
    ),
  };
};

/** One word for all pools: the nodes in none speak, unless they give nothing and a pool does. */
const overall = (plans: readonly PoolPlan[]): Verdict | undefined =>
  (
    plans.find((p) => p.name === "" && p.verdict.decision === "Accepted") ??
    plans.find((p) => p.verdict.decision === "Accepted") ??
    plans.find((p) => p.name === "") ??
    plans[0]
  )?.verdict;

const takeAllBack = (w: World, why: string): Effect[] =>
  w.pools.flatMap((p): Effect[] =>
    p.offer && !isGoing(p.offer) ? [{ do: "deleteOffer", name: p.offer.metadata.name, why }] : [],
  );

/** Until the next look that time alone asks for. */
const recheckOf = (w: World, plans: readonly PoolPlan[]): { recheckMs?: number } => {
  const minute = MINUTE_MS - (Date.parse(w.now) % MINUTE_MS);
  const ms = Math.min(...plans.map((p) => p.recheckMs), w.policy?.usesTime ? minute : NEVER);
  return ms === NEVER ? {} : { recheckMs: ms };
};

export const decide = (w: World): Plan => {
  if (w.identity === undefined) return { effects: [], verdict: undefined }; // not told yet: absence is not a fact
  const { request } = w;
  if (w.identity !== "GRANTED")
    return { effects: takeAllBack(w, `identity ${w.identity}`), verdict: undefined };
  if (!request || request.metadata.deletionTimestamp)
    return { effects: takeAllBack(w, "nothing is asked any more"), verdict: undefined };
  const plans: PoolPlan[] = [];
  let grants = w.grants;
  for (const pool of w.pools) {
    const plan = planPool(w, request, pool, grants);
    plans.push(plan);
    for (const e of plan.effects)
      if (e.do === "applyOffer") grants = [...grants.filter((g) => g.holder !== e.grant.holder), e.grant];
  }
  const verdict = overall(plans);
  if (!verdict) return { effects: [], verdict };
  const pools = plans.filter((p) => p.name !== "").map((p) => ({ name: p.name, verdict: p.verdict }));
  const status = requestStatus(request, verdict, pools, w.now);
  const tell: Effect[] = sameStatus(request.status, status) ? [] : [{ do: "applyRequestStatus", status }];
  return { effects: [...plans.flatMap((p) => p.effects), ...tell], verdict, ...recheckOf(w, plans) };
};

/** A request without a date is the newest of all. */
export const sinceOf = (o: { metadata: { creationTimestamp?: string } } | undefined): string =>
  o?.metadata.creationTimestamp ?? "9999";

/** The grant that an offer in the cache stands for. */
export const grantOf = (offer: ResourceOffer): Grant => ({
  holder: `${offer.metadata.namespace ?? ""}/${offer.metadata.name}`,
  pool: offer.spec.pool ?? "",
  since: sinceOf(offer),
  amounts: isGoing(offer) ? NONE : atLeastZeroList(readAmounts(offer.spec.resources)),
});
