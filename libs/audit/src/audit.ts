import { randomBytes } from "node:crypto";
import type { Bus } from "@tideway/bus";
import { describeError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import type { FactInput } from "@tideway/protos";
import { createGatherer, type Gathered, type GatherOptions } from "./gather.ts";
import type { Audit } from "./types.ts";

export interface AuditOptions {
  bus: Pick<Bus, "append">;
  service: string;
  log: Logger;
  /** How often alike decisions are told and how many are told apart, where the defaults are too often or too many. */
  gather?: Pick<GatherOptions, "windowMs" | "maxWindowMs" | "kinds">;
  now?: () => number;
}

/** A caller's words end here: an audit record is read by people, and bounded. */
const MAX_TEXT = 512;
const MAX_NAME = 253;
/** Records that wait for the bus at the same time; what is decided meanwhile stands in the log alone. */
const MAX_WAITING = 4_096;
const CLOSE_MS = 2_000;

/** In a line of a log or a terminal a caller's text must not pass for ours. */
const plain = (text: string | undefined, most = MAX_NAME): string =>
  (text ?? "").slice(0, most).replaceAll(/\p{C}/gu, "?");

const factOf = ({ record: r, count, since }: Gathered): FactInput<"audit"> => ({
  outcome: r.outcome,
  reason: r.reason,
  action: r.action,
  object: plain(r.object),
  message: plain(r.message, MAX_TEXT),
  actorId: plain(r.actor.clusterID),
  actorName: plain(r.actor.clusterName),
  actorAddress: plain(r.actor.address),
  actorPin: plain(r.actor.pin),
  count,
  since: new Date(since).toISOString(),
});

export const createAudit = ({ bus, service, log, gather, now = Date.now }: AuditOptions): Audit => {
  const waiting = new Set<Promise<void>>();
  let serial = 0;
  const run = randomBytes(6).toString("hex");

  const emit = (g: Gathered): void => {
    const fact = factOf(g);
    log.info({ audit: true, peer: g.record.peer ?? "unknown", ...fact }, "decided about a peer");
    if (waiting.size >= MAX_WAITING)
      return log.error("an audit record is not stored: too many wait for the bus");
    const subject = { peer: g.record.peer ?? "unknown", id: `${service}-${run}-${(++serial).toString(36)}` };
    const stored = bus
      .append("audit", subject, fact)
      .catch((err: unknown) => log.error({ reason: describeError(err) }, "an audit record is not stored"))
      .finally(() => waiting.delete(stored));
    waiting.add(stored);
  };
  const after = (ms: number, fn: () => void): void => void setTimeout(fn, ms).unref();
  const gatherer = createGatherer({ ...gather, now, emit, after });
  return {
    record: gatherer.add,
    close: async () => {
      gatherer.flush();
      const late = new Promise<void>((resolve) => void setTimeout(resolve, CLOSE_MS).unref());
      await Promise.race([Promise.allSettled(waiting), late]);
    },
  };
};
