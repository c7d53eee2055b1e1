import type { NetworkFact } from "../ports.ts";
import { endpointsOf, generationsOf } from "../peers/peer.ts";

/** An interface of one generation of keys, as it is. */
export interface Standing {
  generation: number;
  /** Of the peer's key; undefined: never, or the interface is not there yet. */
  handshake: boolean;
  /** It is there, with the peer's key of this generation. */
  up: boolean;
  /** Anything at all came from the peer since it was last begun anew, be it a handshake that did not end. */
  heard: boolean;
  /** Of two that call each other at the same moment the peer calls again first. */
  yields: boolean;
  /** Something came through it since the last look. */
  receiving: boolean;
  /** Where the peer was called last, as its fact named it; undefined: it was not, it calls us. */
  calledAt?: string;
  /** How often it was set up or begun anew; picks the endpoint. */
  attempt: number;
  /** When that was last. */
  attemptAt: number;
  /** Attempts since an answer came. */
  failures: number;
  /** Since when its generation is not wanted any more. */
  unwantedSince?: number;
}

export interface TunnelWorld {
  fact: NetworkFact;
  standing: readonly Standing[];
  /** Generation that packets are sent by. */
  active: number | undefined;
  /** Answers come through the active one. Undefined: it cannot be asked yet. */
  alive: boolean | undefined;
  /** Since when no answers come, when they came before. */
  lostSince: number | undefined;
  now: number;
  /** Spreads the attempts of several peers, 0 to 1. */
  jitter: number;
}

export interface Setup {
  generation: number;
  /** Given when the peer is to be called there now. Left out: it is left where it is. */
  endpoint?: string;
  /** The peer is taken off first: only that makes WireGuard shake hands at once instead of after its own 5 s. */
  anew: boolean;
  /** From now on it is called from another port than before. */
  fromAnotherPort?: true;
}

export interface TunnelPlan {
  setups: Setup[];
  drop: number[];
  active: number;
  /** Look again after so many ms. */
  recheckMs: number;
}

/**
 * Between two attempts to shake hands; WireGuard's own retry comes after 5 s. At first the other side, or its port on
 * the way, is still being made: the two are made at the same time, and whoever is later may have been called too early.
 */
const EAGER_MS = [100, 100, 150, 200, 300, 500, 750] as const;
/**
 * A handshake that began needs its round trip. Two that began at the same moment are both refused: then one side calls
 * again, and the other leaves it the time to.
 */
const FIRST_FACTOR = 1.5;
const SECOND_FACTOR = 5;
export const RETRY_MS = 1_000;
const PATIENT_MS = 2_500;
/**
 * After so many attempts without an answer the next ones come from another port. Whoever translates on the way (a node of
 * the peer, a router) does it as its rules were at the first packet, for as long as packets come: one call that came too
 * early would be led astray for ever. More than a gateway that is replaced leaves unanswered: it changes the rules.
 */
const PORT_ATTEMPTS = 6;
/** Attempts after which a peer that is away is tried less often. */
const HASTY = 22;
/** How long packets that came through without answers to probes keep a tunnel from being begun anew. */
const GRACE_MS = 5_000;
const PASSING_MS = 200;
/** Packets on their way still come by the old keys. */
export const LINGER_MS = 3_000;
const ROTATING_MS = 100;
const CALM_MS = 10_000;

const retryMs = (s: Standing, jitter: number): number => {
  const eager = s.handshake ? undefined : EAGER_MS[s.failures];
  const factor = !s.heard ? 1 : s.yields ? SECOND_FACTOR : FIRST_FACTOR;
  const first = Math.min(RETRY_MS, (eager ?? RETRY_MS) * factor);
  return (s.failures < HASTY ? first : PATIENT_MS) * (1 + jitter / 3);
};

/** As it is once it was begun anew. */
const begun = (s: Standing): Standing => ({
  ...s,
  handshake: false,
  heard: false,
  failures: s.failures + 1,
});

