import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { describeError, UnavailableError } from "@tideway/errors";
import { createAppender } from "./appender.ts";
import { createBackoff, pause } from "./backoff.ts";
import { connectPatiently } from "./connection.ts";
import type { Feed } from "./feed.ts";
import { readHistory } from "./history.ts";
import { busMetrics } from "./metrics.ts";
import { createPublisher } from "./publisher.ts";
import { ensureStreams, EVENTS, FACTS } from "./streams.ts";
import type { Bus, BusOptions, FactName, FactView } from "./types.ts";
import { createView } from "./view.ts";

const FLUSH_MS = 2_000;

/** Runs one at a time; a call while it runs makes it run once more after. Its errors end with the signal. */
const once = (fn: () => Promise<void>, signal: AbortSignal): (() => void) => {
  let state: "idle" | "running" | "again" = "idle";
  const loop = async (): Promise<void> => {
    do {
      state = "running";
      await fn().catch((err: unknown) => {
        if (!signal.aborted) throw err;
      });
    } while ((state as string) === "again" && !signal.aborted);
    state = "idle";
  };
  return () => {
    if (state === "idle") void loop();
    else state = "again";
  };
};

/** Waits until the bus answers and its streams stand; says in the log where it waits. Rejects when the signal aborts. */
export const connectBus = async (o: BusOptions): Promise<Bus> => {
  const closed = new AbortController();
  const waiting = o.signal ? AbortSignal.any([o.signal, closed.signal]) : closed.signal;
  const settleMs = o.settleMs ?? 2_000;
  const { log } = o;
  o.onStatus?.(false);
  const nc = await connectPatiently(o, waiting);
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: 3_000 });
  const js = jetstream(nc);
  const metrics = busMetrics(o.metrics);
  const running = new Set<Feed>();
  const views = new Map<FactName, FactView<FactName>>();
  const handlers: (() => void)[] = [];
  let settledAt = 0;
  let up = false;
  const setUp = (now: boolean): void => {
    if (up !== now) o.onStatus?.(now);
    up = now;
  };
  metrics.connected(() => up);

  /** Until both streams stand; with backoff, since the server may still be starting. */
  const ensure = async (signal: AbortSignal): Promise<void> => {
    const backoff = createBackoff(100, 5_000);
    for (let tries = 1; !signal.aborted && !nc.isClosed(); tries++) {
      try {
        const created = o.readOnly ? 0 : await ensureStreams(jsm, o.replicas);
        settledAt = Math.min(created, Date.now()) + settleMs;
        return setUp(true);
      } catch (err) {
        const retryInMs = backoff.nextMs();
        log.warn(
          { bus: o.url, reason: describeError(err), tries, retryInMs },
          "waiting for the bus to store facts",
        );
        await pause(retryInMs, signal);
      }
    }
    throw new UnavailableError(`stopped before the bus at ${o.url} could store facts`);
  };

  /** The connection or the storage was lost: make the streams, read everything anew, and let owners speak again. */
  const recover = once(async () => {
    await ensure(closed.signal);
    publisher.forget();
    for (const feed of running) feed.restart();
    for (const handler of handlers)
      try {
        handler();
      } catch (err) {
        log.error({ err }, "a reconnect handler failed");
      }
  }, closed.signal);

  /** A request failed while the connection stands: perhaps the streams were lost. */
  const check = once(async () => {
    if (!up || o.readOnly) return;
    const [facts, events] = await Promise.allSettled([jsm.streams.info(FACTS), jsm.streams.info(EVENTS)]);
    if (facts.status === "rejected" || events.status === "rejected") recover();
  }, closed.signal);

  const deps = {
    nc,
    js,
    jsm,
    log,
    metrics,
    running,
    service: o.service,
    clusterID: o.clusterID,
    signal: closed.signal,
    onTrouble: check,
  };
  const publisher = createPublisher(deps);

  const watchStatus = async (): Promise<void> => {
    for await (const s of nc.status()) {
      if (s.type === "disconnect") {
        setUp(false);
        log.warn({ bus: o.url }, "bus connection lost");
      } else if (s.type === "reconnect") {
        log.info({ bus: o.url }, "bus connection is back");
        recover();
      } else if (s.type === "error") log.warn({ reason: describeError(s.error) }, "bus refused something");
    }
  };
  void watchStatus();

  try {
    await ensure(waiting);
  } catch (err) {
    closed.abort();
    await nc.close();
    throw err;
  }
  log.info({ bus: o.url }, "bus connected");

  const settled = async (): Promise<void> => {
    const ms = Math.min(settledAt - Date.now(), settleMs);
    if (ms > 0) await sleep(ms, undefined, { ref: false });
  };
  return {
    publish: publisher.publish,
    append: createAppender(deps),
    facts: <F extends FactName>(entity: F) => {
      let view = views.get(entity) as FactView<F> | undefined;
      if (!view) {
        view = createView({ ...deps, settled }, entity);
        views.set(entity, view);
      }
      return Promise.resolve(view);
    },
    onReconnect: (handler) => void handlers.push(handler),
    events: (e) => readHistory(deps, e),
    connected: () => up,
    close: async () => {
      if (nc.isClosed()) return;
      if (up) await Promise.race([publisher.idle(), sleep(FLUSH_MS, undefined, { ref: false })]);
      closed.abort();
      setUp(false);
      await nc.close();
    },
  };
};
