import {
  covers,
  macOf,
  MARK,
  OVERLAY_DEVICE,
  type Link,
  type OverlayEndpoint,
  type Route,
  type Routing,
  RULE_PRIORITY,
  TABLE,
  VNI,
  VXLAN_OVERHEAD,
  VXLAN_PORT,
} from "@tideway/net";
import {
  localExternals,
  localPods,
  ownAddresses,
  remotePrefixes,
  seenPeers,
  type SeenPeer,
} from "./addresses.ts";
import type { World } from "./world.ts";

export const links = (w: World): Link[] => {
  const own = ownAddresses(w);
  return [
    {
      name: OVERLAY_DEVICE,
      vxlan: { vni: VNI, port: VXLAN_PORT, local: w.self.podIP },
      mac: macOf(w.self.podIP),
      mtu: w.self.uplink.mtu - VXLAN_OVERHEAD,
    },
    // Before the first peer nothing is known of it, and afterwards what is set stays set.
    ...(own.length > 0 ? [{ name: "lo", addresses: own.map((a) => `${a}/32`) }] : []),
  ];
};

export const overlay = (w: World): OverlayEndpoint[] =>
  [...new Set(w.nodes.map((n) => n.address))].sort().map((address) => ({ address }));

const viaNode = (destination: string, node: string): Route => ({
  destination,
  via: node,
  device: OVERLAY_DEVICE,
  onlink: true,
});

const toPeer = (w: World, peer: SeenPeer): Route[] =>
  remotePrefixes(peer).map((destination) => {
    // Another replica has the tunnel; our node knows which.
    if (!peer.here) return viaNode(destination, w.self.nodeIP);
    const device = peer.active ?? peer.interfaces[0];
    // Never by the default route: a packet for a peer must not leave into the open.
    return device ? { destination, device } : { destination, type: "unreachable" };
  });

/** One route a prefix: the first one said counts. */
const unique = (routes: readonly Route[]): Route[] => {
  const byDestination = new Map<string, Route>();
  for (const r of routes) if (!byDestination.has(r.destination)) byDestination.set(r.destination, r);
  return [...byDestination.values()];
};

/**
 * All that comes from the overlay or a tunnel is routed by the longest prefix in one table, so that the main table,
 * which carries the tunnels themselves and our talk with the cluster, stays as the CNI made it.
 */
export const routing = (w: World): Routing => {
  const { uplink, nodeIP } = w.self;
  const nodes = w.nodes.flatMap((n) => [
    viaNode(`${n.address}/32`, n.address),
    ...n.podCIDRs.map((cidr) => viaNode(cidr, n.address)),
  ]);
  // A CNI with its own address management: our node knows the way to every pod.
  const unknown = w.nodes.some((n) => n.podCIDRs.length === 0);
  const rest = localPods(w)
    .filter((cidr) => !w.nodes.some((n) => n.podCIDRs.some((c) => covers(c, cidr))))
    .map((cidr): Route => (unknown ? viaNode(cidr, nodeIP) : { destination: cidr, type: "unreachable" }));
  return {
    table: TABLE,
    routes: unique([
      ...seenPeers(w).flatMap((p) => toPeer(w, p)),
      ...nodes,
      ...rest,
      // External addresses that stand for nothing.
      ...localExternals(w).map((destination): Route => ({ destination, type: "unreachable" })),
      { destination: "default", via: uplink.gateway, device: uplink.device, onlink: true },
    ]),
    rules: [
      { priority: RULE_PRIORITY, fwmark: MARK },
      // What this pod itself says as the cluster's external address: probes.
      ...ownAddresses(w).map((from, i) => ({ priority: RULE_PRIORITY + 1 + i, from })),
    ],
  };
};
