import type { NetworkFact, TunnelFact } from "../ports.ts";

export interface TunnelReport {
  network: NetworkFact;
  state: TunnelFact["state"];
  gateway: string;
  gatewayIP: string;
  gatewayNode: string;
  interface: string;
  implementation: string;
  generation: number;
  /** Where the peer is called or where it called from. */
  endpoint: string;
  /** Seconds since the epoch. */
  lastHandshake: number | undefined;
  prefixes: readonly string[];
  latencyMs: number;
  loss: number;
  mtu: number;
  /** The peer can be asked: both know how they see each other. */
  known: boolean;
  /** This side has an address of the peer to call. */
  callable: boolean;
  /** Why this side has no working interface. */
  failure: string | undefined;
}

/** Two digits: a fact tells a size, not every flutter. */
const rounded = (ms: number): number => (ms === 0 ? 0 : Number(ms.toPrecision(2)));
const time = (seconds: number | undefined): string =>
  seconds === undefined || seconds === 0 ? "" : new Date(seconds * 1000).toISOString();

const reasonOf = (r: TunnelReport): string => {
  if (r.state === "CONNECTED") return "Answering";
  if (r.failure !== undefined) return "InterfaceFailed";
  if (!r.known) return "WaitingForPeerView";
  if (r.state === "DISCONNECTED") return "NoAnswer";
  return r.lastHandshake ? "NoAnswerYet" : "NoHandshake";
};

const MAX_MESSAGE = 500;

const messageOf = (r: TunnelReport): string => {
  const handshake = time(r.lastHandshake) || "never";
  const where = r.endpoint ? `UDP ${r.endpoint}` : "an unknown address";
  if (r.state === "CONNECTED") return `answers from ${where}`;
  if (r.failure !== undefined)
    return `the interface could not be set up and is tried again: ${r.failure}`.slice(0, MAX_MESSAGE);
  if (!r.known)
    return `${where}, last handshake ${handshake}; waits until both sides have said how they see each other`;
  const next = r.callable
    ? "calls again with its next address every second or two; is the UDP port open on the peer's nodes?"
    : "waits for the peer to call, because it announces no address";
  return `no answer from ${where}, last handshake ${handshake}; ${next}`;
};

export const tunnelFact = (r: TunnelReport): TunnelFact => ({
  clusterId: r.network.clusterId,
  name: r.network.name,
  state: r.state,
  gateway: r.gateway,
  gatewayIp: r.gatewayIP,
  gatewayNode: r.gatewayNode,
  interface: r.interface,
  implementation: r.implementation,
  generation: r.generation,
  endpoint: r.endpoint,
  lastHandshake: time(r.lastHandshake),
  prefixes: [...r.prefixes],
  latencyMs: rounded(r.latencyMs),
  loss: Math.round(r.loss * 100) / 100,
  mtu: r.mtu,
  reason: reasonOf(r),
  message: messageOf(r),
});

export const goneFact = (said: TunnelFact): TunnelFact => ({
  ...said,
  state: "GONE",
  reason: "Gone",
  message: "",
  prefixes: [],
  latencyMs: 0,
  loss: 0,
});

/** What others act on is said at once; figures wait. */
export const sameButFigures = (a: TunnelFact, b: TunnelFact): boolean =>
  a.state === b.state &&
  a.name === b.name &&
  a.gateway === b.gateway &&
  a.gatewayIp === b.gatewayIp &&
  a.gatewayNode === b.gatewayNode &&
  a.interface === b.interface &&
  a.implementation === b.implementation &&
  a.generation === b.generation &&
  a.mtu === b.mtu &&
  a.reason === b.reason &&
  a.prefixes.join() === b.prefixes.join();

/** A figure that flutters is no news: by a quarter, or a hundredth of all probes. */
export const sameFigures = (a: TunnelFact, b: TunnelFact): boolean =>
  Math.abs(a.latencyMs - b.latencyMs) <= 0.25 * Math.max(a.latencyMs, b.latencyMs) &&
  Math.abs(a.loss - b.loss) <= 0.01 &&
  (a.state !== "CONNECTED" || a.endpoint === b.endpoint);
