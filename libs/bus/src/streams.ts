import { setTimeout as sleep } from "node:timers/promises";
import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { UnavailableError } from "@tideway/errors";
import { PREFIX } from "./subject.ts";

export const FACTS = "TIDEWAY_FACTS";
export const EVENTS = "TIDEWAY_EVENTS";

type Config = Partial<StreamConfig> & { name: string };

/** What is true now: one message a subject, without age limit, but for what is gone (its own TTL). */
export const factsStream: Config = {
  name: FACTS,
  description: "What is true now: the newest fact of every subject",
  subjects: [`${PREFIX}.>`],
  max_msgs_per_subject: 1,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  storage: StorageType.File,
  allow_direct: true,
  allow_msg_ttl: true,
};

/** What happened: sourced from the facts, 7 days, at most 256 MiB. */
export const eventsStream: Config = {
  name: EVENTS,
  description: "What happened: the history of all facts",
  sources: [{ name: FACTS }],
  max_age: nanos(7 * 24 * 3600 * 1000),
  max_bytes: 256 * 1024 * 1024,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  storage: StorageType.File,
};

/** Server codes for "stream name already in use with a different configuration". */
const NAME_IN_USE = 10058;

/** Creating is idempotent while the configuration is the same; a newer version changes it in place. */
const ensure = async (jsm: JetStreamManager, config: Config): Promise<number> => {
  try {
    return Date.parse((await jsm.streams.add(config)).created);
  } catch (err) {
    if (!(err instanceof JetStreamApiError) || err.code !== NAME_IN_USE) throw err;
  }
  try {
    return Date.parse((await jsm.streams.update(config.name, config)).created);
  } catch {
    // Only one service may change a stream, and during an upgrade versions differ: what stands serves.
    return Date.parse((await jsm.streams.info(config.name)).created);
  }
};

const SOURCING_MS = 2_000;

/**
 * A server that just started, or just made the stream, takes a moment (150 ms measured) before it copies facts to the
 * history; a state overtaken in that moment would be missing there.
 */
const untilSourcing = async (jsm: JetStreamManager): Promise<void> => {
  for (const end = Date.now() + SOURCING_MS; Date.now() < end; await sleep(25)) {
    const { sources } = await jsm.streams.info(EVENTS);
    if (sources?.every((s) => s.active >= 0)) return;
  }
};

/** Both streams, made where they are missing. Answers when the facts were made, in ms since the epoch. */
export const ensureStreams = async (jsm: JetStreamManager, replicas = 1): Promise<number> => {
  try {
    const created = await ensure(jsm, { ...factsStream, num_replicas: replicas });
    await ensure(jsm, { ...eventsStream, num_replicas: replicas });
    await untilSourcing(jsm);
    return created;
  } catch (cause) {
    throw new UnavailableError(
      `streams ${FACTS} and ${EVENTS} cannot be made (NATS 2.11 or newer with JetStream)`,
      {
        cause,
      },
    );
  }
};
