import { DeliverPolicy } from "@nats-io/jetstream";
import { describeError } from "@tideway/errors";
import { decodeFact } from "@tideway/protos";
import { readHeaders } from "./envelope.ts";
import { startFeed, type FeedDeps, type FeedMessage } from "./feed.ts";
import type { BusMetrics } from "./metrics.ts";
import { FACTS } from "./streams.ts";
import { filterOf, parseSubject, subjectOf } from "./subject.ts";
import type { Fact, FactName, FactView } from "./types.ts";

/** What is gone for longer than this is forgotten here too. */
const GONE_MS = 25 * 3600 * 1000;

export interface ViewDeps extends FeedDeps {
  metrics: BusMetrics;
  /** Resolves when absence may be believed: see BusOptions.settleMs. */
  settled: () => Promise<void>;
}

export const readFact = <F extends FactName>(
  entity: F,
  m: Pick<FeedMessage, "subject" | "headers" | "body">,
): Fact<F> => {
  const { peer, id } = parseSubject(m.subject);
  const { type, time, traceparent } = readHeaders(m.headers);
  const data = decodeFact(entity, m.body);
  return {
    entity,
    peer,
    ...(id === undefined ? {} : { id }),
    type,
    time,
    ...(traceparent ? { traceparent } : {}),
    data,
  };
};

export const createView = <F extends FactName>(d: ViewDeps, entity: F): FactView<F> => {
  const held = new Map<string, { fact: Fact<F>; body: string }>();
  const handlers = new Set<(fact: Fact<F>) => void>();
  const synced = Promise.withResolvers<void>();
  let hasSynced = false;

  const forgetGone = (): void => {
    for (const [subject, { fact }] of held)
      if (fact.type.endsWith(".gone") && Date.now() - Date.parse(fact.time) > GONE_MS) held.delete(subject);
  };
  const tell = (handler: (fact: Fact<F>) => void, fact: Fact<F>): void => {
    try {
      handler(fact);
    } catch (err) {
      d.log.error({ err, entity, peer: fact.peer }, "a handler of facts failed");
    }
  };
  const onMessage = (m: FeedMessage): void => {
    let fact: Fact<F>;
    try {
      fact = readFact(entity, m);
    } catch (err) {
      // One bad message must not hide the others: what was held stays, and the log names the field.
      d.metrics.received(entity, "malformed");
      d.log.error(
        { subject: m.subject, sequence: m.sequence, reason: describeError(err) },
        "fact cannot be read",
      );
      return;
    }
    d.metrics.received(entity, "read");
    const known = held.get(m.subject);
    held.set(m.subject, { fact, body: m.body });
    if (known?.body === m.body) return; // told before the connection was lost
    for (const handler of handlers) tell(handler, fact);
  };
  startFeed(d, {
    stream: FACTS,
    filter: filterOf(entity),
    from: () => ({ deliver_policy: DeliverPolicy.LastPerSubject }),
    onMessage,
    onCaughtUp: () => {
      forgetGone();
      if (hasSynced) return;
      void d.settled().then(() => {
        hasSynced = true;
        synced.resolve();
      });
    },
  });
  return {
    synced: synced.promise,
    get hasSynced() {
      return hasSynced;
    },
    get: (peer, id) => held.get(subjectOf(entity, { peer, id }))?.fact,
    list: () => [...held.values()].map(({ fact }) => fact),
    onChange: (handler) => {
      let stopped = false;
      queueMicrotask(() => {
        if (stopped) return;
        for (const { fact } of [...held.values()]) tell(handler, fact);
        handlers.add(handler);
      });
      return () => {
        stopped = true;
        handlers.delete(handler);
      };
    },
  };
};
