import { Type } from "@sinclair/typebox";
import { clusterID, clusterName, conditions, endpoint, labelMap, observedGeneration, pin } from "./common.ts";
import { defineKind, immutable, listByKey, oneOf, rules, setOf, wholeList } from "./define.ts";

const PEER_NAME_RULE = {
  rule: "self.metadata.name.size() <= 40 && self.metadata.name.matches(r'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && !self.metadata.name.contains('--')",
  message:
    "metadata.name is the peer name: at most 40 of a-z, 0-9 and -, starting and ending with a letter or digit, without --",
};

const condition = (type: string, field: string): string =>
  `.status.conditions[?(@.type=="${type}")].${field}`;

export const foreignCluster = defineKind({
  concern: "discovery",
  kind: "ForeignCluster",
  plural: "foreignclusters",
  shortNames: ["fc"],
  namespaced: false,
  description: "A cluster that this cluster knows, and what the two are to each other.",
  rules: [PEER_NAME_RULE],
  spec: Type.Object({
    clusterID: clusterID(immutable("clusterID")),
    clusterName: clusterName(),
    authEndpoint: endpoint(),
    pins: wholeList(pin(), {
      maxItems: 8,
      description: "Public keys that the peer's auth service may show.",
    }),
    outgoingPeering: Type.Optional(
      oneOf(["Yes", "No", "Auto"], {
        default: "No",
        description: "Whether this cluster uses the peer's capacity. Auto: as the DiscoveryPolicy says.",
      }),
    ),
    incomingPeering: Type.Optional(
      oneOf(["Yes", "No", "Auto"], {
        default: "Auto",
        description: "Whether the peer may use this cluster's capacity. Auto is as Yes.",
      }),
    ),
    tokenSecretRef: Type.Optional(
      Type.Object(
        { name: Type.String({ minLength: 1, maxLength: 253 }) },
        {
          description: "Secret in tideway-system whose key `token` holds the token of the peer's invitation.",
        },
      ),
    ),
    unpeerTimeoutSeconds: Type.Optional(
      Type.Integer({
        default: 30,
        minimum: 1,
        maximum: 3600,
        description: "Seconds after which unpeering ends even when the peer does not answer.",
      }),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    tenantNamespace: Type.Optional(
      Type.String({
        maxLength: 63,
        description: "Namespace here of what the peer asks of this cluster.",
      }),
    ),
    peerNamespace: Type.Optional(
      Type.String({
        maxLength: 63,
        description: "Namespace here of what this cluster asks of the peer.",
      }),
    ),
    apiServer: Type.Optional(Type.String({ maxLength: 512, description: "URL of the peer's API server." })),
  }),
  columns: [
    { name: "Cluster", jsonPath: ".spec.clusterName" },
    { name: "Outgoing", jsonPath: ".spec.outgoingPeering", description: "This cluster uses the peer." },
    { name: "Incoming", jsonPath: ".spec.incomingPeering", description: "The peer may use this cluster." },
    { name: "Ready", jsonPath: condition("Ready", "status") },
    { name: "Reason", jsonPath: condition("Ready", "reason") },
    {
      name: "Found-By",
      jsonPath: String.raw`.metadata.labels.discovery\.tideway\.dev/found-by`,
      priority: 1,
    },
    { name: "Discovered", jsonPath: condition("Discovered", "reason"), priority: 1 },
    { name: "Reachable", jsonPath: condition("Reachable", "status"), priority: 1 },
    { name: "Authenticated", jsonPath: condition("Authenticated", "reason"), priority: 1 },
    { name: "Negotiated", jsonPath: condition("Negotiated", "reason"), priority: 1 },
    { name: "Replicated", jsonPath: condition("Replicated", "reason"), priority: 1 },
    { name: "Virtualised", jsonPath: condition("Virtualised", "reason"), priority: 1 },
    { name: "Connected", jsonPath: condition("Connected", "reason"), priority: 1 },
    { name: "Message", jsonPath: condition("Ready", "message"), priority: 1 },
    { name: "ID", jsonPath: ".spec.clusterID", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});

export const searchDomain = defineKind({
  concern: "discovery",
  kind: "SearchDomain",
  plural: "searchdomains",
  shortNames: ["sd"],
  namespaced: false,
  description: "A DNS domain in which other clusters announce themselves by DNS-SD.",
  spec: Type.Object({
    domain: Type.String({
      minLength: 1,
      maxLength: 253,
      pattern: "^([a-z0-9]([-a-z0-9]*[a-z0-9])?\\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
      "x-tideway-hint": "must be a DNS name in lower case",
      description: "Domain that is searched.",
    }),
    intervalSeconds: Type.Optional(
      Type.Integer({
        default: 300,
        minimum: 10,
        maximum: 86400,
        description:
          "Seconds between two searches; the next one is sooner where a record's time to live is shorter.",
      }),
    ),
    servers: Type.Optional(
      setOf(endpoint({ description: "Address and port of a DNS server." }), {
        maxItems: 4,
        description: "DNS servers that are asked, in this order. Absent: those of the cluster.",
      }),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    found: Type.Optional(
      setOf(Type.String({ maxLength: 63 }), {
        maxItems: 256,
        description: "Names of the ForeignClusters found.",
      }),
    ),
  }),
  columns: [
    { name: "Domain", jsonPath: ".spec.domain" },
    { name: "Found", jsonPath: ".status.found" },
    { name: "Ready", jsonPath: condition("Ready", "status") },
    { name: "Reason", jsonPath: condition("Ready", "reason") },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});

const JOIN_RULE = {
  rule: "self.action != 'join' || has(self.pins) || has(self.domains) || has(self.matchLabels)",
  message: "a rule that joins must say whom: by pins, domains or matchLabels",
};

const policyRule = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "Name of the rule, shown in every verdict.",
    }),
    pins: Type.Optional(
      setOf(pin(), {
        minItems: 1,
        maxItems: 64,
        description:
          "The cluster's auth service shows one of these keys: the only thing that a cluster proves. Absent: any.",
      }),
    ),
    domains: Type.Optional(
      setOf(Type.String({ minLength: 1, maxLength: 253 }), {
        minItems: 1,
        maxItems: 64,
        description:
          "It was found in one of these: `local` (by mDNS), a domain, `*.` and a domain for all below it, or *. Absent: anywhere.",
      }),
    ),
    matchLabels: Type.Optional(
      labelMap("Its ForeignCluster has these labels, which people of this cluster gave it. Absent: any."),
    ),
    action: oneOf(["join", "ask", "never"], {
      description:
        "join: this cluster uses it. ask: a person decides, by outgoingPeering. never: as ask, and it is not asked for.",
    }),
    tokenSecretRef: Type.Optional(
      Type.Object(
        { name: Type.String({ minLength: 1, maxLength: 253 }) },
        {
          description:
            "Secret in tideway-system whose key `token` holds a standing token of the clusters that this rule joins.",
        },
      ),
    ),
    reason: Type.Optional(Type.String({ maxLength: 256, description: "Why, for people." })),
  },
  rules(JOIN_RULE),
);

export const discoveryPolicy = defineKind({
  concern: "discovery",
  kind: "DiscoveryPolicy",
  plural: "discoverypolicies",
  shortNames: ["dp"],
  namespaced: false,
  description:
    "Which clusters this one uses by itself: those whose ForeignCluster says outgoingPeering: Auto. The object named default is used; without it nothing is joined.",
  spec: Type.Object({
    rules: Type.Optional(
      listByKey(policyRule, "name", {
        maxItems: 64,
        description: "Checked in order; the first that matches decides.",
      }),
    ),
    defaultAction: Type.Optional(
      oneOf(["ask", "never"], { default: "ask", description: "What happens when no rule matches." }),
    ),
  }),
  status: Type.Object({ conditions, observedGeneration }),
  columns: [
    { name: "Default", jsonPath: ".spec.defaultAction" },
    { name: "Ready", jsonPath: condition("Ready", "status") },
    { name: "Reason", jsonPath: condition("Ready", "reason") },
    { name: "Message", jsonPath: condition("Ready", "message"), priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
