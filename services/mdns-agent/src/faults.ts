/** What is recorded of a host on the local network that means no good, or does not know what it says. Pure. */
import type { AuditRecord } from "@tideway/audit";
import type { Unread } from "./metrics.ts";
import type { Address } from "./responder/state.ts";

export type Fault = Unread | "TooManyAnnouncements" | "NameTaken" | "ForgedGoodbye";

/** What it did, and what became of it. */
const FAULTS: Record<Fault, { action: string; message: string }> = {
  Malformed: { action: "send-packet", message: "sent what is no packet of DNS; not read" },
  Oversized: { action: "send-packet", message: "sent a packet larger than any that is read" },
  Flooded: { action: "send-packet", message: "a packet beyond MDNS_PACKETS_PER_SECOND; not read" },
  OffLink: { action: "send-packet", message: "its address is not of this network; not read" },
  TooManyAnnouncements: {
    action: "announce",
    message: "announced more clusters than are taken in (MDNS_MAX_INSTANCES, MDNS_NEW_PER_MINUTE)",
  },
  NameTaken: {
    action: "announce",
    message: "announced other records under this cluster's name; it asks again whether the name is free",
  },
  ForgedGoodbye: { action: "say-goodbye", message: "said goodbye for this cluster; it says that it is here" },
};

/**
 * One record a source and fault, and once a minute how many there were; beyond 64 such at a time by fault alone: senders
 * of UDP have as many addresses as they like.
 */
export const RECORDS = { windowMs: 60_000, maxWindowMs: 60_000, kinds: 64 };

/** Nobody is known by such a packet: it stands in no peer's history. */
export const recordOf = (fault: Fault, from: Address): AuditRecord => ({
  peer: undefined,
  actor: { address: from.address },
  object: "LocalNetwork/mdns",
  outcome: "DENIED",
  reason: fault,
  ...FAULTS[fault],
});