/**
 * The peer was called at an address that is not its own any more: it goes on there only until somebody takes it away. Called
 * at the new one it has to be begun anew, for packets on their way from the old one would bring WireGuard back there.
 */
const isElsewhere = (s: Standing, endpoints: readonly string[]): boolean =>
  s.calledAt !== undefined && endpoints.length > 0 && !endpoints.includes(s.calledAt);

const pick = (endpoints: readonly string[], attempt: number): { endpoint?: string } => {
  const endpoint = endpoints[attempt % Math.max(1, endpoints.length)];
  return endpoint === undefined ? {} : { endpoint };
};

/** Newest keys that shook hands; before that what is in use; at first the newest. */
const activeOf = (w: TunnelWorld, wanted: readonly number[]): number => {
  const working = [...wanted]
    .reverse()
    .find((g) => w.standing.some((s) => s.generation === g && s.handshake));
  const inUse = w.standing.some((s) => s.generation === w.active && s.up) ? w.active : undefined;
  return working ?? inUse ?? wanted.at(-1) ?? 0;
};

/** Probes may fail where packets pass: the peer's gateway restarts, and its kernel goes on. */
const isPassing = (s: Standing, w: TunnelWorld): boolean =>
  s.receiving && w.lostSince !== undefined && w.now - w.lostSince < GRACE_MS;

const isTroubled = (s: Standing, w: TunnelWorld, active: number): boolean => {
  if (s.generation !== active || w.alive === undefined) return !s.handshake;
  return !w.alive && !isPassing(s, w);
};

/** Pure: the tunnels to one peer, by its fact and by what is there. */
export const decide = (w: TunnelWorld): TunnelPlan => {
  const wanted = generationsOf(w.fact);
  const active = activeOf(w, wanted);
  const setups: Setup[] = [];
  let recheckMs = CALM_MS;
  const soon = (ms: number): void => void (recheckMs = Math.min(recheckMs, Math.max(10, ms)));
  for (const generation of wanted) {
    const s = w.standing.find((x) => x.generation === generation);
    const endpoints = endpointsOf(w.fact, generation);
    if (!s?.up) {
      setups.push({ generation, ...pick(endpoints, s?.attempt ?? 0), anew: false });
      soon(EAGER_MS[0]);
      continue;
    }
    const troubled = isTroubled(s, w, active);
    const due = s.attemptAt + retryMs(s, w.jitter) - w.now;
    const again = troubled && endpoints.length > 0 && due <= 0;
    const anew = again || isElsewhere(s, endpoints);
    const fromAnotherPort = anew && (s.failures + 1) % PORT_ATTEMPTS === 0;
    setups.push({
      generation,
      ...(anew ? pick(endpoints, s.attempt + 1) : {}),
      anew,
      ...(fromAnotherPort ? { fromAnotherPort } : {}),
    });
    // What came may be of before the loss: only the next look can tell.
    if (w.alive === false && isPassing(s, w)) soon(PASSING_MS);
    if (troubled && endpoints.length === 0) soon(RETRY_MS);
    else if (anew) soon(retryMs(begun(s), w.jitter));
    else if (troubled) soon(due);
    if (troubled && wanted.length > 1) soon(ROTATING_MS);
  }
  const drop: number[] = [];
  for (const s of w.standing) {
    if (wanted.includes(s.generation)) continue;
    // Two generations of the same parity share an interface: the newer one needs it.
    const inTheWay = wanted.some((g) => g % 2 === s.generation % 2);
    const left = s.unwantedSince === undefined ? LINGER_MS : s.unwantedSince + LINGER_MS - w.now;
    if (inTheWay || (s.generation !== active && left <= 0)) drop.push(s.generation);
    else soon(s.generation === active ? ROTATING_MS : left);
  }
  return { setups, drop, active, recheckMs };
};
