import type { Denial } from "@tideway/authclient";
import type { IdentityState, PeerView, Standing } from "../ports.ts";

/**
 * Why the last try failed. Found out here: `Unreachable`, `Unanswered` (it was asked for an identity, and the answer
 * did not come or was that it cannot now), `TokenMissing`, `WrongKey`; the rest is the provider's word.
 */
export type FailureReason = Denial | "Unreachable" | "Unanswered" | "TokenMissing" | "WrongKey";

export interface Attempt {
  failures: number;
  reason: FailureReason;
  message: string;
  /** Earliest time of the next try, ms. */
  nextAt: number;
}

export interface Credential {
  notAfter: number;
  renewAt: number;
  /** When this replica got it, ms; undefined: before it started. */
  since?: number | undefined;
}

export interface World {
  /** Undefined: no fact says that this cluster is known. */
  peer: PeerView | undefined;
  /** No fact, and the ForeignCluster itself says that the peer is still wanted: discovery will speak soon. */
  unsure: boolean;
  credential: Credential | undefined;
  /** Anything that this service made here for the outgoing direction. */
  remains: boolean;
  standing: Standing;
  /** The provider knows that we leave, or knows us no more. */
  released: boolean;
  /** After it only what is local is cleaned up, ms. */
  deadline: number;
  attempt: Attempt | undefined;
  skewMs: number;
  now: number;
}

export type Step = "nothing" | "wait" | "hold" | "authenticate" | "renew" | "drain" | "release" | "cleanUp";

export interface Plan {
  step: Step;
  /** What is published; undefined leaves the last fact as it is. */
  state?: IdentityState["state"];
  reason: string;
  message: string;
  requeueAfterMs?: number;
}

const at = (ms: number): string => new Date(ms).toISOString();
const until = (w: World, ms: number): number => Math.max(0, ms - w.now);

type Check = (w: World) => Plan | undefined;

/** The provider has told that the certificate opens nothing any more. */
export const isVoid = (reason: FailureReason | undefined): boolean =>
  reason === "TenantUnknown" || reason === "IdentityInvalid";
/** The provider has not said no. */
export const isSilence = (reason: FailureReason): boolean =>
  reason === "Unreachable" || reason === "Unanswered";
/** What passes by itself; a refusal changes only when a person acts. */
const passes = (reason: FailureReason): boolean => isSilence(reason) || reason === "TenantLeaving";
const paused = (w: World): Attempt | undefined =>
  w.attempt && w.attempt.nextAt > w.now ? w.attempt : undefined;
const wanted = (w: World): boolean => w.peer?.present === true && w.peer.outgoing;

const absenceIsNoFact: Check = (w) =>
  w.unsure
    ? {
        step: "wait",
        reason: "PeerUnknown",
        message: "waiting for discovery to tell of this peer",
        requeueAfterMs: 5_000,
      }
    : undefined;

const nothingToDo: Check = (w) =>
  !wanted(w) && !w.remains
    ? { step: "nothing", state: "GONE", reason: "NotWanted", message: "no identity is wanted" }
    : undefined;

/** Others first: what they hold at the provider needs the identity. */
const othersLeaving: Check = (w) => {
  if (wanted(w) || w.now >= w.deadline) return undefined;
  const holders = [
    w.standing.node && "virtual-kubelet",
    w.standing.offer && "negotiator",
    w.standing.replication && "replicator",
  ].filter((s) => s !== false);
  return holders.length > 0 && w.credential
    ? {
        step: "drain",
        reason: "Draining",
        message: `waiting for ${holders.join(", ")} until ${at(w.deadline)}`,
        requeueAfterMs: until(w, w.deadline) + 10,
      }
    : undefined;
};

/** Once even after the deadline: others may have used it all up, and the provider may well be there. */
const takeLeave: Check = (w) => {
  if (wanted(w) || w.released || !w.credential || (w.now >= w.deadline && w.attempt)) return undefined;
  const last = paused(w);
  if (last)
    return {
      step: "wait",
      reason: last.reason,
      message: `${last.message}; trying again until ${at(w.deadline)}`,
      requeueAfterMs: Math.min(until(w, last.nextAt), until(w, w.deadline)) + 10,
    };
  return { step: "release", reason: "Releasing", message: "telling the provider" };
};

