import { randomUUID } from "node:crypto";
import { describeError, isConflict, isTerminal } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import { createQueue, type Queue } from "./queue.ts";

export interface ReconcileContext {
  signal: AbortSignal;
  log: Logger;
}
export interface ReconcileResult {
  /** Look again after this many ms, although nothing changed. */
  requeueAfterMs?: number;
}
/**
 * Brings one key from what is to what should be. It gets a key and never an event, reads the newest state
 * itself, and may be called at any time and any number of times: every effect is idempotent. An error is
 * thrown, not logged: the controller logs it once, counts it and calls again with a growing delay;
 * a TerminalError waits for the next change of the object.
 */
export type Reconcile = (key: string, ctx: ReconcileContext) => Promise<ReconcileResult>;

/** Where a controller reports; implemented on prom-client by `@tideway/telemetry`. */
export interface ControllerMetrics {
  reconciled(
    controller: string,
    outcome: "success" | "error" | "terminal" | "conflict",
    seconds: number,
  ): void;
  depth?(controller: string, length: () => number): void;
}

export interface ControllerOptions {
  name: string;
  reconcile: Reconcile;
  /** Keys worked on at the same time. Default 4. */
  workers?: number;
  log: Logger;
  metrics?: ControllerMetrics;
  signal: AbortSignal;
  queue?: Queue;
}

export interface Controller {
  enqueue(key: string, afterMs?: number): void;
  readonly queue: Queue;
  /** Resolves when no key waits or is worked on. */
  idle(): Promise<void>;
  /** Resolves after the signal aborted and the last key was put down. */
  readonly done: Promise<void>;
}

export const startController = (o: ControllerOptions): Controller => {
  const queue = o.queue ?? createQueue();
  o.metrics?.depth?.(o.name, () => queue.length);
  o.signal.addEventListener("abort", () => queue.close(), { once: true });
  if (o.signal.aborted) queue.close();

  const workOn = async (key: string): Promise<void> => {
    const log = o.log.child({ controller: o.name, key, reconcileId: randomUUID().slice(0, 8) });
    const startedAt = performance.now();
    const report = (outcome: Parameters<ControllerMetrics["reconciled"]>[1]): void =>
      o.metrics?.reconciled(o.name, outcome, (performance.now() - startedAt) / 1000);
    try {
      const { requeueAfterMs } = await o.reconcile(key, { signal: o.signal, log });
      queue.forget(key);
      if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
      report("success");
    } catch (err) {
      if (o.signal.aborted) return;
      if (isTerminal(err)) {
        queue.forget(key);
        report("terminal");
        log.error({ err }, "reconcile failed for good; waiting for a change");
        return;
      }
      queue.addRateLimited(key);
      // A conflict only says that a newer state exists: expected, and settled by the next pass.
      report(isConflict(err) ? "conflict" : "error");
      if (isConflict(err)) log.debug({ reason: describeError(err) }, "reconcile met a newer state");
      else log.error({ err, failures: queue.failures(key) }, "reconcile failed");
    }
  };

  const worker = async (): Promise<void> => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      await workOn(key);
      queue.done(key);
    }
  };

  return {
    enqueue: (key, afterMs) => (afterMs === undefined ? queue.add(key) : queue.addAfter(key, afterMs)),
    queue,
    idle: () => queue.idle(),
    done: Promise.all(Array.from({ length: o.workers ?? 4 }, worker)).then(() => undefined),
  };
};
