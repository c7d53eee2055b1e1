import { describeError, UnavailableError } from "@tideway/errors";
import { encodeFact } from "@tideway/protos";
import { currentTraceparent } from "@tideway/telemetry/tracing";
import { createBackoff, pause } from "./backoff.ts";
import { sourceOf, typeOf, writeHeaders } from "./envelope.ts";
import type { PublisherDeps } from "./publisher.ts";
import { FACTS } from "./streams.ts";
import { subjectOf } from "./subject.ts";
import type { Bus } from "./types.ts";

/** What the history copies within milliseconds, and a bus without its history's leader within seconds. */
const RECORD_TTL = "1h";

/**
 * Records that stand for themselves: each on a subject of its own, stored once however often it was tried (the server
 * knows the message's ID for two minutes), so that none overtakes another on its way to the history.
 */
export const createAppender = (d: PublisherDeps): Bus["append"] => {
  const source = sourceOf(d.clusterID, d.service);
  return async (entity, subject, data, o) => {
    const body = encodeFact(entity, data);
    const name = subjectOf(entity, subject);
    const traceparent = o?.traceparent ?? currentTraceparent();
    const headers = writeHeaders({
      source,
      type: typeOf(entity, data),
      subject: name,
      time: new Date(),
      traceparent,
    });
    headers.set("Nats-TTL", RECORD_TTL);
    const send = { headers, msgID: headers.get("ce-id"), timeout: 3_000, expect: { streamName: FACTS } };
    const backoff = createBackoff(50, 2_000);
    while (!d.signal.aborted) {
      try {
        await d.js.publish(name, body, send);
        return d.metrics.published(entity, "stored");
      } catch (err) {
        const retryInMs = backoff.nextMs();
        d.metrics.published(entity, "retried");
        d.log.warn({ subject: name, reason: describeError(err), retryInMs }, "record not stored yet");
        d.onTrouble();
        await pause(retryInMs, d.signal);
      }
    }
    throw new UnavailableError(`the bus was closed before ${name} was stored`);
  };
};
