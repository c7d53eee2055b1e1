/** What `tideway network status -o json` prints. */
export interface NetworkStatus {
  /** External addresses of this cluster, as they are here. */
  externalCIDR?: string;
  tunnels: TunnelStatus[];
  /** What could not be read, and so is missing above. */
  problems: string[];
}

/** One line of the translation table: what it is there, and where it is seen. */
export interface Seen {
  cidr: string;
  /** Absent while the other side has not said. */
  seenAt?: string;
}

export interface TunnelStatus {
  peer: string;
  clusterID: string;
  ready: string;
  reason: string;
  message: string;
  gateway?: string;
  node?: string;
  implementation?: string;
  endpoint?: string;
  mtu: number;
  latencyMs?: number;
  /** Share of lost probes, 0 to 1. */
  loss?: number;
  /** Bytes since the gateway carries the tunnel. */
  receivedBytes?: number;
  sentBytes?: number;
  /** Over the last second. */
  receivedBytesPerSecond?: number;
  sentBytesPerSecond?: number;
  handshakeAgeSeconds?: number;
  translation: { ourPods: Seen; ourExternal: Seen; theirPods?: Seen; theirExternal?: Seen };
}
