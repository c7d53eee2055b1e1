import { createHash } from "node:crypto";
import { type NftChain, type NftMap, type NftSet, ownExternalAddress, translate } from "@tideway/net";
import type { SeenPeer } from "./addresses.ts";
import { drop } from "./drops.ts";
import type { PeerPolicy } from "./world.ts";

export interface PeerPart {
  /** Begins the name of everything of this peer. */
  prefix: string;
  interfaces: readonly string[];
  sets: NftSet[];
  maps: NftMap[];
  chains: NftChain[];
}

const NOTHING: PeerPolicy = { lent: [], singles: [], openings: [] };

/** The same digits as in the names of its interfaces. */
const prefixOf = (id: string): string => `p${createHash("sha256").update(id).digest("hex").slice(0, 8)}`;

const ways = (from: readonly (readonly [string, string])[]): [string, string][] => [
  ...new Map(from.map(([a, b]) => [a, b])),
];

/**
 * The rules of one peer. A sender writes its source as the receiver sees it, the receiver makes the destination its
 * own; so a tunnel's packets carry addresses of the receiver's plan alone (ADR 0013).
 */
export const peerPart = (peer: SeenPeer, policy: PeerPolicy = NOTHING): PeerPart => {
  const { view } = peer;
  const prefix = prefixOf(peer.id);
  const own = ownExternalAddress(view.localExternal);
  const ownSeen = translate(own, view.localExternal, view.localExternalSeen) ?? own;
  const wide = policy.openings.filter((o) => o.ports.length === 0).flatMap((o) => o.targets);
  const narrow = policy.openings.flatMap((o) =>
    o.targets.flatMap((t) => o.ports.map(([protocol, port]) => [t, protocol, port] as const)),
  );
  const opened = [...new Set(policy.openings.flatMap((o) => o.targets))];
  return {
    prefix,
    interfaces: peer.interfaces,
    sets: [
      {
        name: `${prefix}_known`,
        type: "ipv4_addr",
        interval: true,
        elements: [...new Set([view.localPodsSeen, view.localExternalSeen])],
      },
      { name: `${prefix}_lent`, type: "ipv4_addr", elements: [...new Set(policy.lent)] },
      { name: `${prefix}_opened`, type: "ipv4_addr", interval: true, elements: opened },
      { name: `${prefix}_open`, type: "ipv4_addr", interval: true, elements: [...new Set(wide)] },
      {
        name: `${prefix}_open_ports`,
        type: ["ipv4_addr", "inet_proto", "inet_service"],
        interval: true,
        elements: narrow,
      },
    ],
    maps: [
      { name: `${prefix}_single`, type: "ipv4_addr", value: "ipv4_addr", elements: policy.singles },
      {
        name: `${prefix}_here`,
        type: "ipv4_addr",
        value: "ipv4_addr",
        interval: true,
        prefixValues: true,
        elements: ways([
          [view.localPodsSeen, view.localPods],
          [view.localExternalSeen, view.localExternal],
        ]),
      },
      {
        name: `${prefix}_there`,
        type: "ipv4_addr",
        value: "ipv4_addr",
        interval: true,
        prefixValues: true,
        elements: [[view.localPods, view.localPodsSeen]],
      },
    ],
    chains: [
      {
        name: `${prefix}_dnat`,
        rules: [`dnat to ip daddr map @${prefix}_single`, `dnat ip prefix to ip daddr map @${prefix}_here`],
      },
      {
        name: `${prefix}_snat`,
        // What is no pod of ours (nodes, peers in transit, this gateway) hides behind our own external address.
        rules: [`snat ip prefix to ip saddr map @${prefix}_there`, `snat to ${ownSeen}`],
      },
      {
        name: `${prefix}_in`,
        rules: [
          // Who knows our addresses could otherwise name them directly, past the translation.
          `ct original ip daddr != @${prefix}_known ${drop("untranslated")}`,
          `ip daddr @${prefix}_lent accept`,
          `ip daddr @${prefix}_open accept`,
          `ip daddr . meta l4proto . th dport @${prefix}_open_ports accept`,
          // Who has none of our pods calls its own here, of which there is no such one (any more).
          `goto ${peer.provider && !peer.consumer ? "refuse" : "reach"}`,
        ],
      },
      {
        name: `${prefix}_out`,
        rules: [
          `ip saddr @${prefix}_lent accept`,
          // Pods that run here for others reach nobody but their own cluster.
          `ip saddr @guests ${drop("denied")}`,
          ...(peer.consumer ? ["accept"] : [`ip saddr @${prefix}_opened accept`, drop("denied")]),
        ],
      },
    ],
  };
};
