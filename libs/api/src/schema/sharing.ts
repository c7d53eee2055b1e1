import { Type } from "@sinclair/typebox";
import {
  clusterID,
  conditions,
  labelMap,
  observedGeneration,
  quantity,
  resourceList,
  time,
} from "./common.ts";
import { decimal } from "./common.ts";
import { atomic, defineKind, immutable, listByKey, oneOf } from "./define.ts";
import { classes, poolName, prices, ready } from "./sharing-parts.ts";

const decision = oneOf(["Accepted", "Refused", "Pending"]);
const accepted = {
  name: Type.String({ maxLength: 253 }),
  generation: Type.Integer({ minimum: 0, format: "int64" }),
};

export const resourceRequest = defineKind({
  concern: "sharing",
  kind: "ResourceRequest",
  plural: "resourcerequests",
  shortNames: ["rr"],
  namespaced: true,
  description:
    "What a consumer asks of a provider. Written by the consumer, answered in its status by the provider.",
  rules: [
    {
      rule: "self.metadata.name == 'request'",
      message: "metadata.name must be request: a tenant namespace holds one",
    },
  ],
  spec: Type.Object({
    clusterID: clusterID({ description: "ID of the consumer.", ...immutable("clusterID") }),
    resources: Type.Optional(resourceList("What is asked. Absent: as much as is offered.")),
    labels: Type.Optional(labelMap("What the consumer says of its request, for the provider's rules.")),
    maxPrice: Type.Optional(
      Type.Object(
        {
          currency: Type.String({ minLength: 1, maxLength: 16 }),
          perHour: decimal("The most that an hour of all that is offered may cost."),
        },
        {
          ...atomic,
          description: "What the consumer pays at most. A dearer offer is not accepted. Absent: anything.",
        },
      ),
    ),
    pools: Type.Optional(
      Type.Boolean({
        description: "The consumer makes a node of each offer, so it may get one a node pool.",
      }),
    ),
    acceptedOffer: Type.Optional(
      Type.Object(accepted, {
        ...atomic,
        description: "The offer named `offer`, as the consumer has accepted it.",
      }),
    ),
    acceptedPools: Type.Optional(
      listByKey(Type.Object(accepted), "name", {
        maxItems: 16,
        description: "The offers of node pools that the consumer has accepted.",
      }),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    decision: Type.Optional(decision),
    rule: Type.Optional(Type.String({ maxLength: 253, description: "The rule that decided." })),
    reason: Type.Optional(Type.String({ maxLength: 4096, description: "Why, for people." })),
    pools: Type.Optional(
      listByKey(
        Type.Object({
          name: poolName("The node pool."),
          decision,
          rule: Type.String({ maxLength: 253 }),
          reason: Type.String({ maxLength: 4096 }),
        }),
        "name",
        {
          maxItems: 16,
          description: "The answer for each node pool; what stands above is of the nodes in none.",
        },
      ),
    ),
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
  rules: [
    {
      rule: "self.metadata.name == (has(self.spec.pool) ? 'offer-' + self.spec.pool : 'offer')",
      message: "metadata.name must be offer, or offer-<pool> for the offer of a node pool",
    },
  ],
  spec: Type.Object({
    clusterID: clusterID({ description: "ID of the provider.", ...immutable("clusterID") }),
    pool: Type.Optional(poolName("The provider's node pool that is offered. Absent: the nodes in no pool.")),
    resources: { ...resourceList("What the consumer may use."), ...atomic },
    labels: Type.Optional({ ...labelMap("Labels that the virtual node gets."), ...atomic }),
    storageClasses: Type.Optional(
      Type.Array(
        Type.Object({
          ...classes,
          capacity: Type.Optional(
            quantity("The most that the consumer's volumes in this class hold together. Absent: no bound."),
          ),
          price: Type.Optional(
            decimal("What a GiB costs an hour, in the currency of the offer's price. Absent: nothing."),
          ),
        }),
        { maxItems: 64, description: "Storage classes that the consumer may use." },
      ),
    ),
    ingressClasses: Type.Optional(
      Type.Array(Type.Object(classes), {
        maxItems: 64,
        description: "Ingress classes that the consumer may use.",
      }),
    ),
    price: Type.Optional({ ...prices, ...atomic }),
    expiresAt: Type.Optional(
      time("When the offer ends unless it is renewed, which happens at half its validity. Absent: never."),
    ),
    withdrawal: Type.Optional(
      Type.Object(
        {
          state: oneOf(["Shrinking", "Cordoned", "Draining"], {
            description:
              "Shrinking: less is offered as pods end. Cordoned: nothing new is to be placed. Draining: the pods are to leave.",
          }),
          reason: Type.String({ maxLength: 1024, description: "Why, for people." }),
          since: time("When this state began."),
          deadline: time("When the provider takes back what is still used."),
        },
        { ...atomic, description: "Set while the provider takes the offer back, or part of it." },
      ),
    ),
  }),
  status: Type.Object({ conditions, observedGeneration }),
  columns: [
    { name: "CPU", jsonPath: ".spec.resources.cpu" },
    { name: "Memory", jsonPath: ".spec.resources.memory" },
    { name: "Pods", jsonPath: ".spec.resources.pods" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Withdrawal", jsonPath: ".spec.withdrawal.state" },
    { name: "Since", type: "date", jsonPath: ".spec.withdrawal.since" },
    { name: "Deadline", jsonPath: ".spec.withdrawal.deadline" },
    { name: "Why", jsonPath: ".spec.withdrawal.reason", priority: 1 },
    { name: "Expires", jsonPath: ".spec.expiresAt", priority: 1 },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    { name: "Provider", jsonPath: ".spec.clusterID", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
