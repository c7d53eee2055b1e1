import { createHash } from "node:crypto";
import { describeError, isAlreadyExists, isForbidden, isNotFound } from "@tideway/errors";
import { apiVersionOf, type CoreEvent, events, type KubeObject, type Resource } from "@tideway/k8s";
import type { Session } from "../../peers/session.ts";
import { create } from "../../pods/requests.ts";
import type { Word } from "./words.ts";
import { type Clock, type Local, nowIso } from "../../ports.ts";

/** Longest message the API server takes. */
const MAX_MESSAGE = 1024;
/** Of a name, so that the digest still fits. */
const MAX_NAME = 230;

/**
 * Tells it where the user looks: by an Event at the object here. Once for each reason, however often it is tried, and
 * after a restart too: the Event's name is made of what it says. Best effort.
 */
export const createTeller = (d: { session: Session; local: Local; clock: Clock }) => {
  const told = new Map<string, string>();

  const write = async (resource: Resource, about: Readonly<KubeObject>, word: Word): Promise<void> => {
    const { name, namespace = "", uid } = about.metadata;
    const message = word.message.slice(0, MAX_MESSAGE);
    const digest = createHash("sha256")
      .update(JSON.stringify([uid, d.session.clusterID, word.reason, message]))
      .digest("hex")
      .slice(0, 16);
    const at = nowIso(d.clock);
    const event: CoreEvent = {
      metadata: { name: `${name.slice(0, MAX_NAME)}.${digest}`, namespace },
      involvedObject: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        namespace,
        name,
        ...(uid ? { uid } : {}),
      },
      type: word.type,
      reason: word.reason,
      message,
      source: { component: `tideway/${d.session.peer}` },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    };
    try {
      await create(d.local.kube, events, event, d.session.signal);
    } catch (err) {
      if (!isAlreadyExists(err)) throw err;
    }
  };

  return {
    /** `about`: the object here; without a word all is well with it. */
    say: (resource: Resource, key: string, about: Readonly<KubeObject> | undefined, word?: Word): void => {
      const text = word && about ? `${about.metadata.uid ?? ""} ${word.reason} ${word.message}` : undefined;
      if (text === undefined || !about || !word) return void told.delete(key);
      if (told.get(key) === text) return;
      told.set(key, text);
      write(resource, about, word).catch((err: unknown) => {
        if (d.session.signal.aborted || isNotFound(err) || isForbidden(err)) return;
        d.session.log.debug({ reason: describeError(err), key }, "event not told");
      });
    },
  };
};
