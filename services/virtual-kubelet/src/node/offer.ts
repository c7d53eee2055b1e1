/** What the state of an offer means for its virtual node. Pure. */
import type { OfferFact } from "@tideway/protos";

type Pool = OfferFact["pools"][number];

export interface OfferState {
  /** Nothing new is to be placed, and why; undefined: the node is open. */
  cordoned: { reason: "OfferWithdrawn" | "OfferExpired"; message: string } | undefined;
  /** The pods are to leave. */
  draining: boolean;
  /** No withdrawal goes on: what is beyond the offer has to leave. Not for a provider of 0.1, which knows no deadlines. */
  settled: boolean;
  /** Ms until time alone changes it. */
  changesInMs: number | undefined;
  /** What the provider does to the offer, for an Event; undefined: it stands. */
  word: OfferWord | undefined;
}

export interface OfferWord {
  reason: "OfferShrinking" | "OfferCordoned" | "OfferDraining" | "OfferExpired" | "OfferEnded";
  message: string;
}

type Withdrawal = NonNullable<Pool["withdrawal"]>;
const wordOf = ({ state, reason, deadline }: Withdrawal): OfferWord | undefined => {
  switch (state) {
    case "SHRINKING":
      return {
        reason: "OfferShrinking",
        message: `the provider takes part of the offer back: ${reason}; what is beyond the rest at ${deadline} is evicted`,
      };
    case "CORDONED":
      return {
        reason: "OfferCordoned",
        message: `the provider takes the offer back: ${reason}; nothing new is placed, the pods are drained later, until ${deadline}`,
      };
    case "DRAINING":
      return {
        reason: "OfferDraining",
        message: `the provider takes the offer back: ${reason}; pods are evicted now, what is left at ${deadline} is ended`,
      };
    default:
      return undefined;
  }
};

const OPEN: OfferState = {
  cordoned: undefined,
  draining: false,
  settled: false,
  changesInMs: undefined,
  word: undefined,
};

export const offerState = (pool: Readonly<Pool> | undefined, nowMs: number): OfferState => {
  if (!pool) return OPEN;
  const { withdrawal, expiresAt } = pool;
  const leftMs = expiresAt ? Date.parse(expiresAt) - nowMs : Number.POSITIVE_INFINITY;
  const expired = leftMs <= 0;
  const taken = withdrawal?.state === "CORDONED" || withdrawal?.state === "DRAINING";
  const cordoned: OfferState["cordoned"] = taken
    ? {
        reason: "OfferWithdrawn",
        message: `the provider takes the offer back by ${withdrawal.deadline}: ${withdrawal.reason}`,
      }
    : expired
      ? {
          reason: "OfferExpired",
          message: `the offer ended at ${expiresAt} and was not renewed: pods stay, nothing new is placed`,
        }
      : undefined;
  return {
    cordoned,
    draining: withdrawal?.state === "DRAINING",
    settled: withdrawal === undefined && expiresAt !== "",
    changesInMs: Number.isFinite(leftMs) && !expired ? leftMs + 1 : undefined,
    word:
      (withdrawal && wordOf(withdrawal)) ??
      (cordoned && { reason: "OfferExpired", message: cordoned.message }),
  };
};
