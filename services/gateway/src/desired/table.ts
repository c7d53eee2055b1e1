import {
  MARK,
  type NftChain,
  type NftMap,
  type NftSet,
  type NftTable,
  OVERLAY_DEVICE,
  PROBE_PORT,
  TUNNEL_PREFIX,
  VXLAN_PORT,
} from "@tideway/net";
import { localPods, ownAddresses, remotePrefixes, seenPeers } from "./addresses.ts";
import { peerPart } from "./peer-part.ts";
import { DROPS, drop, type DropReason } from "./drops.ts";
import { FIRST_ID } from "../policy/ids.ts";
import type { World } from "./world.ts";

export const TABLE_NAME = "tideway-gateway";

const overlayIn = `iifname "${OVERLAY_DEVICE}"`;
const tunnelIn = `iifname "${TUNNEL_PREFIX}*"`;
const unless = (allowed: string, reason: DropReason): string => `${allowed} ${drop(reason)}`;

/**
 * The outer packets need no connection tracking: nobody translates them, and it would cost each one twice. A call that
 * comes from another port than WireGuard's is written so on its way out, and its answer on its way in, without a memory.
 */
const outer = (device: string): NftChain[] => [
  {
    name: "outer_in",
    base: { type: "filter", hook: "prerouting", priority: -300 },
    rules: [
      `iifname "${device}" udp dport set ip saddr . udp sport . udp dport map @answered_to`,
      `iifname "${device}" udp dport @tunnel_ports notrack`,
    ],
  },
  {
    name: "outer_out",
    base: { type: "filter", hook: "output", priority: -300 },
    rules: [
      `oifname "${device}" udp sport @tunnel_ports notrack`,
      `oifname "${device}" udp sport set ip daddr . udp dport . udp sport map @called_from`,
      `oifname "${device}" udp dport ${VXLAN_PORT} notrack`,
    ],
  },
];

const translation = (device: string): NftChain[] => [
  {
    name: "mark_ours",
    base: { type: "filter", hook: "prerouting", priority: -150 },
    rules: [`${overlayIn} meta mark set ${MARK}`, `${tunnelIn} meta mark set ${MARK}`],
  },
  {
    name: "translate_in",
    base: { type: "nat", hook: "prerouting", priority: -100 },
    rules: ["iifname vmap @peer_dnat"],
  },
  {
    name: "translate_out",
    base: { type: "nat", hook: "postrouting", priority: 100 },
    rules: [
      "oifname vmap @peer_snat",
      // An external address may stand for something outside of the cluster, which knows no way back to the peer.
      `oifname "${device}" ${tunnelIn} masquerade`,
    ],
  },
  {
    name: "unmark",
    base: { type: "filter", hook: "postrouting", priority: 150 },
    // A mark would follow the packet into the overlay's outer packet, and send that by our table: a loop.
    rules: ["meta mark != 0 meta mark set 0"],
  },
];

const input = (device: string): NftChain[] => [
  {
    name: "input",
    base: { type: "filter", hook: "input", priority: 0 },
    rules: [
      `${overlayIn} goto to_gateway`,
      `${tunnelIn} goto to_gateway`,
      // The overlay has no key: only nodes may speak it.
      unless(`iifname "${device}" udp dport ${VXLAN_PORT} ip saddr != @nodes`, "underlay"),
    ],
  },
  {
    name: "to_gateway",
    rules: [
      "ct state established,related accept",
      `ip daddr @own udp dport ${PROBE_PORT} accept`,
      "ip daddr @own icmp type echo-request accept",
      drop("input"),
    ],
  },
];

/**
 * Says no, so that the sender tries another one at once instead of again and again. The answer takes the mark of what
 * is ours (`fwmark_reflect`), and so our routes.
 */
const REFUSALS = [
  `meta mark set ${MARK}`,
  "meta l4proto tcp reject with tcp reset",
  "reject with icmp type admin-prohibited",
];
const refusals = (w: World): NftChain[] => [
  // While pods are still being read, what seems to be nobody may only be unknown: who is dropped tries again.
  { name: "refuse", rules: w.settled ? ["counter name denied", ...REFUSALS] : [drop("denied")] },
  { name: "refuse_gone", rules: ["counter name gone", ...REFUSALS] },
];

