import { AckPolicy, ReplayPolicy, type ConsumerConfig, type JetStreamManager } from "@nats-io/jetstream";
import {
  createInbox,
  nanos,
  nuid,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from "@nats-io/transport-node";
import { describeError, UnavailableError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import { createBackoff, pause } from "./backoff.ts";
import { inboxPrefix } from "./connection.ts";

const HEARTBEAT_MS = 5_000;
/** Silence that counts as a lost consumer. */
const SILENCE_MS = 2 * HEARTBEAT_MS + 1_000;

export interface FeedMessage {
  subject: string;
  headers: MsgHdrs | undefined;
  body: string;
  /** Sequence in the stream; starts again at 1 when the bus lost its storage. */
  sequence: number;
  /** When the stream stored it, in ns since the epoch. */
  nanos: bigint;
}

export interface FeedOptions {
  stream: string;
  filter: string;
  /** Where to start reading; asked again whenever the feed has to start anew. */
  from: () => Partial<ConsumerConfig>;
  onMessage: (m: FeedMessage) => void;
  /** All that was stored when this round started has been handed over. */
  onCaughtUp: () => void;
}

export interface FeedDeps {
  nc: NatsConnection;
  jsm: JetStreamManager;
  service: string;
  log: Logger;
  signal: AbortSignal;
  /** Reading failed: perhaps the stream is gone. */
  onTrouble: () => void;
  /** Told of every running feed and of its end, so that all start anew after the bus was away. */
  running: Set<Feed>;
}

export interface Feed {
  /** Starts a new round: the connection or the storage changed. */
  restart(): void;
}

/** `$JS.ACK.<stream>.<consumer>.<tries>.<stream seq>.<consumer seq>.<ns>.<pending>`, or with domain and account first. */
const deliveryOf = (reply: string | undefined) => {
  const tokens = reply?.split(".") ?? [];
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK") return undefined;
  const [, sequence, delivered, ns, pending] = tokens.slice(tokens.length === 9 ? 4 : 6);
  return {
    sequence: Number(sequence),
    delivered: Number(delivered),
    nanos: BigInt(ns ?? 0),
    pending: Number(pending),
  };
};

/**
 * Reads a stream for as long as the signal lasts: an ephemeral push consumer that is made anew after a gap, after
 * silence and on `restart()`. Unlike the library's ordered consumer it does not go on from a sequence number,
 * which means nothing after the bus lost its storage.
 */
export const startFeed = (d: FeedDeps, o: FeedOptions): Feed => {
  let endRound: (err?: Error) => void = () => undefined;

  const round = async (): Promise<void> => {
    const ended = Promise.withResolvers<void>();
    ended.promise.catch(() => undefined); // it may end before anyone waits for its end
    endRound = (err) => (err ? ended.reject(err) : ended.resolve());
    let delivered = 0;
    let heardAt = Date.now();
    let caughtUp = false;
    const nowCaughtUp = (): void => {
      if (caughtUp) return;
      caughtUp = true;
      o.onCaughtUp();
    };
    const gap = (): void =>
      endRound(new UnavailableError(`messages of ${o.stream} after ${delivered} are missing`));

    const onStatus = (m: Msg): void => {
      if (m.headers?.code !== 100)
        return endRound(new UnavailableError(`consumer ended: ${m.headers?.description}`));
      const stalled = m.headers.get("Nats-Consumer-Stalled");
      if (stalled) d.nc.publish(stalled);
      if (m.reply) return void m.respond(); // flow control
      const last = m.headers.get("Nats-Last-Consumer");
      if (last && Number(last) > delivered) return gap();
      if (created) nowCaughtUp(); // idle: nothing waits
    };
    const onMessage = (m: Msg): void => {
      heardAt = Date.now();
      const at = deliveryOf(m.reply);
      if (!at) return onStatus(m);
      if (at.delivered !== ++delivered) return gap();
      const { sequence, nanos: ns } = at;
      o.onMessage({ subject: m.subject, headers: m.headers, body: m.string(), sequence, nanos: ns });
      if (at.pending === 0) nowCaughtUp();
    };

    let created = false;
    const inbox = createInbox(inboxPrefix(d.service));
    const sub = d.nc.subscribe(inbox, { callback: (err, m) => (err ? endRound(err) : onMessage(m)) });
    const watch = setInterval(() => {
      if (Date.now() - heardAt > SILENCE_MS) endRound(new UnavailableError(`no heartbeat of ${o.stream}`));
    }, HEARTBEAT_MS);
    watch.unref();
    try {
      const adding = d.jsm.consumers.add(o.stream, {
        name: `${d.service}-${nuid.next()}`,
        filter_subject: o.filter,
        deliver_subject: inbox,
        ack_policy: AckPolicy.None,
        replay_policy: ReplayPolicy.Instant,
        idle_heartbeat: nanos(HEARTBEAT_MS),
        flow_control: true,
        mem_storage: true,
        num_replicas: 1,
        ...o.from(),
      });
      adding.catch(() => undefined);
      const info = await Promise.race([adding, ended.promise]);
      if (!info) return; // told to start anew: the answer of a lost connection never comes
      created = true;
      // the messages may be faster than this answer, so that none pending here means none at all
      if (info.num_pending === 0 && info.delivered.consumer_seq <= delivered) nowCaughtUp();
      await ended.promise;
    } finally {
      clearInterval(watch);
      sub.unsubscribe();
    }
  };

  const loop = async (): Promise<void> => {
    const backoff = createBackoff(50, 2_000);
    d.signal.addEventListener("abort", () => endRound(), { once: true });
    while (!d.signal.aborted) {
      try {
        await round();
        backoff.reset();
      } catch (err) {
        if (d.signal.aborted) return;
        d.log.debug(
          { stream: o.stream, filter: o.filter, reason: describeError(err) },
          "reading the bus starts anew",
        );
        d.onTrouble();
        await pause(backoff.nextMs(), d.signal);
      }
    }
  };
  const feed: Feed = { restart: () => endRound() };
  d.running.add(feed);
  void loop().finally(() => d.running.delete(feed));
  return feed;
};
