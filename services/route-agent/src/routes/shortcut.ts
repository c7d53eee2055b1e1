import { type NftChain, type NftTable, VXLAN_PORT } from "@tideway/net";
import type { Plug } from "../ports.ts";
import { NODE_TABLE } from "./table.ts";

const rulesOf = (plugs: readonly Plug[]): string[] =>
  plugs.flatMap(({ address, learnt }) =>
    learnt
      ? `ether daddr ${learnt.mac} ip daddr ${address} udp dport ${VXLAN_PORT} fwd to "${learnt.port}"`
      : [],
  );

/**
 * What goes to a gateway on this node is handed to the gateway's port of the bridge before the bridge device sends it.
 * A bridge promises nothing about packets within packets, so the kernel would cut each one of 64 KiB into 46, compute
 * the checksums of all of them, and have the gateway put them together again: half of the work of the whole way
 * (ADR 0015). The MAC stands in the rule so that a pod that gets the address of one that is gone is not missed.
 */
export const shortcutTable = (plugs: readonly Plug[]): NftTable => {
  const bridges = [...new Map(plugs.map((p) => [p.index, p.bridge]))];
  return {
    family: "netdev",
    name: NODE_TABLE,
    chains: bridges.flatMap(([index, bridge]): NftChain[] => {
      const rules = rulesOf(plugs.filter((p) => p.index === index));
      const base = { type: "filter", hook: "egress", device: bridge, priority: 0 } as const;
      return rules.length > 0 ? [{ name: `bridge_${index}`, base, rules }] : [];
    }),
  };
};
