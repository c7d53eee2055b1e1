import type { FactOf } from "@tideway/protos";

export type Outcome = FactOf["audit"]["outcome"];

/** Who acted, as far as it is known. */
export interface Actor {
  /** The cluster ID it gave itself, or that its identity names. */
  clusterID?: string | undefined;
  clusterName?: string | undefined;
  /** IP address it came from. */
  address?: string | undefined;
  /** SPKI pin of the key it has proven to hold, "sha256/<base64>". */
  pin?: string | undefined;
}

/** One decision. What stands here goes to people and stays for days: no token, no key. */
export interface AuditRecord {
  /**
   * Cluster ID of the peer in whose history it stands. Undefined for a cluster that is not known here: only what a
   * service knows may name a subject, not what a caller says.
   */
  peer: string | undefined;
  actor: Actor;
  /** A verb, and what it is done to where the verb alone says too little: `authenticate`, `create-pod`. */
  action: string;
  /** Kind/name or Kind/namespace/name. */
  object?: string | undefined;
  outcome: Outcome;
  /** CamelCase word. */
  reason: string;
  message: string;
}

export interface Audit {
  /** Returns at once and never throws: logs the record and stores it on the bus, tried until it is. */
  record(r: AuditRecord): void;
  /** Stores what is still counted, and waits for what is not stored yet. Call it before the bus is closed. */
  close(): Promise<void>;
}
