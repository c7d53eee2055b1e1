/** What single probes say of a peer, with hysteresis. Pure. */
export const FAILURES = ["Timeout", "Unreachable", "WrongKey", "ClusterIDChanged"] as const;
export type Failure = (typeof FAILURES)[number];

/** What a peer that answers says of itself. */
export interface Answer {
  ok: true;
  clusterName: string;
  /** Of the protocol, major.minor. */
  version: string;
  capabilities: readonly string[];
  /** How far its clock is ahead of ours, ms, as far as the way of the answer lets us know. */
  skewMs: number;
}
export type Outcome =
  | Answer
  | {
      ok: false;
      reason: Failure;
      /** What went wrong, without what changes from one try to the next. */ error: string;
    };

export interface Health {
  /** Unknown until the first certain answer. */
  verdict: "Unknown" | "Up" | "Down";
  /** In a row; 0 after a success. */
  failures: number;
  /** Of the last outcome that counted. */
  last: Outcome | undefined;
}

export const START: Health = { verdict: "Unknown", failures: 0, last: undefined };

/** Somebody has answered, and is not who we want: trying again does not make it surer. */
const isCertain = (reason: Failure): boolean => reason === "WrongKey" || reason === "ClusterIDChanged";

/** A clock that drifts, or is measured a little differently each time, is no news. */
const SAME_SKEW_MS = 2_000;

/** To whole seconds, and as it was said before unless it is really another. */
const steady = (before: Outcome | undefined, now: Answer): Answer => {
  const said = before?.ok ? before.skewMs : 0;
  const skewMs = Math.abs(now.skewMs - said) < SAME_SKEW_MS ? said : Math.round(now.skewMs / 1000) * 1000;
  return { ...now, skewMs };
};

/** One success is enough; one lost answer is not. */
export const judge = (h: Health, outcome: Outcome, limit: number): Health => {
  if (outcome.ok) return { verdict: "Up", failures: 0, last: steady(h.last, outcome) };
  const failures = h.failures + 1;
  if (h.verdict === "Down" || failures >= limit || isCertain(outcome.reason))
    return { verdict: "Down", failures, last: outcome };
  return { ...h, failures };
};

const textOf = (o: Outcome | undefined): string =>
  o === undefined
    ? ""
    : o.ok
      ? [o.clusterName, o.version, o.skewMs, ...o.capabilities].join(" ")
      : `${o.reason} ${o.error}`;

/** Whether both say the same to others; how often it failed is nobody's business. */
export const sameHealth = (a: Health, b: Health): boolean =>
  a.verdict === b.verdict && textOf(a.last) === textOf(b.last);

/** Longest pause before a doubt is looked into, ms. */
const CONFIRM_MS = 1000;

/** Pause before the next probe, ms: a failure that does not count yet is confirmed sooner. `random` in 0..1. */
export const pauseMs = (h: Health, intervalMs: number, random: number): number => {
  const doubtful = h.failures > 0 && h.verdict !== "Down";
  return (doubtful ? Math.min(CONFIRM_MS, intervalMs) : intervalMs) * (0.9 + random * 0.2);
};
