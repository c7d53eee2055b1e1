import { Type } from "@sinclair/typebox";
import { clusterID, clusterName, conditions, endpoint, observedGeneration, pin } from "./common.ts";
import { defineKind, immutable, oneOf, setOf } from "./define.ts";

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
    pins: setOf(pin(), { maxItems: 8, description: "Public keys that the peer's auth service may show." }),
    outgoingPeering: Type.Optional(
      oneOf(["Yes", "No", "Auto"], {
        default: "No",
        description: "Whether this cluster uses the peer's capacity. Auto is as No until a policy exists.",
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
        description: "Namespace here in which resources are exchanged with the peer.",
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
        description: "Seconds between two searches.",
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
    { name: "Ready", jsonPath: condition("Ready", "status") },
    { name: "Reason", jsonPath: condition("Ready", "reason") },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