const forward = (): NftChain[] => [
  {
    name: "forward",
    base: { type: "filter", hook: "forward", priority: 0, policy: "drop" },
    rules: [
      "tcp flags & (syn|rst) == syn tcp option maxseg size set rt mtu",
      // Also of connections that stand: nobody is there any more who would end them.
      `${tunnelIn} ct direction original ip daddr @gone goto refuse_gone`,
      "ct state established,related accept",
      unless("ct state invalid", "invalid"),
      `${overlayIn} goto from_overlay`,
      `${tunnelIn} goto from_tunnel`,
      drop("other"),
    ],
  },
  {
    name: "from_overlay",
    rules: [
      unless("ip saddr != @sources", "spoofed"),
      // From a peer that another replica carries, on the way to one of ours.
      "ip saddr @elsewhere goto reach",
      "oifname vmap @peer_out",
      drop("denied"),
    ],
  },
  { name: "from_tunnel", rules: ["iifname vmap @peer_in", drop("denied")] },
  {
    name: "reach",
    rules: [
      "meta mark set ip saddr map @source_namespace",
      "meta mark . ip daddr @reachable accept",
      `meta mark >= ${FIRST_ID} goto refuse`,
      // Who is not known yet may be a pod that just starts.
      drop("denied"),
    ],
  },
];

const sharedSets = (w: World): NftSet[] => {
  const peers = seenPeers(w);
  const elsewhere = peers.filter((p) => !p.here).flatMap(remotePrefixes);
  const nodes = [...new Set(w.nodes.map((n) => n.address))];
  const pods = [...localPods(w), ...w.nodes.flatMap((n) => n.podCIDRs)];
  return [
    { name: "tunnel_ports", type: "inet_service", elements: [VXLAN_PORT, ...w.listenPorts] },
    { name: "nodes", type: "ipv4_addr", elements: nodes },
    { name: "own", type: "ipv4_addr", elements: ownAddresses(w) },
    {
      name: "sources",
      type: "ipv4_addr",
      interval: true,
      elements: [...new Set([...pods, ...nodes, ...elsewhere])],
    },
    { name: "elsewhere", type: "ipv4_addr", interval: true, elements: elsewhere },
    {
      name: "guests",
      type: "ipv4_addr",
      elements: [...new Set([...w.policy.peers.values()].flatMap((p) => p.lent))],
    },
    { name: "gone", type: "ipv4_addr", elements: w.policy.gone },
    {
      name: "reachable",
      type: ["mark", "ipv4_addr"],
      elements: w.policy.reach.map(([namespace, address]) => [namespace, address]),
    },
  ];
};

/** By the tunnel's own port too: a peer may announce another one's address, and must not move that one's packets. */
const callMaps = (w: World): NftMap[] => {
  const map = (name: string, own: "listenPort" | "from", other: "listenPort" | "from"): NftMap => ({
    name,
    type: ["ipv4_addr", "inet_service", "inet_service"],
    value: "inet_service",
    elements: [
      ...new Map(
        w.calls.map((c) => [
          `${c.address}:${c.port}:${c[own]}`,
          [[c.address, c.port, c[own]], c[other]] as const,
        ]),
      ).values(),
    ],
  });
  return [map("called_from", "listenPort", "from"), map("answered_to", "from", "listenPort")];
};

/**
 * Who may send what where, and as whom. What a packet passes does not depend on the number of peers: each decision is
 * one look-up by interface or address; a peer adds four short chains and the elements that lead into them.
 */
export const table = (w: World): NftTable => {
  const { device } = w.self.uplink;
  const parts = seenPeers(w)
    .filter((p) => p.here && p.interfaces.length > 0)
    .map((p) => peerPart(p, w.policy.peers.get(p.id)));
  const verdicts = (name: "dnat" | "snat" | "in" | "out") => ({
    name: `peer_${name}`,
    type: "ifname" as const,
    value: "verdict" as const,
    elements: parts.flatMap((p) => p.interfaces.map((i) => [i, `goto ${p.prefix}_${name}`] as const)),
  });
  return {
    family: "ip",
    name: TABLE_NAME,
    counters: DROPS,
    sets: [...sharedSets(w), ...parts.flatMap((p) => p.sets)],
    maps: [
      { name: "source_namespace", type: "ipv4_addr", value: "mark", elements: w.policy.sources },
      ...callMaps(w),
      verdicts("dnat"),
      verdicts("snat"),
      verdicts("in"),
      verdicts("out"),
      ...parts.flatMap((p) => p.maps),
    ],
    chains: [
      ...parts.flatMap((p) => p.chains),
      ...outer(device),
      ...translation(device),
      ...input(device),
      ...refusals(w),
      ...forward(),
    ],
  };
};
