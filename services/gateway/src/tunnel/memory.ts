import { interfaceOf, type WireguardStatus } from "@tideway/net";
import type { NetworkFact, TunnelFact } from "../ports.ts";
import { allowedIPs, listenPortOf } from "../peers/peer.ts";
import type { Standing } from "./decide.ts";

/** What is remembered of one generation of keys of one peer. */
export interface Generation {
  key: string;
  calledAt?: string;
  /** The same, resolved: `192.0.2.1:51820`. */
  calledTo?: string;
  /** The port it is called from, where that is not the one listened on. */
  callPort?: number;
  attempt: number;
  attemptAt: number;
  failures: number;
  received: number;
  /** Of its interface, as it was set last. */
  mtu?: number;
  unwantedSince?: number;
  /** Its interface is there, and so belongs into the rules and routes. */
  standing: boolean;
  /** The peer was set on the interface, and so called where it has an address. */
  called: boolean;
}

/** What is remembered of one peer, in this life of the process. */
export interface Memory {
  generations: Map<number, Generation>;
  active?: number;
  /** An answer came, ever. */
  answered: boolean;
  /** What passes to where the peer was called last, where that is known to be little; bytes of the outer packet. */
  path?: { host: string; mtu: number };
  /** Why the interface could not be set up; it is tried again. */
  failure?: string;
  lostSince?: number;
  /** Since when this replica carries it. */
  ownedSince: number;
  /** Since when another one does. */
  releasedAt?: number;
  /** What was said last, by this replica. */
  said?: TunnelFact;
  saidAt: number;
  slot?: NetworkFact;
}

export const freshMemory = (now: number): Memory => ({
  generations: new Map(),
  answered: false,
  ownedSince: now,
  saidAt: -Infinity,
});

export const peerStatus = (
  status: ReadonlyMap<string, WireguardStatus>,
  fact: NetworkFact,
  generation: number,
): WireguardStatus["peers"][number] | undefined =>
  status
    .get(interfaceOf(fact.clusterId, generation))
    ?.peers.find((p) => p.publicKey === fact.remoteKeys[String(generation)]);

/** How a generation's interface is, by what was remembered and what WireGuard tells. */
export const standingOf = (
  memory: Memory,
  status: ReadonlyMap<string, WireguardStatus>,
  fact: NetworkFact,
): Standing[] =>
  [...memory.generations].map(([generation, g]): Standing => {
    const device = status.get(interfaceOf(fact.clusterId, generation));
    const wanted = fact.remoteKeys[String(generation)] !== undefined;
    const peer = wanted ? peerStatus(status, fact, generation) : device?.peers[0];
    return {
      generation,
      up: g.called && peer !== undefined,
      handshake: peer?.lastHandshake !== undefined,
      heard: (peer?.receivedBytes ?? 0) > 0,
      yields: (device?.publicKey ?? "") < (fact.remoteKeys[String(generation)] ?? ""),
      receiving: (peer?.receivedBytes ?? 0) > g.received,
      ...(g.calledAt === undefined ? {} : { calledAt: g.calledAt }),
      attempt: g.attempt,
      attemptAt: g.attemptAt,
      failures: g.failures,
      ...(g.unwantedSince === undefined ? {} : { unwantedSince: g.unwantedSince }),
    };
  });

/** Whether the interface has what the fact says, so that it need not be looked at closer. */
export const isAsSaid = (
  status: ReadonlyMap<string, WireguardStatus>,
  fact: NetworkFact,
  generation: number,
): boolean => {
  const device = status.get(interfaceOf(fact.clusterId, generation));
  const peer = peerStatus(status, fact, generation);
  return (
    peer !== undefined &&
    device?.peers.length === 1 &&
    device.listenPort === listenPortOf(fact, generation) &&
    [...peer.allowedIPs].sort().join() === allowedIPs(fact).join()
  );
};
