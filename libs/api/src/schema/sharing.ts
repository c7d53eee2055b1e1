import { Type } from "@sinclair/typebox";
import {
  clusterID,
  conditions,
  labelMap,
  observedGeneration,
  resourceList,
  resourceListByHand,
  time,
} from "./common.ts";
import { defineKind, immutable, listByKey, oneOf, setOf } from "./define.ts";

const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;
const nameIs = (name: string) => ({
  rule: `self.metadata.name == '${name}'`,
  message: `metadata.name must be ${name}: a tenant namespace holds one`,
});

export const sharingPolicy = defineKind({
  concern: "sharing",
  kind: "SharingPolicy",
  plural: "sharingpolicies",
  shortNames: ["sp"],
  namespaced: false,
  description:
    "What this cluster gives, to whom, and how much it keeps. The object named default is used; without it every request waits for a person.",
  spec: Type.Object({
    reserve: Type.Optional(
      Type.Object(
        {
          percent: Type.Optional(
            Type.Integer({
              default: 30,
              minimum: 0,
              maximum: 100,
              description: "Percent of the allocatable capacity kept for local use.",
            }),
          ),
        },
        { default: {}, description: "The share that no peer is offered." },
      ),
    ),
    perPeer: Type.Optional(
      resourceListByHand(
        "The most that one peer is offered, by resource name. A resource not named is not capped.",
      ),
    ),
    rules: Type.Optional(
      listByKey(
        Type.Object({
          name: Type.String({
            minLength: 1,
            maxLength: 63,
            description: "Name of the rule, shown in every decision.",
          }),
          peers: Type.Optional(
            setOf(Type.String({ minLength: 1, maxLength: 63 }), {
              maxItems: 256,
              description: "Names or IDs of clusters, or *. Absent: every cluster.",
            }),
          ),
          action: oneOf(["accept", "refuse", "ask"], {
            description: "What happens to the request of such a peer.",
          }),
          reason: Type.Optional(
            Type.String({ maxLength: 256, description: "Why, for the people of the peer." }),
          ),
        }),
        "name",
        { maxItems: 64, description: "Checked in order; the first that matches decides." },
      ),
    ),
    defaultAction: Type.Optional(
      oneOf(["accept", "refuse", "ask"], {
        default: "ask",
        description: "What happens when no rule matches.",
      }),
    ),
  }),
  status: Type.Object({ conditions, observedGeneration }),
  columns: [
    { name: "Reserve%", type: "integer", jsonPath: ".spec.reserve.percent" },
    { name: "Default", jsonPath: ".spec.defaultAction" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});

export const resourceRequest = defineKind({
  concern: "sharing",
  kind: "ResourceRequest",
  plural: "resourcerequests",
  shortNames: ["rr"],
  namespaced: true,
  description:
    "What a consumer asks of a provider. Written by the consumer, answered in its status by the provider.",
  rules: [nameIs("request")],
  spec: Type.Object({
    clusterID: clusterID({ description: "ID of the consumer.", ...immutable("clusterID") }),
    resources: Type.Optional(resourceList("What is asked. Absent: as much as is offered.")),
    acceptedOffer: Type.Optional(
      Type.Object(
        { name: Type.String({ maxLength: 253 }), generation: Type.Integer({ minimum: 0, format: "int64" }) },
        { description: "The offer that the consumer has accepted." },
      ),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    decision: Type.Optional(oneOf(["Accepted", "Refused", "Pending"])),
    rule: Type.Optional(Type.String({ maxLength: 253, description: "The rule that decided." })),
    reason: Type.Optional(Type.String({ maxLength: 4096, description: "Why, for people." })),
  }),
  columns: [
    { name: "Decision", jsonPath: ".status.decision" },
    { name: "Rule", jsonPath: ".status.rule" },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Accepted-Generation", type: "integer", jsonPath: ".spec.acceptedOffer.generation" },
    { name: "Message", jsonPath: ".status.reason", priority: 1 },
    { name: "Consumer", jsonPath: ".spec.clusterID", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});

export const resourceOffer = defineKind({
  concern: "sharing",
  kind: "ResourceOffer",
  plural: "resourceoffers",
  shortNames: ["ro"],
  namespaced: true,
  description: "What a provider gives a consumer. Written by the provider alone.",
  rules: [nameIs("offer")],
  spec: Type.Object({
    clusterID: clusterID({ description: "ID of the provider.", ...immutable("clusterID") }),
    resources: resourceList("What the consumer may use."),
    labels: Type.Optional(labelMap("Labels that the virtual node gets.")),
    storageClasses: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ minLength: 1, maxLength: 253 }),
          default: Type.Optional(Type.Boolean()),
        }),
        { maxItems: 64, description: "Storage classes that the consumer may use." },
      ),
    ),
    expiresAt: Type.Optional(time("When the offer ends. Absent: when it is taken back.")),
  }),
  status: Type.Object({ conditions, observedGeneration }),
  columns: [
    { name: "CPU", jsonPath: ".spec.resources.cpu" },
    { name: "Memory", jsonPath: ".spec.resources.memory" },
    { name: "Pods", jsonPath: ".spec.resources.pods" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    { name: "Provider", jsonPath: ".spec.clusterID", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
