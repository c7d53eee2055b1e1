import { Type } from "@sinclair/typebox";
import { clusterID, conditions, endpoint, observedGeneration, time } from "./common.ts";
import { defineKind, immutable, listByKey, oneOf, setOf } from "./define.ts";

const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;
const age = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" } as const;

/** An IPv4 or IPv6 network in CIDR notation (RFC 4632, RFC 4291); what it means is checked by the code. */
const cidr = (description: string) =>
  Type.String({
    pattern: "^[0-9a-fA-F:.]{2,45}/[0-9]{1,3}$",
    maxLength: 49,
    "x-tideway-hint": "must be a network such as 10.200.0.0/16 or fd00:10::/48",
    description,
  });
const address = (description: string) =>
  Type.String({ pattern: "^[0-9a-fA-F:.]{2,45}$", maxLength: 45, description });
const publicKey = () =>
  Type.String({
    pattern: "^[A-Za-z0-9+/]{43}=$",
    maxLength: 44,
    "x-tideway-hint": "must be a WireGuard public key: 32 bytes in base64",
    description: "WireGuard public key (Curve25519, base64).",
  });
const generation = () =>
  Type.Integer({
    minimum: 1,
    format: "int64",
    description:
      "Counts the keys of this side. A tunnel is built of the newest generation that both sides have.",
  });
const tunnelKey = Type.Object({
  generation: generation(),
  publicKey: publicKey(),
  endpoints: Type.Optional(
    setOf(endpoint({ description: "UDP address under which this side is reached, host:port." }), {
      maxItems: 8,
      description: "Tried in order. Absent: this side is not reachable (behind NAT) and calls the other one.",
    }),
  ),
});

