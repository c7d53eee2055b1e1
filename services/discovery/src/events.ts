import { randomBytes } from "node:crypto";
import { foreignClusters } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { apiVersionOf, events, type Kube } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import type { Clock, Tell } from "./ports.ts";

/** Events about objects without a namespace live here; `kubectl describe` looks for them here. */
const EVENT_NAMESPACE = "default";
/** Longest message the API server takes. */
const MAX_MESSAGE = 1024;

export const createTeller = (d: {
  kube: Pick<Kube, "create">;
  clock: Clock;
  podName: string;
  log: Logger;
}): Tell => {
  return ({ metadata: { name, uid } }, { type, reason, message }) => {
    const time = new Date(d.clock.now()).toISOString();
    d.kube
      .create(events, {
        metadata: { name: `${name}.${randomBytes(8).toString("hex")}`, namespace: EVENT_NAMESPACE },
        involvedObject: {
          apiVersion: apiVersionOf(foreignClusters),
          kind: foreignClusters.kind,
          name,
          ...(uid ? { uid } : {}),
        },
        type,
        reason,
        message: message.slice(0, MAX_MESSAGE),
        source: { component: "discovery" },
        reportingComponent: "tideway.dev/discovery",
        reportingInstance: d.podName,
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      })
      .catch((err: unknown) => d.log.debug({ peer: name, reason: describeError(err) }, "event not written"));
  };
};
