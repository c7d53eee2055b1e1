import {
  contains,
  covers,
  type Link,
  macOf,
  type NftTable,
  OVERLAY_DEVICE,
  type OverlayEndpoint,
  overlaps,
  parsePrefix,
  type Route,
  type Routing,
  RULE_PRIORITY,
  TABLE,
  VNI,
  VXLAN_OVERHEAD,
  VXLAN_PORT,
} from "@tideway/net";
import type { NodeAddresses } from "../node/addresses.ts";
import type { Inherited, Network, Plug, Tunnel } from "../ports.ts";
import { shortcutTable } from "./shortcut.ts";
import { nodeTable } from "./table.ts";

export interface World {
  node: NodeAddresses;
  /** MTU of the link with the node's address. */
  uplinkMtu: number;
  tunnels: readonly Tunnel[];
  networks: readonly Network[];
  /** Routes of an earlier agent that no fact has told of yet. */
  inherited: readonly Inherited[];
  masqueradeMark: number;
  /** Gateways that are pods of this node, at a bridge; undefined: the kernel knows no way past a bridge. */
  plugs: readonly Plug[] | undefined;
}

export interface NodeState {
  links: Link[];
  endpoints: OverlayEndpoint[];
  table: NftTable;
  /** Absent where the kernel cannot do it. */
  shortcut?: NftTable;
  routing: Routing;
}

export interface Skipped {
  prefix: string;
  reason: string;
}

export interface Desired {
  /** Undefined: nothing to reach, so nothing of ours on the node. */
  state: NodeState | undefined;
  /** Networks that are sent to a gateway. */
  prefixes: string[];
  /** Networks that are not, since it would harm this cluster. */
  skipped: Skipped[];
}

interface Way {
  prefix: string;
  gateway: string;
  mtu?: number;
}

/** Nothing in the table: what is left when Tideway is. */
export const EMPTY_ROUTING: Routing = { table: TABLE, routes: [], rules: [] };

/** Why a network cannot go to a gateway; the gateway and network-manager check too, but this node is ours to keep. */
const objection = (way: Way, { node, networks }: World, taken: readonly Way[]): string | undefined => {
  const { prefix, gateway } = way;
  try {
    if (parsePrefix(prefix).family !== 4) return "the overlay carries IPv4 only";
  } catch {
    return "is no network";
  }
  if (contains(prefix, node.ip)) return `holds this node's address ${node.ip}`;
  if (contains(prefix, gateway)) return `holds the gateway ${gateway} itself`;
  const pods = [...node.podCIDRs, ...networks.map((n) => n.localPodCidr).filter(Boolean)];
  const own = pods.find((p) => overlaps(p, prefix));
  if (own !== undefined) return `overlaps this cluster's pods ${own}`;
  const other = taken.find((t) => t.prefix === prefix && t.gateway !== gateway);
  if (other !== undefined) return `is another peer's already, by gateway ${other.gateway}`;
  return undefined;
};

/** The ways that facts tell of, in an order that is the same on every node. */
const told = ({ tunnels, networks }: World): Way[] => {
  const gone = new Set(networks.filter((n) => n.state === "GONE").map((n) => n.clusterId));
  return tunnels
    .filter((t) => t.state !== "GONE" && t.gatewayIp !== "" && !gone.has(t.clusterId))
    .toSorted((a, b) => (a.clusterId < b.clusterId ? -1 : 1))
    .flatMap((t) =>
      t.prefixes
        .toSorted()
        .map((prefix) => ({ prefix, gateway: t.gatewayIp, ...(t.mtu > 0 ? { mtu: t.mtu } : {}) })),
    );
};

const routeOf =
  (node: NodeAddresses) =>
  ({ prefix, gateway, mtu }: Way): Route => ({
    destination: prefix,
    via: gateway,
    device: OVERLAY_DEVICE,
    onlink: true,
    source: node.ip,
    // senders learn here what fits through the tunnel, one hop earlier than at the gateway
    ...(mtu === undefined ? {} : { mtu }),
  });

/** Pure: the whole of what this node should have, of what is known. */
export const desiredOf = (world: World): Desired => {
  const { node } = world;
  const ways: Way[] = [];
  const skipped: Skipped[] = [];
  const known = told(world);
  const left = world.inherited.filter(({ prefix }) => !known.some((way) => covers(way.prefix, prefix)));
  for (const way of [...known, ...left]) {
    const reason = objection(way, world, ways);
    if (reason !== undefined) skipped.push({ prefix: way.prefix, reason });
    else if (!ways.some((w) => w.prefix === way.prefix)) ways.push(way);
  }
  const prefixes = ways.map((w) => w.prefix);
  if (ways.length === 0) return { state: undefined, prefixes, skipped };
  const pods = [...node.podCIDRs, ...world.networks.map((n) => n.localPodCidr).filter(Boolean)];
  const gateways = [...new Set(ways.map((w) => w.gateway))];
  const state: NodeState = {
    links: [
      {
        name: OVERLAY_DEVICE,
        vxlan: { vni: VNI, port: VXLAN_PORT, local: node.ip },
        mac: macOf(node.ip),
        mtu: world.uplinkMtu - VXLAN_OVERHEAD,
        addresses: [`${node.ip}/32`],
      },
    ],
    endpoints: gateways.map((address) => ({ address })),
    table: nodeTable({ pods, remote: prefixes, masqueradeMark: world.masqueradeMark }),
    ...(world.plugs
      ? { shortcut: shortcutTable(world.plugs.filter((p) => gateways.includes(p.address))) }
      : {}),
    routing: {
      table: TABLE,
      routes: ways.map(routeOf(node)),
      rules: [{ priority: RULE_PRIORITY }],
    },
  };
  return { state, prefixes, skipped };
};
