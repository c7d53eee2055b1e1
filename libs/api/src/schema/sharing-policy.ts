import { Type } from "@sinclair/typebox";
import {
  conditions,
  decimal,
  duration,
  labelMap,
  observedGeneration,
  quantityByHand,
  resourceListByHand,
  shareListByHand,
} from "./common.ts";
import { defineKind, listByKey, oneOf, setOf } from "./define.ts";
import { classes, poolName, prices, ready } from "./sharing-parts.ts";

const ACTIONS = ["accept", "refuse", "ask"] as const;

/** Whom something is for: both must match where both are given. */
const matching = {
  peers: Type.Optional(
    setOf(Type.String({ minLength: 1, maxLength: 63 }), {
      maxItems: 256,
      description: "Names or IDs of clusters, or *. Absent: every cluster.",
    }),
  ),
  when: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      description:
        "Expression in CEL over peer, request, pool, free, price and now that must be true. Absent: always.",
    }),
  ),
};

const reserve = (fallback: { percent?: number }) =>
  Type.Object(
    {
      percent: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 100,
          description: "Percent of the allocatable capacity kept for local use.",
          ...(fallback.percent === undefined ? {} : { default: fallback.percent }),
        }),
      ),
      resources: Type.Optional(
        shareListByHand(
          "By resource name what is kept in place of `percent`: an amount (`cpu: 2`) or a share (`nvidia.com/gpu: 50%`).",
        ),
      ),
    },
    { description: "What no peer is offered." },
  );

const perPeer = resourceListByHand(
  "The most that one peer is offered, by resource name. A resource not named is not capped.",
);
const total = resourceListByHand(
  "The most that all peers together are offered, by resource name. A resource not named is not capped.",
);

const withdrawalTimes = {
  cordonFor: Type.Optional(
    duration({ description: "How long pods may end by themselves before they are asked to leave." }),
  ),
  deadline: Type.Optional(
    duration({ description: "From the beginning until what is still used is taken back." }),
  ),
};

const rules = listByKey(
  Type.Object({
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "Name of the rule, shown in every decision.",
    }),
    ...matching,
    action: oneOf(ACTIONS, { description: "What happens to the request of such a peer." }),
    reason: Type.Optional(Type.String({ maxLength: 256, description: "Why, for the people of the peer." })),
  }),
  "name",
  { maxItems: 256, description: "Checked in order; the first that matches decides." },
);

const offer = Type.Object(
  {
    validFor: Type.Optional(
      duration({
        default: "1h",
        description: "Validity of an offer; it is renewed at half. Clocks may differ by half of it.",
      }),
    ),
    labels: Type.Optional(labelMap("Labels for the virtual nodes: region, provider, hardware.")),
    price: Type.Optional(prices),
    storageClasses: Type.Optional(
      listByKey(
        Type.Object({
          ...classes,
          capacity: Type.Optional(
            quantityByHand("The most that the volumes of one peer in this class hold. Absent: no bound."),
          ),
          price: Type.Optional(decimal("What a GiB costs an hour, in the currency of `price`.")),
          ...matching,
        }),
        "name",
        { maxItems: 64, description: "Storage classes that peers may use. Absent: none." },
      ),
    ),
    ingressClasses: Type.Optional(
      listByKey(Type.Object({ ...classes, ...matching }), "name", {
        maxItems: 64,
        description: "Ingress classes that peers may use. Absent: none is announced.",
      }),
    ),
  },
  { description: "What an offer says besides amounts." },
);

const pools = listByKey(
  Type.Object({
    name: poolName("Name of the pool: its offer is `offer-<name>`, its virtual node `<peer>-<name>`."),
    nodeSelector: Type.Unsafe<Record<string, string>>({
      ...labelMap("Labels of the nodes. A node belongs to the first pool that it matches."),
      minProperties: 1,
    }),
    labels: Type.Optional(labelMap("Labels for its virtual nodes, besides those of every offer.")),
    reserve: Type.Optional(reserve({})),
    perPeer: Type.Optional(perPeer),
    total: Type.Optional(total),
    price: Type.Optional(prices),
  }),
  "name",
  {
    maxItems: 16,
    description:
      "Node pools, each offered on its own. Nodes in none are the offer named `offer`. What a pool does not say is as for these.",
  },
);

const withdrawals = listByKey(
  Type.Object({
    peer: Type.String({ minLength: 1, maxLength: 63, description: "Name or ID of the cluster." }),
    reason: Type.Optional(Type.String({ maxLength: 256, description: "Why, for the people of the peer." })),
    ...withdrawalTimes,
  }),
  "peer",
  {
    maxItems: 256,
    description: "Peers whose offers are taken back, and who get none while they are named here.",
  },
);

export const sharingPolicy = defineKind({
  concern: "sharing",
  kind: "SharingPolicy",
  plural: "sharingpolicies",
  shortNames: ["sp"],
  namespaced: false,
  description:
    "What this cluster gives, to whom, and how much it keeps. The object named default is used; without it every request waits for a person.",
  spec: Type.Object({
    reserve: Type.Optional({ ...reserve({ percent: 30 }), default: {} } as ReturnType<typeof reserve>),
    perPeer: Type.Optional(perPeer),
    total: Type.Optional(total),
    rules: Type.Optional(rules),
    defaultAction: Type.Optional(
      oneOf(ACTIONS, { default: "ask", description: "What happens when no rule matches." }),
    ),
    offer: Type.Optional(offer),
    pools: Type.Optional(pools),
    withdrawals: Type.Optional(withdrawals),
    withdrawal: Type.Optional(
      Type.Object(withdrawalTimes, {
        description: "Times for whatever is taken back. Default: cordonFor 30s, deadline 5m.",
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
