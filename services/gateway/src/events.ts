import { randomBytes } from "node:crypto";
import { describeError } from "@tideway/errors";
import { events, type Kube } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import type { Tell } from "./ports.ts";

/** Longest message the API server takes. */
const MAX_MESSAGE = 1024;

/** Events about this gateway's own pod: `kubectl describe pod` tells what became of its tunnels. */
export const createTeller = (d: {
  kube: Pick<Kube, "create">;
  namespace: string;
  podName: string;
  log: Logger;
}): Tell => {
  return ({ type, reason, message }) => {
    const time = new Date().toISOString();
    d.kube
      .create(events, {
        metadata: { name: `${d.podName}.${randomBytes(8).toString("hex")}`, namespace: d.namespace },
        involvedObject: { apiVersion: "v1", kind: "Pod", name: d.podName, namespace: d.namespace },
        type,
        reason,
        message: message.slice(0, MAX_MESSAGE),
        source: { component: "gateway" },
        reportingComponent: "tideway.dev/gateway",
        reportingInstance: d.podName,
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
      })
      .catch((err: unknown) => d.log.debug({ reason: describeError(err) }, "event not written"));
  };
};
