import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { describeError, UnavailableError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import { encodeFact } from "@tideway/protos";
import { currentTraceparent } from "@tideway/telemetry/tracing";
import { createBackoff, pause } from "./backoff.ts";
import { sourceOf, typeOf, writeHeaders } from "./envelope.ts";
import type { BusMetrics } from "./metrics.ts";
import { FACTS } from "./streams.ts";
import { filterOf, subjectOf } from "./subject.ts";
import type { Bus, FactName } from "./types.ts";

interface Wanted {
  body: string;
  type: string;
  traceparent: string | undefined;
  waiting: PromiseWithResolvers<void>[];
}
/** One subject: what the bus is known to hold, and what it shall hold. */
interface Slot {
  entity: FactName;
  subject: string;
  /** Absent: not known, so ask. */
  stored?: { body: string | undefined };
  wanted?: Wanted;
  /** The try that may still say what is stored; one given up with its connection may not. */
  attempt?: object;
  working: boolean;
}

export interface PublisherDeps {
  nc: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  service: string;
  clusterID: string;
  log: Logger;
  metrics: BusMetrics;
  signal: AbortSignal;
  onTrouble: () => void;
}

export interface Publisher {
  publish: Bus["publish"];
  /** What the bus holds is no longer known: it was away. Tries that wait are made at once. */
  forget(): void;
  /** Resolves when nothing waits to be stored. */
  idle(): Promise<void>;
}

export const createPublisher = (d: PublisherDeps): Publisher => {
  const slots = new Map<string, Slot>();
  const listening = new Set<string>();
  const source = sourceOf(d.clusterID, d.service);
  let wake = new AbortController();

  /** Replicas share subjects: hear what another one says, so that the memory of what is stored stays true. */
  const listen = (entity: FactName): void => {
    if (listening.has(entity)) return;
    listening.add(entity);
    d.nc.subscribe(filterOf(entity), {
      callback: (err, m) => {
        const slot = err ? undefined : slots.get(m.subject);
        if (slot?.stored) slot.stored = { body: m.string() };
      },
    });
  };

  const settle = async (slot: Slot, w: Wanted): Promise<void> => {
    const attempt = (slot.attempt = {});
    if (!slot.stored) {
      const body = (await d.jsm.direct.getMessage(FACTS, { last_by_subj: slot.subject }))?.string();
      if (slot.attempt !== attempt) return;
      slot.stored = { body };
    }
    if (slot.stored.body === w.body) return d.metrics.published(slot.entity, "unchanged");
    const headers = writeHeaders({
      source,
      type: w.type,
      subject: slot.subject,
      time: new Date(),
      traceparent: w.traceparent,
    });
    delete slot.stored; // not known until it is acknowledged
    await d.js.publish(slot.subject, w.body, { headers, timeout: 3_000, expect: { streamName: FACTS } });
    if (slot.attempt === attempt) slot.stored = { body: w.body };
    d.metrics.published(slot.entity, "stored");
  };

  const orWoken = async (work: Promise<void>): Promise<void> => {
    const { signal } = wake;
    const woken = Promise.withResolvers<never>();
    const end = (): void => woken.reject(new UnavailableError("the connection was lost"));
    signal.addEventListener("abort", end, { once: true });
    work.catch(() => undefined);
    await Promise.race([work, woken.promise]).finally(() => signal.removeEventListener("abort", end));
  };

  const work = async (slot: Slot): Promise<void> => {
    const backoff = createBackoff(50, 2_000);
    for (let w = slot.wanted; w; w = slot.wanted) {
      try {
        // an answer that the lost connection took along never comes: do not wait for its timeout
        await orWoken(settle(slot, w));
        if (slot.wanted === w) delete slot.wanted;
        for (const one of w.waiting) one.resolve();
      } catch (err) {
        if (d.signal.aborted) break;
        const retryInMs = backoff.nextMs();
        delete slot.stored;
        d.metrics.published(slot.entity, "retried");
        d.log.warn({ subject: slot.subject, reason: describeError(err), retryInMs }, "fact not stored yet");
        d.onTrouble();
        await pause(retryInMs, AbortSignal.any([wake.signal, d.signal]));
      }
    }
    // At once, without an await since the last look at `wanted`: a publish that comes now must start anew.
    slot.working = false;
    for (const one of slot.wanted?.waiting ?? [])
      one.reject(new UnavailableError(`the bus was closed before ${slot.subject} was stored`));
    if (slot.stored?.body?.includes('"GONE"')) slots.delete(slot.subject);
  };

  const start = (slot: Slot): void => {
    if (slot.working) return;
    slot.working = true;
    void work(slot);
  };

  return {
    publish: async (entity, subject, data, o) => {
      const body = encodeFact(entity, data);
      const name = subjectOf(entity, subject);
      if (d.signal.aborted) throw new UnavailableError(`the bus is closed; ${name} was not said`);
      listen(entity);
      const slot = slots.get(name) ?? { entity, subject: name, working: false };
      slots.set(name, slot);
      const waiter = Promise.withResolvers<void>();
      const waiting = [...(slot.wanted?.waiting ?? []), waiter];
      slot.wanted = {
        body,
        type: typeOf(entity, data),
        traceparent: o?.traceparent ?? currentTraceparent(),
        waiting,
      };
      start(slot);
      return waiter.promise;
    },
    forget: () => {
      for (const slot of slots.values()) delete slot.stored;
      wake.abort();
      wake = new AbortController();
    },
    idle: async () => {
      const waiting = [...slots.values()].flatMap((s) => s.wanted?.waiting ?? []);
      await Promise.allSettled(waiting.map((w) => w.promise));
    },
  };
};
