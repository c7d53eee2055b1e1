import { parsePrefix } from "@tideway/net";
import { isInvalid } from "@tideway/errors";
import type { View } from "../desired/world.ts";
import type { NetworkFact } from "../ports.ts";

/** What a translation needs: both prefixes there, of IPv4 and of one length. */
const fits = (from: string, to: string): boolean => {
  try {
    const [a, b] = [parsePrefix(from), parsePrefix(to)];
    return a.family === 4 && b.family === 4 && a.length === b.length && a.length > 0;
  } catch (err) {
    if (isInvalid(err)) return false;
    throw err;
  }
};

/** How the two see each other; undefined until both have said it, or where it makes no sense. */
export const viewOf = (f: NetworkFact): View | undefined => {
  const pairs = [
    [f.localPodCidr, f.localPodSeenCidr],
    [f.localExternalCidr, f.localExternalSeenCidr],
    [f.remotePodCidr, f.remotePodSeenCidr],
    [f.remoteExternalCidr, f.remoteExternalSeenCidr],
  ] as const;
  if (!pairs.every(([from, to]) => fits(from, to))) return undefined;
  return {
    localPods: f.localPodCidr,
    localPodsSeen: f.localPodSeenCidr,
    localExternal: f.localExternalCidr,
    localExternalSeen: f.localExternalSeenCidr,
    remotePods: f.remotePodCidr,
    remotePodsSeen: f.remotePodSeenCidr,
    remoteExternal: f.remoteExternalCidr,
    remoteExternalSeen: f.remoteExternalSeenCidr,
  };
};

/** WireGuard takes these from the peer and sends these to it: how this cluster sees it, its own choice. */
export const allowedIPs = (f: NetworkFact): string[] =>
  [
    ...new Set(
      [
        [f.remotePodCidr, f.remotePodSeenCidr],
        [f.remoteExternalCidr, f.remoteExternalSeenCidr],
      ].flatMap(([from = "", to = ""]) => (fits(from, to) ? [to] : [])),
    ),
  ].sort();

/** Whether a tunnel is wanted at all. A refused peer has none; its reason is the network-manager's to tell. */
export const wantsTunnel = (f: NetworkFact | undefined): f is NetworkFact =>
  f !== undefined && (f.state === "PENDING" || f.state === "READY") && generationsOf(f).length > 0;

/**
 * Keys and port are known and the peer is not: what does not depend on it is made meanwhile. Every peering begins with
 * the first generation of keys; where it turns out otherwise, what was made is dropped.
 */
export const FIRST_GENERATION = 1;
export const isAnnounced = (f: NetworkFact | undefined): f is NetworkFact =>
  f?.state === "PENDING" && f.secretName !== "" && f.listenPort > 0 && generationsOf(f).length === 0;

/** Generations of keys that both have, oldest first; at most two. */
export const generationsOf = (f: NetworkFact): number[] =>
  f.generations
    .filter((g) => f.remoteKeys[g])
    .map(Number)
    .filter((g) => Number.isInteger(g) && g > 0)
    .sort((a, b) => a - b)
    .slice(-2);

export const endpointsOf = (f: NetworkFact, generation: number): string[] =>
  (f.remoteEndpoints[String(generation)] ?? "").split(",").filter((e) => e !== "");

export const listenPortOf = (f: NetworkFact, generation: number): number =>
  f.listenPort + (generation % 2 === 1 ? 0 : 1);
