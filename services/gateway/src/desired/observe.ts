import { interfaceOf } from "@tideway/net";
import type { FactOf } from "@tideway/protos";
import { generationsOf, listenPortOf, viewOf, wantsTunnel } from "../peers/peer.ts";
import { type PodView, policyOf } from "../policy/policy.ts";
import type { NetworkFact } from "../ports.ts";
import type { Memory } from "../tunnel/memory.ts";
import type { Call, Peer, RealNode, Self, World } from "./world.ts";

export interface Observed {
  self: Self;
  nodes: readonly RealNode[];
  networks: readonly NetworkFact[];
  memories: ReadonlyMap<string, Memory>;
  guests: readonly PodView[];
  pods: readonly PodView[];
  gone: readonly string[];
  settled: boolean;
  offloaded: readonly string[];
  addresses: readonly FactOf["address"][];
  borders: readonly FactOf["border"][];
}

const peerOf = (fact: NetworkFact, memory: Memory | undefined): Peer => {
  const id = fact.clusterId;
  const view = viewOf(fact);
  const standing = [...(memory?.generations ?? [])].flatMap(([g, { standing: up }]) => (up ? [g] : []));
  const active = memory?.active !== undefined && standing.includes(memory.active) ? memory.active : undefined;
  return {
    id,
    name: fact.name,
    ...(view ? { view } : {}),
    consumer: fact.consumer,
    provider: fact.provider,
    // By what stands, not by who should: what nodes still send here is let through until another one has it.
    here: standing.length > 0,
    interfaces: standing.sort((a, b) => a - b).map((g) => interfaceOf(id, g)),
    ...(active === undefined ? {} : { active: interfaceOf(id, active) }),
  };
};

const callsOf = (fact: NetworkFact, memory: Memory | undefined): Call[] =>
  [...(memory?.generations ?? [])].flatMap(([generation, { callPort, calledTo }]) => {
    const [, address, port] = /^([\d.]+):(\d+)$/.exec(calledTo ?? "") ?? [];
    if (callPort === undefined || address === undefined) return [];
    return [{ address, port: Number(port), from: callPort, listenPort: listenPortOf(fact, generation) }];
  });

/** What is known, as one value: everything that rules, routes and links are made of. */
export const observe = (o: Observed): World => {
  const facts = o.networks.filter(wantsTunnel);
  const peers = facts
    .map((f) => peerOf(f, o.memories.get(f.clusterId)))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const { nodes, guests, pods, gone, offloaded, addresses, borders } = o;
  return {
    self: o.self,
    nodes: [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1)),
    peers,
    policy: policyOf({ peers, guests, pods, gone, offloaded, addresses, borders, nodes }),
    settled: o.settled,
    listenPorts: [...new Set(facts.flatMap((f) => generationsOf(f).map((g) => listenPortOf(f, g))))].sort(),
    calls: facts.flatMap((f) => callsOf(f, o.memories.get(f.clusterId))),
  };
};

/** Namespaces whose pods the rules speak of. */
export const followedNamespaces = (
  offloaded: readonly string[],
  borders: readonly FactOf["border"][],
): ReadonlySet<string> =>
  new Set([...offloaded, ...borders.flatMap((b) => b.namespaces)].filter((n) => n !== "" && n !== "*"));
