import { Type } from "@sinclair/typebox";
import type { Pod } from "@tideway/k8s";
import {
  anyObject,
  clusterID,
  conditions,
  labelMap,
  observedGeneration,
  quantity,
  resourceList,
  resourceListByHand,
  time,
} from "./common.ts";
import { defineKind, immutable, listByKey, oneOf, setOf } from "./define.ts";
import { poolName } from "./sharing-parts.ts";

const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;
const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" } as const;

/** A field that may be absent is not held by its own rule when it comes or goes. */
const samePool = {
  rule: "has(self.spec.pool) == has(oldSelf.spec.pool)",
  message: "spec.pool cannot be changed; delete the object and create it again",
};

export const virtualNode = defineKind({
  concern: "offloading",
  kind: "VirtualNode",
  plural: "virtualnodes",
  shortNames: ["vn"],
  namespaced: false,
  description:
    "A peer cluster, or a node pool of it, as one node of this cluster. Its name is that of the node: the peer name, and for a node pool `<peer>-<pool>`.",
  rules: [samePool],
  spec: Type.Object({
    clusterID: clusterID(immutable("clusterID")),
    pool: Type.Optional({
      ...poolName("The provider's node pool. Absent: its nodes in no pool."),
      ...immutable("pool"),
    }),
    resources: resourceList("Capacity of the node."),
    labels: Type.Optional(labelMap("Labels of the node.")),
    unreachable: Type.Optional(
      oneOf(["Hold", "Reschedule", "Fence"], {
        default: "Reschedule",
        description:
          "What happens to the pods when the peer is away: kept, started elsewhere after their toleration, or stopped over there first.",
      }),
    ),
    ingressClasses: Type.Optional(
      listByKey(
        Type.Object({
          from: Type.String({ maxLength: 253, description: "Class here; `*`: any that is not listed." }),
          to: Type.String({
            maxLength: 253,
            description: "Class at the peer; empty: the peer's default; `-`: not reflected.",
          }),
        }),
        "from",
        {
          maxItems: 64,
          description:
            "Ingress classes of this cluster and of the peer. An Ingress of a class that is not listed gets the peer's default.",
        },
      ),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    nodeName: Type.Optional(Type.String({ maxLength: 253, description: "Name of the node." })),
  }),
  columns: [
    { name: "CPU", jsonPath: ".spec.resources.cpu" },
    { name: "Memory", jsonPath: ".spec.resources.memory" },
    { name: "Pods", jsonPath: ".spec.resources.pods" },
    { name: "Pool", jsonPath: ".spec.pool" },
    { name: "Unreachable", jsonPath: ".spec.unreachable" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

const stringMap = (description: string) =>
  Type.Unsafe<Record<string, string>>({
    type: "object",
    description,
    additionalProperties: { type: "string" },
  });

const regions = (description: string) => ({
  ...setOf(Type.String({ minLength: 1, maxLength: 63 }), { minItems: 1, maxItems: 64 }),
  description,
});

export const shadowPod = defineKind({
  concern: "offloading",
  kind: "ShadowPod",
  plural: "shadowpods",
  shortNames: ["shp"],
  namespaced: true,
  description: "A pod that a consumer wants to run here. The provider makes and owns the real pod.",
  rules: [samePool],
  spec: Type.Object({
    originUID: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "UID of the consumer's pod.",
      ...immutable("originUID"),
    }),
    originNamespace: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "Namespace of the consumer's pod.",
    }),
    pool: Type.Optional({
      ...poolName("The provider's node pool that the pod was placed on. Absent: the nodes in no pool."),
      ...immutable("pool"),
    }),
    pod: anyObject<NonNullable<Pod["spec"]>>("PodSpec, cut to the fields that may cross."),
    podLabels: Type.Optional(stringMap("Labels of the pod.")),
    podAnnotations: Type.Optional(stringMap("Annotations of the pod.")),
    regions: Type.Optional(
      regions("Regions (label topology.kubernetes.io/region) whose nodes will do. Absent: any."),
    ),
    gracePeriodSeconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 86400,
        format: "int64",
        description: "Grace period of a deletion under way.",
      }),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    phase: Type.Optional(oneOf(["Pending", "Running", "Succeeded", "Failed", "Unknown"])),
  }),
  columns: [
    { name: "Phase", jsonPath: ".status.phase" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Origin-Namespace", jsonPath: ".spec.originNamespace" },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

/** Amounts that only we write, at every pod: not checked one by one in the API server. */
const counted = (description: string) =>
  Type.Unsafe<Record<string, string>>({
    type: "object",
    maxProperties: 64,
    description,
    additionalProperties: { type: "string", maxLength: 64 },
  });
const holders = Type.Array(
  Type.Object({
    kind: oneOf(["pods", "claims"], { description: "What holds." }),
    amounts: counted("What each of them holds."),
    count: Type.Integer({ minimum: 1, format: "int32", description: "How many they are." }),
    uids: Type.String({
      maxLength: 1_000_000,
      description:
        "Their UIDs here, one a line: one text, so that thousands cost the API server no more than few.",
    }),
  }),
  { maxItems: 4096, description: "Who holds what, by amounts." },
);

export const tenantQuota = defineKind({
  concern: "offloading",
  kind: "TenantQuota",
  plural: "tenantquotas",
  shortNames: ["tq"],
  namespaced: true,
  description:
    "The ledger of one offer: what the tenant may use here, and what it uses. Named as the offer; written by the provider alone.",
  spec: Type.Object({
    clusterID: clusterID(immutable("clusterID")),
    peer: Type.String({ minLength: 1, maxLength: 63, description: "Peer name of the tenant." }),
    hard: resourceList(
      "The offer: what the tenant may use. What a node has and is not named here is not offered; storage and counts of objects are capped where they are named.",
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    used: Type.Optional(counted("The sum of what is held.")),
    holders: Type.Optional(holders),
    meter: Type.Optional(
      Type.Object(
        {
          since: time("When metering began."),
          at: time("Up to when it is counted: what is used now is used since then."),
          seconds: counted("What was held, times how long: cpu 3600 is one core for an hour."),
        },
        { description: "What was held over time." },
      ),
    ),
  }),
  columns: [
    { name: "Peer", jsonPath: ".spec.peer" },
    { name: "Pods", jsonPath: ".status.used.pods" },
    { name: "of-Pods", jsonPath: ".spec.hard.pods" },
    { name: "CPU", jsonPath: ".status.used.cpu" },
    { name: "of-CPU", jsonPath: ".spec.hard.cpu" },
    { name: "Memory", jsonPath: ".status.used.memory" },
    { name: "of-Memory", jsonPath: ".spec.hard.memory" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    { name: "Storage", jsonPath: ".status.used.requests\\.storage", priority: 1 },
    { name: "of-Storage", jsonPath: ".spec.hard.requests\\.storage", priority: 1 },
    age,
  ],
});

const imagePatterns = (description: string) =>
  Type.Optional(
    setOf(
      Type.String({
        minLength: 1,
        maxLength: 255,
        pattern: "^[a-z0-9*.:/_\\[\\]-]+$",
        "x-tideway-hint":
          "must be registry[/path], such as registry.example/team; * stands for anything inside a segment",
      }),
      { maxItems: 256, description },
    ),
  );

export const workloadPolicy = defineKind({
  concern: "offloading",
  kind: "WorkloadPolicy",
  plural: "workloadpolicies",
  shortNames: ["wp"],
  namespaced: false,
  description:
    "What pods of peers have to be like to run here. The object named as the peer is used for its pods, else the one named default.",
  spec: Type.Object({
    podSecurity: Type.Optional(
      oneOf(["privileged", "baseline", "restricted"], {
        description:
          "Pod Security level of the peer's namespaces here, beside the field table. Absent: that of the service's configuration.",
      }),
    ),
    images: Type.Optional(
      Type.Object(
        {
          allow: imagePatterns(
            "Only these registries and repositories, and what is below them. Absent: all.",
          ),
          deny: imagePatterns("Not these; they win over what is allowed."),
          requireDigest: Type.Optional(
            Type.Boolean({
              default: false,
              description: "Only images named by digest: what was looked at is what runs.",
            }),
          ),
        },
        { description: "Which images may run. `nginx` is docker.io/library/nginx here." },
      ),
    ),
    containers: Type.Optional(
      Type.Object(
        {
          defaultRequests: Type.Optional(
            resourceListByHand("Requested where a container says neither request nor limit."),
          ),
          defaultLimits: Type.Optional(resourceListByHand("The limit where a container has none.")),
        },
        { description: "What a container gets that says nothing of its own; it is charged to the tenant." },
      ),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    refused: Type.Optional(
      Type.Integer({
        minimum: 0,
        format: "int32",
        description: "How many ShadowPods stand that it has refused.",
      }),
    ),
  }),
  columns: [
    { name: "Pod-Security", jsonPath: ".spec.podSecurity" },
    { name: "Allow", jsonPath: ".spec.images.allow" },
    { name: "Deny", jsonPath: ".spec.images.deny" },
    { name: "Digest", jsonPath: ".spec.images.requireDigest", type: "boolean" },
    { name: "Refused", jsonPath: ".status.refused", type: "integer" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

/** Of core/v1 NodeSelectorTerm; matchFields knows only metadata.name. */
const requirement = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 317 }),
  operator: oneOf(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]),
  values: Type.Optional(Type.Array(Type.String({ maxLength: 253 }), { maxItems: 64 })),
});
const nodeSelectorTerm = Type.Object({
  matchExpressions: Type.Optional(Type.Array(requirement, { maxItems: 32 })),
  matchFields: Type.Optional(Type.Array(requirement, { maxItems: 32 })),
});

export const namespaceOffloading = defineKind({
  concern: "offloading",
  kind: "NamespaceOffloading",
  plural: "namespaceoffloadings",
  shortNames: ["nso"],
  namespaced: true,
  description: "Lets the pods of its namespace run on virtual nodes.",
  rules: [
    {
      rule: "self.metadata.name == 'offloading'",
      message: "metadata.name must be offloading: a namespace has one",
    },
  ],
  spec: Type.Object({
    podOffloadingStrategy: Type.Optional(
      oneOf(["Local", "Remote", "LocalAndRemote"], {
        default: "LocalAndRemote",
        description: "On which nodes new pods may run: real ones, virtual ones, or both.",
      }),
    ),
    clusterSelector: Type.Optional(
      Type.Array(nodeSelectorTerm, {
        maxItems: 32,
        description: "Which virtual nodes, by their labels; terms are alternatives. Absent: all.",
      }),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    remoteNamespaces: Type.Optional(
      listByKey(
        Type.Object({
          peer: Type.String({ maxLength: 63 }),
          namespace: Type.String({
            maxLength: 63,
            description: "The twin at the peer; empty until it is known.",
          }),
          ready: Type.Boolean(),
          message: Type.Optional(Type.String({ maxLength: 1024 })),
        }),
        "peer",
        { maxItems: 256, description: "The twins of this namespace." },
      ),
    ),
  }),
  columns: [
    { name: "Strategy", jsonPath: ".spec.podOffloadingStrategy" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

const namespaceName = (description: string) =>
  Type.String({
    minLength: 1,
    maxLength: 63,
    pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    "x-tideway-hint": "must be the name of a namespace",
    description,
  });

export const namespaceMap = defineKind({
  concern: "offloading",
  kind: "NamespaceMap",
  plural: "namespacemaps",
  shortNames: ["nm"],
  namespaced: true,
  description: "The namespaces that a consumer offloads to a provider, and their twins there.",
  rules: [
    {
      rule: "self.metadata.name == 'namespaces'",
      message: "metadata.name must be namespaces: a tenant namespace holds one",
    },
  ],
  spec: Type.Object({
    namespaces: setOf(namespaceName("Namespace of the consumer."), {
      maxItems: 1024,
      description: "Namespaces of the consumer that want a twin.",
    }),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    namespaces: Type.Optional(
      listByKey(
        Type.Object({
          source: Type.String({ maxLength: 63 }),
          twin: Type.String({ maxLength: 63 }),
          ready: Type.Boolean(),
          message: Type.Optional(Type.String({ maxLength: 1024 })),
        }),
        "source",
        { maxItems: 1024, description: "The twins, written by the provider." },
      ),
    ),
  }),
  columns: [
    { name: "Namespaces", jsonPath: ".spec.namespaces" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

const port = Type.Integer({ minimum: 1, maximum: 65_535, format: "int32" });
const shadowEndpoint = Type.Object({
  addresses: Type.Array(Type.String({ minLength: 1, maxLength: 45 }), {
    minItems: 1,
    maxItems: 100,
    description: "As the consumer knows them: of its pods, or of its external addresses.",
  }),
  conditions: Type.Optional(
    Type.Object({
      ready: Type.Optional(Type.Boolean()),
      serving: Type.Optional(Type.Boolean()),
      terminating: Type.Optional(Type.Boolean()),
    }),
  ),
  hostname: Type.Optional(Type.String({ maxLength: 63 })),
  zone: Type.Optional(Type.String({ maxLength: 253 })),
  pod: Type.Optional(Type.String({ maxLength: 253, description: "Name of the consumer's pod; for people." })),
});
const shadowPort = Type.Object({
  name: Type.Optional(Type.String({ maxLength: 63 })),
  protocol: Type.Optional(oneOf(["TCP", "UDP", "SCTP"])),
  port: Type.Optional(port),
  appProtocol: Type.Optional(Type.String({ maxLength: 316 })),
});

export const shadowEndpointSlice = defineKind({
  concern: "offloading",
  kind: "ShadowEndpointSlice",
  plural: "shadowendpointslices",
  shortNames: ["ses"],
  namespaced: true,
  description:
    "Endpoints of a consumer's service that do not run here. The provider makes an EndpointSlice of it, with the addresses as this cluster reaches them.",
  spec: Type.Object({
    originUID: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "UID of the consumer's EndpointSlice.",
    }),
    service: Type.String({
      minLength: 1,
      maxLength: 63,
      pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
      "x-tideway-hint": "must be the name of a service",
      description: "Name of the service.",
    }),
    addressType: oneOf(["IPv4", "IPv6"]),
    endpoints: Type.Array(shadowEndpoint, { maxItems: 1000, description: "At most 1,000." }),
    ports: Type.Optional(Type.Array(shadowPort, { maxItems: 100 })),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    endpoints: Type.Optional(
      Type.Integer({ minimum: 0, format: "int32", description: "Endpoints that are served here." }),
    ),
  }),
  columns: [
    { name: "Service", jsonPath: ".spec.service" },
    { name: "Endpoints", jsonPath: ".status.endpoints", type: "integer" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

const claimMode = oneOf(["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]);
export const shadowClaim = defineKind({
  concern: "offloading",
  kind: "ShadowClaim",
  plural: "shadowclaims",
  shortNames: ["shc"],
  namespaced: true,
  description:
    "A volume that a consumer's claim wants here. The provider makes and owns the real claim, of the same name; the data outlives this object unless `deleteData` is set.",
  spec: Type.Object({
    originUID: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "UID of the consumer's claim. Data that is kept here is found again by it.",
      ...immutable("originUID"),
    }),
    originNamespace: Type.String({
      minLength: 1,
      maxLength: 63,
      description: "Namespace of the consumer's claim.",
    }),
    storageClassName: Type.Optional(
      Type.String({ maxLength: 253, description: "A class of the offer. Absent: its default." }),
    ),
    size: quantity("What is asked; may grow."),
    accessModes: setOf(claimMode, { minItems: 1, maxItems: 4, ...immutable("accessModes") }),
    volumeMode: Type.Optional(
      oneOf(["Filesystem", "Block"], { default: "Filesystem", ...immutable("volumeMode") }),
    ),
    expectData: Type.Optional(
      Type.Boolean({
        description: "The claim has had data here: it is bound to that, and never to a new, empty volume.",
      }),
    ),
    deleteData: Type.Optional(
      Type.Boolean({ description: "The data goes with this object. Default: it is kept." }),
    ),
    regions: Type.Optional(regions("Regions that the data may lie in. Absent: any.")),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    phase: Type.Optional(
      oneOf(["Pending", "Accepted", "Bound", "Refused", "Lost"], {
        description:
          "Accepted: the first pod may come, with it the volume is made. Lost: the data is gone, and no other volume takes its place.",
      }),
    ),
    storageClassName: Type.Optional(Type.String({ maxLength: 253, description: "The class in use." })),
    volumeName: Type.Optional(Type.String({ maxLength: 253, description: "The provider's volume." })),
    capacity: Type.Optional(quantity("What the volume holds.")),
  }),
  columns: [
    { name: "Phase", jsonPath: ".status.phase" },
    { name: "Size", jsonPath: ".spec.size" },
    { name: "Class", jsonPath: ".status.storageClassName" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Origin-Namespace", jsonPath: ".spec.originNamespace" },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});
