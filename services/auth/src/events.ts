import { createHash } from "node:crypto";
import { describeError } from "@tideway/errors";
import { type CoreEvent, events, type Kube } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import type { Tell } from "./ports.ts";

/** Longest message the API server takes. */
const MAX_MESSAGE = 1024;
/** The same Event about the same thing again within this time is counted, not written. */
const QUIET_MS = 5 * 60_000;
const REMEMBERED = 512;

/** Events as `kubectl describe` shows them; those about cluster-scoped objects live in namespace default. */
export const createTeller = (d: {
  kube: Kube;
  namespace: string;
  instance: string;
  now: () => number;
  log: Logger;
}): Tell => {
  const told = new Map<string, number>();
  return (about, type, reason, message) => {
    const now = d.now();
    const key = createHash("sha256")
      .update(JSON.stringify([about, type, reason, message]))
      .digest("hex")
      .slice(0, 16);
    const last = told.get(key);
    if (last !== undefined && now - last < QUIET_MS) return;
    told.delete(key);
    told.set(key, now);
    if (told.size > REMEMBERED) for (const oldest of [...told.keys()].slice(0, 1)) told.delete(oldest);
    const at = new Date(now).toISOString();
    const namespace = about.namespace ?? "default";
    const event: CoreEvent = {
      metadata: { name: `${about.name}.${key}.${now.toString(16)}`, namespace },
      involvedObject: { ...about },
      type,
      reason,
      message: message.slice(0, MAX_MESSAGE),
      source: { component: "tideway-auth" },
      reportingComponent: "tideway-auth",
      reportingInstance: d.instance,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    };
    d.kube
      .create(events, event)
      .catch((err: unknown) => d.log.debug({ reason: describeError(err) }, "event not written"));
  };
};
