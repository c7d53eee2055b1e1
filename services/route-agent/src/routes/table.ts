import { covers, type NftTable, OVERLAY_DEVICE } from "@tideway/net";

export const NODE_TABLE = "tideway-node";
/** Before srcnat (100), where CNIs and kube-proxy have theirs: the first NAT chain that decides is the one that does. */
const BEFORE_MASQUERADE = 90;

/** Keys of an interval map must not overlap: what another one covers says nothing more. */
export const widest = (prefixes: readonly string[]): string[] => {
  const all = [...new Set(prefixes)].sort();
  return all.filter((p) => !all.some((other) => other !== p && covers(other, p)));
};

const toItself = (name: string, prefixes: readonly string[]): NonNullable<NftTable["maps"]>[number] => ({
  name,
  type: "ipv4_addr",
  value: "ipv4_addr",
  interval: true,
  prefixValues: true,
  elements: widest(prefixes).map((p) => [p, p] as const),
});

/**
 * Keeps the sources of what crosses the overlay: translating a source to itself is a decision, and after it no CNI's
 * masquerade is asked. What kube-proxy has marked (NodePorts, above all) has to come back to this very node, so that is
 * left to its masquerade, which takes the device's address: the node's.
 */
export const nodeTable = (o: {
  /** Pods of this cluster. */
  pods: readonly string[];
  /** What is behind gateways. */
  remote: readonly string[];
  masqueradeMark: number;
}): NftTable => {
  const mark = `0x${o.masqueradeMark.toString(16).padStart(8, "0")}`;
  return {
    family: "ip",
    name: NODE_TABLE,
    maps: [toItself("pods", o.pods), toItself("remote", o.remote)],
    chains: [
      {
        name: "postrouting",
        base: { type: "nat", hook: "postrouting", priority: BEFORE_MASQUERADE },
        rules: [
          { rule: `meta mark & ${mark} == ${mark} return`, comment: "kube-proxy masquerades it" },
          {
            rule: `oifname "${OVERLAY_DEVICE}" snat ip prefix to ip saddr map @pods`,
            comment: "pods keep their address on the way to a gateway",
          },
          {
            rule: `iifname "${OVERLAY_DEVICE}" snat ip prefix to ip saddr map @remote`,
            comment: "and peers theirs on the way to pods",
          },
        ],
      },
    ],
  };
};
