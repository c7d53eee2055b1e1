import { randomBytes } from "node:crypto";
import { apiVersionOf, type Kube, events } from "@tideway/k8s";
import { describeError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import { resourceRequests, type ResourceRequest } from "@tideway/api";
import type { OfferFactInput } from "./report/describe.ts";

/** Writes a Kubernetes Event about a request whose state changed; never waits and never fails. */
export type EventRecorder = (about: ResourceRequest, fact: OfferFactInput) => void;

const REASONS: Record<OfferFactInput["state"], string> = {
  REQUESTED: "Requested",
  OFFERED: "Offered",
  ACCEPTED: "OfferAccepted",
  REFUSED: "Refused",
  PENDING: "ApprovalPending",
  GONE: "Withdrawn",
};

export const createRecorder = (o: {
  kube: Pick<Kube, "create">;
  podName: string;
  log: Logger;
  now: () => Date;
}): EventRecorder => {
  return (about, fact) => {
    const { name, namespace = "default", uid } = about.metadata;
    const at = o.now().toISOString();
    const offered = Object.entries(fact.resources ?? {}).map(([resource, amount]) => `${resource} ${amount}`);
    o.kube
      .create(events, {
        metadata: { name: `${name}.${randomBytes(8).toString("hex")}`, namespace },
        involvedObject: {
          apiVersion: apiVersionOf(resourceRequests),
          kind: resourceRequests.kind,
          name,
          namespace,
          ...(uid ? { uid } : {}),
        },
        type: fact.state === "REFUSED" ? "Warning" : "Normal",
        reason: REASONS[fact.state],
        message: [`${fact.direction} ${fact.name}`, fact.message, offered.join(", ")]
          .filter(Boolean)
          .join(": ")
          .slice(0, 1024),
        action: "Negotiate",
        reportingComponent: "tideway.dev/negotiator",
        reportingInstance: o.podName,
        source: { component: "negotiator" },
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
      })
      .catch((err: unknown) =>
        o.log.debug({ reason: describeError(err), request: `${namespace}/${name}` }, "event not written"),
      );
  };
};