const removeWhatIsHere: Check = (w) =>
  wanted(w)
    ? undefined
    : {
        step: "cleanUp",
        reason: "Released",
        message: w.released ? "released at the provider" : "the provider was not reached before the deadline",
      };

/** A new one is not taken for rejected until others have had the time to use it. */
const SETTLED_MS = 30_000;
/** Void before its time: tokens are, when a revocation was taken back. */
const isRejected = ({ standing, credential, now }: World): boolean =>
  standing.rejected === true && now - (credential?.since ?? 0) > SETTLED_MS;
/** When to look at it again: who rejects it may do so still when it has settled, and says nothing new then. */
const lookAgain = (w: World, c: NonNullable<World["credential"]>): number =>
  Math.min(until(w, c.renewAt), w.standing.rejected ? until(w, (c.since ?? 0) + SETTLED_MS + 1) : Infinity);

const goodForNow: Check = (w) =>
  w.credential &&
  w.now < w.credential.notAfter &&
  w.now < w.credential.renewAt &&
  !isVoid(w.attempt?.reason) &&
  !isRejected(w)
    ? {
        step: "hold",
        state: "GRANTED",
        reason: "Granted",
        message: `valid until ${at(w.credential.notAfter)}, renewed at ${at(w.credential.renewAt)}`,
        requeueAfterMs: lookAgain(w, w.credential),
      }
    : undefined;

const pauseBeforeNextTry: Check = (w) => {
  const last = paused(w);
  if (!last) return undefined;
  const left = w.credential && w.now < w.credential.notAfter ? w.credential : undefined;
  const message = `${last.message}; next try at ${at(last.nextAt)}`;
  const requeueAfterMs = Math.min(until(w, last.nextAt), left ? until(w, left.notAfter) : Infinity) + 5;
  if (last.reason === "IncomingRefused" && w.credential)
    return { step: "wait", state: "REVOKED", reason: "Revoked", message, requeueAfterMs };
  if (left && !isVoid(last.reason))
    return {
      step: "wait",
      state: "GRANTED",
      reason: "RenewalFailing",
      message: `valid until ${at(left.notAfter)}, but renewal fails: ${message}`,
      requeueAfterMs,
    };
  const expired = w.credential && passes(last.reason);
  return {
    step: "wait",
    state: "DENIED",
    reason: expired ? "IdentityExpired" : last.reason,
    message,
    requeueAfterMs,
  };
};

const renewable: Check = (w) =>
  w.credential && !isVoid(w.attempt?.reason) && w.now < w.credential.notAfter + w.skewMs
    ? { step: "renew", reason: "Renewing", message: "asking the provider for a new certificate" }
    : undefined;

const askForOne: Check = () => ({
  step: "authenticate",
  reason: "Authenticating",
  message: "asking the provider for an identity",
});

const CHECKS: readonly Check[] = [
  absenceIsNoFact,
  nothingToDo,
  othersLeaving,
  takeLeave,
  removeWhatIsHere,
  goodForNow,
  pauseBeforeNextTry,
  renewable,
  askForOne,
];

/** Pure: World in, Plan out. */
export const decide = (w: World): Plan =>
  CHECKS.reduce<Plan | undefined>((found, check) => found ?? check(w), undefined) as Plan;

/** First and longest pause after a failure, ms. */
const PAUSES = { denied: { first: 3_000, max: 60_000 }, passing: { first: 250, max: 15_000 } };

/** The next attempt's time: doubling, with jitter of up to half. `random` in 0..1. */
export const failed = (
  last: Attempt | undefined,
  reason: FailureReason,
  message: string,
  now: number,
  random: number,
): Attempt => {
  const failures = (last && passes(last.reason) === passes(reason) ? last.failures : 0) + 1;
  const { first, max } = passes(reason) ? PAUSES.passing : PAUSES.denied;
  const pause = Math.min(max, first * 2 ** Math.min(failures - 1, 20)) * (0.5 + random / 2);
  return { failures, reason, message, nextAt: now + Math.round(pause) };
};

/** Half of the life, give or take a tenth, so that many identities are not renewed at once. */
export const renewalTime = (from: number, notAfter: number, random: number): number =>
  Math.round(from + Math.max(0, notAfter - from) * (0.45 + random * 0.1));
