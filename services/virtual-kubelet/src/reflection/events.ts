import { createHash } from "node:crypto";
import { describeError, isAlreadyExists, isForbidden, isNotFound } from "@tideway/errors";
import { type CoreEvent, events } from "@tideway/k8s";
import { create, patch } from "../pods/requests.ts";
import type { Session } from "../peers/session.ts";
import type { Clock, Local } from "../ports.ts";

/** What the consumer knows already: its own scheduler's word, and what our other half says by the ShadowPod's status. */
const KNOWN_REASONS = new Set(["Scheduled"]);
const OTHER_HALF = "tideway-virtual-kubelet";
/** Events older than this when first seen were told by an earlier life of this service. */
const OLD_MS = 60_000;
/**
 * Events a second, and how many may be saved up: a burst of pods is not to be doubled by its events. Warnings are heard
 * whatever else is said, and a provider that cries without end is not all that is heard.
 */
const RATES = { Normal: { perSecond: 20, burst: 60 }, Warning: { perSecond: 20, burst: 500 } };
const REMEMBERED = 4_096;

const timeOf = (e: Readonly<CoreEvent>): string | undefined =>
  e.lastTimestamp ?? e.eventTime ?? e.firstTimestamp ?? e.metadata.creationTimestamp;
const countOf = (e: Readonly<CoreEvent>): number => e.count ?? e.series?.count ?? 1;

/** Tells events of the provider's pods at the consumer's pods. Best effort: an event lost is no state lost. */
export const createEvents = (d: { session: Session; local: Local; clock: Clock }) => {
  const told = new Set<string>();
  const bucketOf = ({ perSecond, burst }: { perSecond: number; burst: number }) => {
    let tokens = burst;
    let filledAt = d.clock.now();
    return (): boolean => {
      const now = d.clock.now();
      tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
      filledAt = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    };
  };
  const buckets = { Normal: bucketOf(RATES.Normal), Warning: bucketOf(RATES.Warning) };
  const mayTell = (e: Readonly<CoreEvent>): boolean => buckets[e.type === "Warning" ? "Warning" : "Normal"]();
  const remember = (name: string): void => {
    told.add(name);
    if (told.size > REMEMBERED) for (const oldest of told) return void told.delete(oldest);
  };

  const tell = async (source: string, name: string, e: Readonly<CoreEvent>): Promise<void> => {
    const pod = d.session.localPods.get(`${source}/${name}`);
    if (!pod) return;
    const digest = createHash("sha256")
      .update(`${e.metadata.uid ?? e.metadata.name}`)
      .digest("hex")
      .slice(0, 16);
    const eventName = `${name.slice(0, 230)}.${digest}`;
    const at = timeOf(e);
    const { fieldPath } = e.involvedObject;
    const changing = { count: countOf(e), message: e.message, ...(at ? { lastTimestamp: at } : {}) };
    const { kube } = d.local;
    const { signal } = d.session;
    const update = (): Promise<unknown> =>
      patch(kube, events, source, eventName, changing, { signal, type: "merge" });
    if (told.has(eventName)) return void (await update());
    remember(eventName);
    const event = {
      metadata: { name: eventName, namespace: source },
      involvedObject: {
        apiVersion: "v1",
        kind: "Pod",
        namespace: source,
        name,
        ...(pod.metadata.uid ? { uid: pod.metadata.uid } : {}),
        ...(fieldPath ? { fieldPath } : {}),
      },
      reason: e.reason,
      type: e.type,
      source: { component: `tideway/${d.session.peer}` },
      ...(at ? { firstTimestamp: e.firstTimestamp ?? at } : {}),
      ...changing,
    } as CoreEvent;
    try {
      await create(kube, events, event, signal);
    } catch (err) {
      if (!isAlreadyExists(err)) throw err;
      await update();
    }
  };

  return {
    onEvent: (source: string, e: Readonly<CoreEvent>): void => {
      const { name } = e.involvedObject;
      if (!name || KNOWN_REASONS.has(e.reason ?? "") || e.source?.component === OTHER_HALF) return;
      const at = Date.parse(timeOf(e) ?? "");
      if (Number.isNaN(at) || d.clock.now() - at > OLD_MS || !mayTell(e)) return;
      tell(source, name, e).catch((err: unknown) => {
        if (d.session.signal.aborted || isNotFound(err) || isForbidden(err)) return;
        d.session.log.debug({ reason: describeError(err) }, "event of the provider not told");
      });
    },
  };
};
