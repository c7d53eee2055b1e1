/** nftables as data. Elements are compared one by one, rules by a hash that each carries in its comment. */

export type NftType =
  "ipv4_addr" | "ipv6_addr" | "ifname" | "mark" | "inet_proto" | "inet_service" | "icmp_type" | "ether_addr";

/**
 * A value in nft's own words: address, prefix (`interval` only), interface name without quotes, number, protocol name
 * (`tcp`). Names of sets, maps, chains and counters must not be words of nft's grammar (`mark`, `all`, `fwd`, `in` is
 * fine). An array is a concatenation, in the order of the set's types: `[7, "10.1.0.0/16"]`.
 */
export type NftKey = string | number | readonly (string | number)[];
/** `accept`, `drop`, `return`, `jump <chain>`, `goto <chain>`. */
export type NftVerdict = string;

export interface NftSet {
  readonly name: string;
  /** One type, or those of a concatenation. */
  readonly type: NftType | readonly NftType[];
  /** Elements may be prefixes and ranges (`1024-65535`), and may overlap: they are cut so that the kernel takes them. */
  readonly interval?: boolean;
  readonly elements: readonly NftKey[];
}

export interface NftMap {
  readonly name: string;
  readonly type: NftType | readonly NftType[];
  /** `verdict` makes a verdict map. */
  readonly value: NftType | "verdict";
  /** Keys may be prefixes; they must not overlap. */
  readonly interval?: boolean;
  /** Values are prefixes too: for `dnat ip prefix to ip daddr map @name`. Needs `interval`. */
  readonly prefixValues?: boolean;
  readonly elements: readonly (readonly [NftKey, string | number | NftVerdict])[];
}

export interface NftBaseChain {
  readonly type: "filter" | "nat" | "route";
  /** `egress`: of a table of family `netdev`. */
  readonly hook: "prerouting" | "input" | "forward" | "output" | "postrouting" | "egress";
  /**
   * Whose packets, for `egress`. The kernel's listing does not tell it, and a device that is made anew is another one:
   * the chain's name has to say which one is meant.
   */
  readonly device?: string;
  /** Numeric: raw -300, mangle -150, dstnat -100, filter 0, srcnat 100. */
  readonly priority: number;
  /** Default `accept`. */
  readonly policy?: "accept" | "drop";
}

export interface NftChain {
  readonly name: string;
  /** Left out: a chain that others jump to. */
  readonly base?: NftBaseChain;
  /** Statements in nft's text syntax, without comment; sets and maps as `@name`, counters as `counter name <name>`. */
  readonly rules: readonly (string | NftRule)[];
}
export interface NftRule {
  readonly rule: string;
  /** For people who list the table; at most 100 characters, no quotes. */
  readonly comment?: string;
}

export interface NftTable {
  /** Default `ip`. */
  readonly family?: "ip" | "ip6" | "inet" | "netdev";
  readonly name: string;
  /** Named counters; they keep their values when the table changes. */
  readonly counters?: readonly string[];
  readonly sets?: readonly NftSet[];
  readonly maps?: readonly NftMap[];
  readonly chains: readonly NftChain[];
}
