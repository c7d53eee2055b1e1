/** Why a packet was dropped or refused: names of counters, and label of `tideway_gateway_dropped_packets_total`. */
export const DROPS = [
  /** From the overlay, with a source that is no pod, node or peer. */
  "spoofed",
  /** No rule lets the sender reach the target. */
  "denied",
  /** From a tunnel, to a pod that ended a moment ago. */
  "gone",
  /** From a tunnel, to an address that the peer does not know us by. */
  "untranslated",
  /** Belongs to no connection and begins none. */
  "invalid",
  /** To this gateway itself, and not a probe or a ping. */
  "input",
  /** Overlay packets from what is not a node. */
  "underlay",
  /** Neither from the overlay nor from a tunnel. */
  "other",
] as const;
export type DropReason = (typeof DROPS)[number];

export const drop = (reason: DropReason): string => `counter name ${reason} drop`;
