import { Type } from "@sinclair/typebox";
import { clusterID, clusterName, conditions, endpoint, observedGeneration, pin, time } from "./common.ts";
import { defineKind, HINT, immutable, oneOf, setOf } from "./define.ts";

const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;

export const invitation = defineKind({
  concern: "authentication",
  kind: "Invitation",
  plural: "invitations",
  shortNames: ["inv"],
  namespaced: true,
  description: "A token with which another cluster may authenticate here once; only its hash is kept.",
  spec: Type.Object({
    tokenHash: Type.String({
      pattern: "^[0-9a-f]{64}$",
      maxLength: 64,
      [HINT]: "must be the SHA-256 of the token in hex, 64 digits in lower case",
      description: "SHA-256 of the token, hex.",
      ...immutable("tokenHash"),
    }),
    expiresAt: Type.Optional(time("When the token stops being good. Absent: never.")),
    standing: Type.Optional(
      Type.Boolean({ default: false, description: "The token may be used by any number of clusters." }),
    ),
    bidirectional: Type.Optional(
      Type.Boolean({
        default: false,
        description: "This cluster uses the one that comes with the token as well, as soon as it has come.",
      }),
    ),
    note: Type.Optional(Type.String({ maxLength: 256, description: "For whom it is, for people." })),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    clusterID: Type.Optional(clusterID()),
    clusterName: Type.Optional(clusterName()),
    authEndpoint: Type.Optional(
      endpoint({ description: "Where the invited cluster finds the auth service." }),
    ),
    pin: Type.Optional(pin()),
    usedBy: Type.Optional(clusterID({ description: "ID of the cluster that used the token." })),
    usedPin: Type.Optional(
      pin({ description: "The key that this cluster proved; with it, and no other, it may ask again." }),
    ),
    usedAt: Type.Optional(time("When it was used first.")),
    closedAt: Type.Optional(
      time("When the peering that came of it ended: from then on it lets nobody ask again."),
    ),
  }),
  columns: [
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Standing", type: "boolean", jsonPath: ".spec.standing" },
    { name: "Expires", type: "date", jsonPath: ".spec.expiresAt" },
    { name: "Used-By", jsonPath: ".status.usedBy" },
    { name: "Note", jsonPath: ".spec.note", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});

export const tenant = defineKind({
  concern: "authentication",
  kind: "Tenant",
  plural: "tenants",
  shortNames: ["tn"],
  namespaced: false,
  description:
    "A cluster that may use this one: what it may do here hangs on this object. Its name is the peer name.",
  spec: Type.Object({
    clusterID: clusterID(immutable("clusterID")),
    clusterName: clusterName(),
    authEndpoint: Type.Optional(endpoint()),
    pins: Type.Optional(
      setOf(pin(), { maxItems: 8, description: "Public keys of the tenant's auth service." }),
    ),
    revoked: Type.Optional(
      Type.Object(
        {
          reason: Type.Optional(
            Type.String({ maxLength: 256, description: "For people; the tenant is told too." }),
          ),
          pods: Type.Optional(
            oneOf(["Evict", "Keep"], {
              default: "Evict",
              description:
                "What becomes of the tenant's pods. Keep: they run on, and the tenant cannot touch them.",
            }),
          ),
        },
        {
          description:
            "While it stands the tenant may do nothing here, and comes in by no invitation; the Tenant stays, also when the tenant leaves.",
        },
      ),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    tenantNamespace: Type.Optional(
      Type.String({ maxLength: 63, description: "Namespace made for the tenant." }),
    ),
    identityNotAfter: Type.Optional(time("When the newest certificate given to the tenant expires.")),
  }),
  columns: [
    { name: "Cluster", jsonPath: ".spec.clusterName" },
    { name: "Namespace", jsonPath: ".status.tenantNamespace" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Identity-Until", jsonPath: ".status.identityNotAfter" },
    { name: "ID", jsonPath: ".spec.clusterID", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});

export const identity = defineKind({
  concern: "authentication",
  kind: "Identity",
  plural: "identities",
  shortNames: ["idt"],
  namespaced: true,
  description: "This cluster's identity at a provider: a short-lived certificate, renewed at half its life.",
  spec: Type.Object({ clusterID: clusterID(immutable("clusterID")) }),
  status: Type.Object({
    conditions,
    observedGeneration,
    apiServer: Type.Optional(
      Type.String({ maxLength: 512, description: "URL of the provider's API server." }),
    ),
    remoteNamespace: Type.Optional(
      Type.String({
        maxLength: 63,
        description: "The tenant namespace made for this cluster at the provider.",
      }),
    ),
    secretName: Type.Optional(
      Type.String({
        maxLength: 253,
        description: "Secret beside this object with server, ca.crt, tls.crt, tls.key, namespace.",
      }),
    ),
    notAfter: Type.Optional(time("When the certificate expires.")),
    renewAt: Type.Optional(time("When it will be renewed.")),
  }),
  columns: [
    { name: "Server", jsonPath: ".status.apiServer" },
    { name: "Namespace", jsonPath: ".status.remoteNamespace" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Expires", jsonPath: ".status.notAfter" },
    { name: "Renew-At", jsonPath: ".status.renewAt", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