export const networkConfig = defineKind({
  concern: "networking",
  kind: "NetworkConfig",
  plural: "networkconfigs",
  shortNames: ["nc"],
  namespaced: true,
  description:
    "What one cluster tells a peer about its network. Each side writes its own, named by its cluster ID, and gets a copy of the other's.",
  rules: [
    {
      rule: "self.metadata.name == self.spec.clusterID",
      message: "metadata.name must be spec.clusterID: each side has one in a tenant namespace",
    },
  ],
  spec: Type.Object({
    clusterID: clusterID({
      description: "ID of the cluster that this describes.",
      ...immutable("clusterID"),
    }),
    podCIDR: cidr("Addresses of its pods, as they are there."),
    externalCIDR: cidr(
      "Addresses it gives to what is not one of its pods: nodes, third clusters, databases.",
    ),
    keys: listByKey(tunnelKey, "generation", {
      minItems: 1,
      maxItems: 2,
      description: "WireGuard keys: one, and a second while keys rotate.",
    }),
    mtu: Type.Integer({
      minimum: 576,
      maximum: 65535,
      description: "Largest packet its end of the tunnel takes.",
    }),
    capabilities: Type.Optional(
      setOf(Type.String({ maxLength: 63 }), {
        maxItems: 32,
        description: "What this side can do beyond the first version.",
      }),
    ),
    mapping: Type.Optional(
      Type.Object(
        {
          podCIDR: cidr("Where it sees the reader's pods."),
          externalCIDR: cidr("Where it sees the reader's external addresses."),
        },
        { description: "How it sees the networks of the reader. Absent until it has read them." },
      ),
    ),
  }),
  status: Type.Object({ conditions, observedGeneration }),
  columns: [
    { name: "Pods", jsonPath: ".spec.podCIDR" },
    { name: "External", jsonPath: ".spec.externalCIDR" },
    { name: "Sees-Pods-At", jsonPath: ".spec.mapping.podCIDR" },
    { name: "Endpoint", jsonPath: ".spec.keys[0].endpoints[0]" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

const side = (who: string) =>
  Type.Object(
    {
      podCIDR: cidr(`Pods of ${who}, as they are there.`),
      externalCIDR: cidr(`External addresses of ${who}, as they are there.`),
      seenPodCIDR: Type.Optional(cidr(`Where the other side sees the pods of ${who}.`)),
      seenExternalCIDR: Type.Optional(cidr(`Where the other side sees the external addresses of ${who}.`)),
    },
    { description: `Networks of ${who}.` },
  );

export const tunnelEndpoint = defineKind({
  concern: "networking",
  kind: "TunnelEndpoint",
  plural: "tunnelendpoints",
  shortNames: ["te"],
  namespaced: true,
  description: "Both sides' NetworkConfigs merged: the tunnel to a peer, and how it is.",
  rules: [
    {
      rule: "self.metadata.name.startsWith('tunnel-')",
      message: "metadata.name must be tunnel-<peer>: there is one a peer",
    },
  ],
  spec: Type.Object({
    clusterID: clusterID({ description: "ID of the peer.", ...immutable("clusterID") }),
    local: side("this cluster"),
    remote: Type.Optional(side("the peer")),
    listenPort: Type.Integer({
      minimum: 1,
      maximum: 65535,
      description:
        "UDP port of generation 1 in the gateway's pod; odd and even generations alternate with the next one.",
    }),
    mtu: Type.Integer({ minimum: 576, maximum: 65535 }),
    secretName: Type.String({
      maxLength: 253,
      description: "Secret in tideway-network with the private keys.",
    }),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    gateway: Type.Optional(
      Type.String({ maxLength: 253, description: "Pod of the gateway that carries the tunnel." }),
    ),
    node: Type.Optional(Type.String({ maxLength: 253 })),
    implementation: Type.Optional(oneOf(["kernel", "userspace"])),
    endpoint: Type.Optional(Type.String({ maxLength: 261, description: "Where the peer answers now." })),
    lastHandshake: Type.Optional(time("Last WireGuard handshake, when this was written.")),
    latencyMs: Type.Optional(
      Type.Integer({ minimum: 0, description: "Round trip between the gateways when this was written." }),
    ),
  }),
  columns: [
    { name: "Peer", jsonPath: ".spec.clusterID", priority: 1 },
    { name: "Remote-Pods", jsonPath: ".spec.remote.seenPodCIDR" },
    { name: "Gateway", jsonPath: ".status.gateway" },
    { name: "Endpoint", jsonPath: ".status.endpoint" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

const allocation = Type.Object({
  prefix: cidr("What is taken."),
  owner: Type.String({
    minLength: 1,
    maxLength: 253,
    description: "Who has it: `peer/<cluster ID>/pods`, for example.",
  }),
});
const mapping = Type.Object({
  external: address("Address of the external CIDR."),
  address: address("What it stands for."),
  owner: Type.String({ minLength: 1, maxLength: 253, description: "Who asked for it." }),
});

export const addressPool = defineKind({
  concern: "networking",
  kind: "AddressPool",
  plural: "addresspools",
  shortNames: ["ap"],
  namespaced: false,
  description:
    "What addresses may be given away, and which are. The object named default is used and made where it is missing.",
  spec: Type.Object({
    prefixes: setOf(cidr("A network to give from."), {
      minItems: 1,
      maxItems: 16,
      description: "Networks that peers' pods and external addresses are seen in.",
    }),
    reserved: Type.Optional(
      setOf(cidr("A network never to give from."), {
        maxItems: 64,
        description: "Networks that are used elsewhere: offices, VPNs, databases.",
      }),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    externalCIDR: Type.Optional(cidr("The external CIDR of this cluster.")),
    allocations: Type.Optional(
      listByKey(allocation, "owner", { maxItems: 1024, description: "Networks given away." }),
    ),
    mappings: Type.Optional(
      listByKey(mapping, "external", {
        maxItems: 4096,
        description: "Single addresses of the external CIDR.",
      }),
    ),
  }),
  columns: [
    { name: "Prefixes", jsonPath: ".spec.prefixes" },
    { name: "External", jsonPath: ".status.externalCIDR" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    age,
  ],
});

export const borderPolicy = defineKind({
  concern: "networking",
  kind: "BorderPolicy",
  plural: "borderpolicies",
  shortNames: ["bp"],
  namespaced: false,
  description:
    "Opens more of this cluster to peers than the default: offloaded pods, and what is reflected to them.",
  spec: Type.Object({
    peers: setOf(Type.String({ minLength: 1, maxLength: 63 }), {
      minItems: 1,
      maxItems: 256,
      description: "Names or IDs of clusters, or *.",
    }),
    namespaces: Type.Optional(
      setOf(Type.String({ minLength: 1, maxLength: 63 }), {
        maxItems: 256,
        description: "Namespaces here whose pods the peers may reach, or *.",
      }),
    ),
    nodes: Type.Optional(
      Type.Boolean({ default: false, description: "Whether the peers may reach the nodes here." }),
    ),
    ports: Type.Optional(
      Type.Array(
        Type.Object({
          protocol: oneOf(["TCP", "UDP", "SCTP"], { default: "TCP" }),
          port: Type.Integer({ minimum: 1, maximum: 65535 }),
        }),
        { maxItems: 64, description: "Absent: every port." },
      ),
    ),
  }),
  status: Type.Object({ conditions, observedGeneration }),
  columns: [
    { name: "Peers", jsonPath: ".spec.peers" },
    { name: "Namespaces", jsonPath: ".spec.namespaces" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    age,
  ],
});
