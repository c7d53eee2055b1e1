import type { Logger } from "@tideway/log";
import type { FactInput, FactName, FactOf } from "@tideway/protos";
import type { Metrics } from "@tideway/telemetry";

export type { FactInput, FactName, FactOf };

/** What a subject names: a peer's cluster ID, and where a peer has several things of a kind, which one. */
export interface SubjectOf {
  peer: string;
  id?: string | undefined;
}

/** The newest state of one thing, as its owner said it. */
export interface Fact<F extends FactName = FactName> {
  entity: F;
  peer: string;
  id?: string;
  /** What happened: `dev.tideway.identity.granted`. */
  type: string;
  /** RFC 3339. */
  time: string;
  traceparent?: string;
  data: FactOf[F];
}

/**
 * All facts of one entity, kept up to date. What it held survives a lost connection and a wiped bus: until a
 * publisher says otherwise, what was true last stays.
 */
export interface FactView<F extends FactName> {
  /** Resolves when the current state of every subject has been read: from then on absence means "not existing". */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  get(peer: string, id?: string): Fact<F> | undefined;
  /** Things that are gone are listed too, for a day, with a state that says so. */
  list(): Fact<F>[];
  /** Called for what is held already (in the next microtask) and for every change. Returns the way to stop. */
  onChange(handler: (fact: Fact<F>) => void): () => void;
}

/** One message of the history: a fact of any entity, also of one this version does not know. */
export interface BusEvent {
  id: string;
  type: string;
  source: string;
  time: string;
  entity: string;
  peer: string;
  key?: string;
  /** Position in the history; grows, with gaps. */
  sequence: number;
  traceparent?: string;
  data: unknown;
}

export interface EventsOptions {
  /** From this moment on; default everything kept (7 days). */
  since?: Date;
  /** Wait for new ones after the last; else end there. */
  follow: boolean;
  entity?: string;
  /** A peer's cluster ID. */
  peer?: string;
  signal?: AbortSignal;
}

export interface Bus {
  /**
   * Says what is true now. Resolves when the bus has stored it, or found it stored already; tried until then,
   * across reconnects. A newer call for the same subject overtakes one still waiting, which resolves with it.
   * `traceparent` defaults to that of the span around the call.
   * Rejects with InvalidError for data that is no such fact, with UnavailableError when the bus is closed.
   */
  publish<F extends FactName>(
    fact: F,
    subject: SubjectOf,
    data: FactInput<F>,
    o?: { traceparent?: string | undefined },
  ): Promise<void>;
  /**
   * Adds a record to the history: a subject that is used once, never compared, never overtaken, gone from the facts
   * after an hour. Resolves when it is stored; rejects as `publish` does.
   */
  append<F extends FactName>(
    fact: F,
    subject: SubjectOf & { id: string },
    data: FactInput<F>,
    o?: { traceparent?: string | undefined },
  ): Promise<void>;
  facts<F extends FactName>(fact: F): Promise<FactView<F>>;
  /** The connection was lost or the bus lost its storage: publish your current facts again. Not called at start. */
  onReconnect(handler: () => void): void;
  events(o: EventsOptions): AsyncIterable<BusEvent>;
  connected(): boolean;
  /** Waits a moment for what is not stored yet, then closes. */
  close(): Promise<void>;
}

export interface BusOptions {
  /** `nats://host:port` or `tls://host:port`. */
  url: string;
  service: string;
  /** NKey seed of this service's user; absent: the bus asks for none. */
  seed?: string | undefined;
  /** PEM of the CA of the bus; makes the connection TLS. */
  ca?: string | undefined;
  /** The name that the server's certificate must have, where it is reached under another one (port-forwards). */
  serverName?: string | undefined;
  clusterID: string;
  log: Logger;
  signal?: AbortSignal | undefined;
  metrics?: Metrics | undefined;
  /** Told at every change, and at first: for the readiness of a service. */
  onStatus?: ((connected: boolean) => void) | undefined;
  /** On how many servers of a clustered bus the streams are kept, 1 to 5; the same in every service. Default 1. */
  replicas?: number | undefined;
  /** The streams exist and this user may not make them (readers). Default false. */
  readOnly?: boolean | undefined;
  /**
   * How old the streams must be, in ms, before an absent fact means "not existing": on a bus made just now,
   * publishers still have to speak. Default 2000.
   */
  settleMs?: number | undefined;
}
