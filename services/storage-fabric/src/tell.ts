import { createHash } from "node:crypto";
import { isAlreadyExists, isForbidden, isNotFound } from "@tideway/errors";
import { events, type Kube, type KubeObject } from "@tideway/k8s";
import type { Clock } from "./ports.ts";

export interface Saying {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

export interface Tell {
  /** An Event at a claim or volume. Its name is made of what it says, so that saying it again changes nothing. */
  event(
    about: Readonly<KubeObject>,
    saying: Saying,
    kind?: { apiVersion: string; kind: string },
  ): Promise<void>;
}

export const isoOf = (clock: Clock): string => new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z");

export const createTell = (d: { kube: Kube; clock: Clock; signal: AbortSignal }): Tell => ({
  event: async (about, { type, reason, message }, other) => {
    const { name, namespace, uid = "" } = about.metadata;
    const digest = createHash("sha256").update(`${uid}/${reason}/${message}`).digest("hex").slice(0, 16);
    const at = isoOf(d.clock);
    const kind = namespace === undefined ? "PersistentVolume" : "PersistentVolumeClaim";
    const involvedObject = {
      ...(other ?? { apiVersion: "v1", kind }),
      name,
      uid,
      ...(namespace ? { namespace } : {}),
    };
    try {
      await d.kube.create(
        events,
        {
          metadata: { name: `${name.slice(0, 230)}.${digest}`, namespace: namespace ?? "default" },
          involvedObject,
          reason,
          message: message.slice(0, 1024),
          type,
          source: { component: "tideway-storage-fabric" },
          firstTimestamp: at,
          lastTimestamp: at,
          count: 1,
        },
        { signal: d.signal },
      );
    } catch (err) {
      if (!isAlreadyExists(err) && !isNotFound(err) && !isForbidden(err)) throw err; // a namespace that goes takes no events
    }
  },
});
