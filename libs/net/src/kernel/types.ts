import type { Logger } from "@tideway/log";
import type { Metrics } from "@tideway/telemetry";
import type { NftTable } from "./nft-types.ts";
import type { Runner } from "./runner.ts";

/** What a write touched; label of `tideway_kernel_writes_total`. One transaction counts once, whatever its size. */
export const WRITE_KINDS = ["link", "route", "fdb", "neighbour", "nft", "wireguard"] as const;
export type WriteKind = (typeof WRITE_KINDS)[number];
export type WriteCounts = Readonly<Record<WriteKind, number>>;

/** The lines that were given to the kernel; empty when it already was as desired. Never holds a key. */
export interface Applied {
  readonly lines: readonly string[];
}

export interface VxlanDevice {
  readonly vni: number;
  /** UDP port of the underlay. */
  readonly port: number;
  /** Underlay address of this endpoint. */
  readonly local: string;
}

export interface Link {
  readonly name: string;
  /** Made when missing and made anew when it differs. Without it the link must be there already (`lo`). */
  readonly vxlan?: VxlanDevice;
  readonly mac?: string;
  readonly mtu?: number;
  /**
   * With prefix length: `10.1.0.5/32`. Others are taken off, except loopback (127/8, ::1) and link-local ones.
   * Left out: addresses are not touched.
   */
  readonly addresses?: readonly string[];
}

export interface Route {
  /** `10.2.0.0/16`, or `default`. */
  readonly destination: string;
  readonly device?: string;
  readonly via?: string;
  /** The next hop is reached on `device` though no route says so. */
  readonly onlink?: boolean;
  /** Preferred source address. */
  readonly source?: string;
  readonly mtu?: number;
  /** Default `unicast`; `unreachable` and `blackhole` take no device. */
  readonly type?: "unicast" | "unreachable" | "blackhole";
}

export interface RoutingRule {
  readonly priority: number;
  readonly fwmark?: number;
  /** Mask of `fwmark`; default all bits. */
  readonly fwmask?: number;
  readonly from?: string;
  readonly to?: string;
  readonly iif?: string;
}

/** The whole content of a routing table and all rules that look it up: others in it are removed. */
export interface Routing {
  /** Default 4. */
  readonly family?: 4 | 6;
  readonly table: number;
  readonly routes: readonly Route[];
  readonly rules: readonly RoutingRule[];
}

/** Another end of the overlay: gives one FDB entry (MAC to underlay address) and one neighbour (address to MAC). */
export interface OverlayEndpoint {
  readonly address: string;
  /** Default `macOf(address)`. */
  readonly mac?: string;
}

export interface WireguardPeer {
  /** Base64. */
  readonly publicKey: string;
  /** `192.0.2.1:51820` or `[2001:db8::1]:51820`; left out, the peer must come to us, and where it came from is kept. */
  readonly endpoint?: string;
  readonly allowedIPs: readonly string[];
  /** 0 or left out: none. */
  readonly keepaliveSeconds?: number;
  /** Taken off and put back in one step: only that makes WireGuard shake hands at once. Not a state: do it once. */
  readonly anew?: boolean;
}
export interface WireguardDevice {
  readonly name: string;
  /** Base64. Reaches the kernel by stdin only, never by argument or log. */
  readonly privateKey: string;
  readonly listenPort: number;
  readonly mtu?: number;
  /** With prefix length; none by default. */
  readonly addresses?: readonly string[];
  /** Peers not named are removed. Usually one. */
  readonly peers: readonly WireguardPeer[];
}
export type WireguardImplementation = "kernel" | "userspace";
export interface WireguardPeerStatus {
  readonly publicKey: string;
  readonly endpoint?: string;
  readonly allowedIPs: readonly string[];
  /** Seconds since the epoch; left out when there was none. */
  readonly lastHandshake?: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly keepaliveSeconds: number;
}
export interface WireguardStatus {
  readonly name: string;
  readonly publicKey: string;
  readonly listenPort: number;
  readonly peers: readonly WireguardPeerStatus[];
}

export interface CounterValue {
  readonly packets: number;
  readonly bytes: number;
}

export interface Wireguard {
  /** Which one `apply` uses; found out once, at the first call. */
  implementation(): Promise<WireguardImplementation>;
  /**
   * Makes the interface, brings it up and writes what differs. A userspace process that died has taken its
   * interface along: applying again starts it anew (see `KernelOptions.onWireguardExit`).
   */
  apply(device: WireguardDevice): Promise<Applied>;
  /** Absent is fine. */
  remove(name: string): Promise<Applied>;
  /** Every WireGuard interface of the namespace, by name; also those left by an earlier process. */
  status(): Promise<ReadonlyMap<string, WireguardStatus>>;
}

/**
 * Whole desired state in, minimal transaction out: each call reads what there is, writes the difference at once, and
 * writes nothing when there is none. A failed write leaves the old state and rejects with a `KernelError`.
 * Calls of one kind (WireGuard: of one interface) wait for each other; all are safe to repeat.
 */
export interface Kernel {
  /** Makes and changes these links; others are not touched. */
  applyLinks(links: readonly Link[]): Promise<Applied>;
  /** Absent is fine. */
  removeLink(name: string): Promise<Applied>;
  applyRoutes(routing: Routing): Promise<Applied>;
  /** All static FDB and neighbour entries of the VXLAN device. */
  applyNeighbours(device: string, endpoints: readonly OverlayEndpoint[]): Promise<Applied>;
  applyTable(table: NftTable): Promise<Applied>;
  /** Absent is fine. Family default `ip`. */
  removeTable(name: string, family?: NftTable["family"]): Promise<Applied>;
  /**
   * Whether packets can be handed to another device where they leave one (`fwd` at hook `egress`; Linux 5.16, nftables
   * 1.0.1). Tried without changing anything, once.
   */
  forwardsAtEgress(): Promise<boolean>;
  /**
   * Largest packets that pass to these addresses, where the kernel has learnt that it is less than the device takes;
   * the others are left out.
   */
  pathMtus(addresses: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The named counters of a table; empty when there is no such table. */
  counters(table: string, family?: NftTable["family"]): Promise<ReadonlyMap<string, CounterValue>>;
  readonly wireguard: Wireguard;
  /** Transactions that wrote since the start. */
  readonly writes: WriteCounts;
  /**
   * Calls `changed` when anybody (also this driver) changes links, addresses, routes, rules or neighbours, or somebody
   * else nft tables: the moment to apply again. Bursts come as one call. Ends with `signal`. While it runs, tables are
   * not read again before each write; what is known of them is compared with the kernel every 10 s.
   */
  watch(changed: () => void, signal: AbortSignal): void;
}

export interface KernelOptions {
  readonly log: Logger;
  /** Ends child processes (userspace WireGuard). */
  readonly signal: AbortSignal;
  readonly metrics?: Metrics;
  /** Work in this named network namespace instead of the process's own; for tests. */
  readonly namespace?: string;
  /** Default: real child processes. */
  readonly runner?: Runner;
  /** Path of the userspace implementation; default `wireguard-go`. */
  readonly wireguardGo?: string;
  /** `userspace` never tries the kernel module. Default `auto`. */
  readonly wireguardImplementation?: WireguardImplementation | "auto";
  /** A userspace WireGuard process ended by itself and its interface is gone: apply the device again. */
  readonly onWireguardExit?: (name: string) => void;
}
