import { DeliverPolicy } from "@nats-io/jetstream";
import { startFeed, type FeedDeps, type FeedMessage } from "./feed.ts";
import { EVENTS } from "./streams.ts";
import { filterOf, parseSubject } from "./subject.ts";
import type { BusEvent, EventsOptions } from "./types.ts";

const jsonOr = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};

/** History shows everything, also what this version cannot read: what is not JSON is shown as text. */
export const toEvent = (m: FeedMessage): BusEvent => {
  const { entity, peer, id } = parseSubject(m.subject);
  const header = (name: string): string => m.headers?.get(name) ?? "";
  const traceparent = header("traceparent");
  return {
    id: header("ce-id"),
    type: header("ce-type"),
    source: header("ce-source"),
    time: header("ce-time") || new Date(Number(m.nanos / 1_000_000n)).toISOString(),
    entity,
    peer,
    ...(id === undefined ? {} : { key: id }),
    sequence: m.sequence,
    ...(traceparent ? { traceparent } : {}),
    data: jsonOr(m.body),
  };
};

/** RFC 3339 with all nine digits, so that reading goes on exactly where it was cut. */
const timeOf = (ns: bigint): string => {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, "0")}Z`;
};

export async function* readHistory(d: Omit<FeedDeps, "signal">, o: EventsOptions): AsyncGenerator<BusEvent> {
  const queue: BusEvent[] = [];
  const stop = new AbortController();
  const signal = o.signal ? AbortSignal.any([o.signal, stop.signal]) : stop.signal;
  let last = 0n;
  let ended = false;
  let more = Promise.withResolvers<void>();
  const notify = (): void => {
    more.resolve();
    more = Promise.withResolvers<void>();
  };
  signal.addEventListener("abort", () => notify(), { once: true });
  startFeed(
    { ...d, signal },
    {
      stream: EVENTS,
      filter: filterOf(o.entity),
      from: () =>
        last > 0n
          ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: timeOf(last + 1n) }
          : o.since
            ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: o.since.toISOString() }
            : { deliver_policy: DeliverPolicy.All },
      onMessage: (m) => {
        last = m.nanos;
        const event = toEvent(m);
        if (o.peer !== undefined && event.peer !== o.peer) return;
        queue.push(event);
        notify();
      },
      onCaughtUp: () => {
        ended = !o.follow;
        notify();
      },
    },
  );
  try {
    for (;;) {
      for (let event = queue.shift(); event; event = queue.shift()) yield event;
      if (ended || signal.aborted) return;
      if (queue.length === 0) await more.promise;
    }
  } finally {
    stop.abort();
  }
}
