import { translate } from "@tideway/net";
import type { FactOf } from "@tideway/protos";
import type { Opening, Peer, PeerPolicy, Policy, RealNode } from "../desired/world.ts";
import { namespaceIds } from "./ids.ts";
import { inside } from "./inside.ts";

/** What is kept of a pod. */
export interface PodView {
  namespace: string;
  ip: string;
  node: string;
  /** Cluster ID of the peer on whose behalf it runs here. */
  origin?: string;
}

export interface PolicyInput {
  peers: readonly Peer[];
  /** Pods that run here on behalf of peers. */
  guests: readonly PodView[];
  /** Pods of the namespaces that are offloaded or opened, with guests and those that run on peers. */
  pods: readonly PodView[];
  /** Names of offloaded namespaces. */
  offloaded: readonly string[];
  addresses: readonly FactOf["address"][];
  borders: readonly FactOf["border"][];
  nodes: readonly RealNode[];
  /** Addresses of pods that ended a moment ago. */
  gone?: readonly string[];
}

const isV4 = (address: string): boolean => !address.includes(":");
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

const portOf = (text: string): [string, number] => {
  const [protocol = "", port = ""] = text.split("/");
  return [protocol.toLowerCase(), Number(port)];
};

const opens = (border: FactOf["border"], peer: Peer): boolean =>
  border.peers.some((p) => p === "*" || p === peer.id || p === peer.name);

const openingOf = (border: FactOf["border"], i: PolicyInput, localPods: readonly string[]): Opening => {
  const all = border.namespaces.includes("*");
  const named = new Set(border.namespaces);
  const ips = all ? localPods : i.pods.filter((p) => named.has(p.namespace)).map((p) => p.ip);
  const nodes = border.nodes ? i.nodes.map((n) => n.address) : [];
  return { targets: [...new Set([...ips, ...nodes])].sort(byText), ports: border.ports.map(portOf) };
};

const peerPolicy = (peer: Peer, i: PolicyInput, localPods: readonly string[]): PeerPolicy => {
  const { view } = peer;
  const mapped = view ? i.addresses.filter((a) => a.peers.includes(peer.id) && isV4(a.address)) : [];
  const free = mapped.filter((a) => a.namespace === "");
  return {
    lent: peer.provider ? i.guests.filter((p) => p.origin === peer.id).map((p) => p.ip) : [],
    singles: mapped.flatMap(({ external, address }) => {
      const seen = view && translate(external, view.localExternal, view.localExternalSeen);
      return seen ? [[seen, address] as const] : [];
    }),
    openings: [
      ...(free.length > 0 ? [{ targets: free.map((a) => a.address).sort(byText), ports: [] }] : []),
      ...i.borders.filter((b) => opens(b, peer)).map((b) => openingOf(b, i, localPods)),
    ].filter((o) => o.targets.length > 0),
  };
};

/** Not what is somebody's again, and nothing where pods are opened that nobody here watches. */
const goneOf = (i: PolicyInput): readonly string[] => {
  const { gone = [] } = i;
  if (gone.length === 0 || i.borders.some((b) => b.namespaces.includes("*"))) return [];
  const live = new Set([...[...i.guests, ...i.pods].map((p) => p.ip), ...i.addresses.map((a) => a.address)]);
  return gone.filter((address) => !live.has(address));
};

/**
 * Default deny: a peer reaches its pods here; our pods there reach the pods of their own namespace, and what was
 * mapped for it. The sender of a packet from a peer is known by its address alone: the tunnel takes only addresses
 * that this cluster gave to that peer, and a pod's namespace is known from its own API server, never from the peer.
 */
export const policyOf = (i: PolicyInput): Policy => {
  const ids = namespaceIds([...i.offloaded, ...i.addresses.flatMap((a) => a.namespace || [])]);
  const consumed = new Map(
    i.peers.flatMap((p) => (p.consumer && p.view ? [[p.name, inside(p.view.remotePodsSeen)] as const] : [])),
  );
  const offloaded = new Set(i.offloaded);
  const own = i.pods.filter((p) => p.origin === undefined && offloaded.has(p.namespace));
  /** A pod there counts only under an address by which we see that peer: its status is a peer's word. */
  const isThere = (pod: PodView): boolean => consumed.get(pod.node)?.(pod.ip) ?? false;
  const virtual = new Set(i.peers.map((p) => p.name));
  const localPods = [...new Set(i.peers.flatMap((p) => p.view?.localPods ?? []))];
  const there = own.filter(isThere);
  const reach = new Map([...ids.values()].map((id) => [id, new Set<string>()]));
  const allow = (namespace: string, address: string): void => {
    if (isV4(address)) reach.get(ids.get(namespace) ?? 0)?.add(address);
  };
  for (const pod of own) if (!virtual.has(pod.node)) allow(pod.namespace, pod.ip);
  for (const pod of there) allow(pod.namespace, pod.ip);
  for (const { namespace, address } of i.addresses) if (namespace) allow(namespace, address);
  return {
    peers: new Map(i.peers.map((p) => [p.id, peerPolicy(p, i, localPods)])),
    sources: [...new Map(there.map((p) => [p.ip, [p.ip, ids.get(p.namespace) ?? 0] as const])).values()],
    reach: [...reach].flatMap(([id, addresses]) => Array.from(addresses, (a) => [id, a] as const)),
    gone: goneOf(i),
  };
};
