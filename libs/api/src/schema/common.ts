import { Type } from "@sinclair/typebox";
import { HINT, listByKey, oneOf } from "./define.ts";

const PORT = "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})";
const HOST = "(\\[[0-9a-fA-F:.]{2,45}\\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)";

export const clusterID = (options: Record<string, unknown> = {}) =>
  Type.String({
    pattern: "^[0-9a-zA-Z]([-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?$",
    maxLength: 63,
    [HINT]: "must be a cluster ID: the UID of the cluster's namespace kube-system",
    description: "ID of the cluster: the UID of its namespace kube-system.",
    ...options,
  });

export const clusterName = (options: Record<string, unknown> = {}) =>
  Type.String({
    minLength: 1,
    maxLength: 63,
    description: "Name of the cluster for people. Not unique; the ID is.",
    ...options,
  });

export const endpoint = (options: Record<string, unknown> = {}) =>
  Type.String({
    pattern: `^${HOST}:${PORT}$`,
    maxLength: 261,
    [HINT]: "must be host:port (an IPv6 address in brackets, port 1 to 65535)",
    description: "Address of the peer's auth service, host:port.",
    ...options,
  });

export const pin = (options: Record<string, unknown> = {}) =>
  Type.String({
    pattern: "^sha256/[A-Za-z0-9+/]{43}=$",
    maxLength: 51,
    [HINT]: 'must be "sha256/" and the base64 of the SHA-256 of a public key (SPKI)',
    description:
      "Pin of a TLS certificate: `sha256/` and the base64 of the SHA-256 of its public key (SPKI).",
    ...options,
  });

/** Without a minus: nothing that is asked, offered or kept is less than nothing. */
const QUANTITY = "^[+]?([0-9]+|[0-9]+\\.[0-9]*|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$";
const QUANTITY_HINT = 'must be a Kubernetes quantity such as "500m", "4" or "8Gi"';

/** Amounts by resource name, as written by a service: quantities are strings. */
export const resourceList = (description: string) =>
  Type.Unsafe<Record<string, string>>({
    type: "object",
    maxProperties: 64,
    description,
    additionalProperties: { type: "string", pattern: QUANTITY, maxLength: 40, [HINT]: QUANTITY_HINT },
  });

/** Amounts by resource name, as written by a person: `cpu: 4` is a number in YAML. */
export const resourceListByHand = (description: string) =>
  Type.Unsafe<Record<string, string | number>>({
    type: "object",
    maxProperties: 64,
    description,
    additionalProperties: {
      anyOf: [{ type: "integer" }, { type: "string" }],
      pattern: QUANTITY,
      "x-kubernetes-int-or-string": true,
      [HINT]: QUANTITY_HINT,
    },
  });

/** Amounts by resource name, or shares of what there is: `cpu: 2`, `memory: 20%`. */
export const shareListByHand = (description: string) =>
  Type.Unsafe<Record<string, string | number>>({
    type: "object",
    maxProperties: 64,
    description,
    additionalProperties: {
      anyOf: [{ type: "integer" }, { type: "string" }],
      pattern: `(${QUANTITY})|(^(100|[0-9]{1,2})%$)`,
      "x-kubernetes-int-or-string": true,
      [HINT]: `${QUANTITY_HINT}, or a share of what there is such as "20%"`,
    },
  });

export const quantityByHand = (description: string) =>
  Type.Unsafe<string | number>({
    anyOf: [{ type: "integer" }, { type: "string" }],
    pattern: QUANTITY,
    "x-kubernetes-int-or-string": true,
    [HINT]: QUANTITY_HINT,
    description,
  });

export const quantity = (description: string) =>
  Type.String({ pattern: QUANTITY, maxLength: 40, [HINT]: QUANTITY_HINT, description });

/** A price or a sum of money: exact, so a string. */
export const decimal = (description: string) =>
  Type.String({
    pattern: "^[0-9]{1,12}(\\.[0-9]{1,9})?$",
    maxLength: 24,
    [HINT]: 'must be an amount of money such as "0.25", in quotes',
    description,
  });

export const duration = (options: Record<string, unknown> = {}) =>
  Type.String({
    pattern: "^([0-9]{1,7}(ms|s|m|h))+$",
    maxLength: 32,
    [HINT]: 'must be a duration such as "30s", "5m" or "1h30m"',
    ...options,
  });

export const labelMap = (description: string) =>
  Type.Unsafe<Record<string, string>>({
    type: "object",
    maxProperties: 64,
    description,
    additionalProperties: { type: "string", maxLength: 63 },
  });

/** Any object: its fields are checked by the code that reads it. */
export const anyObject = <T extends object>(description: string) =>
  Type.Unsafe<T>({ type: "object", "x-kubernetes-preserve-unknown-fields": true, description });

export const time = (description: string) => Type.String({ format: "date-time", maxLength: 40, description });

export const condition = Type.Object({
  type: Type.String({ minLength: 1, maxLength: 316 }),
  status: oneOf(["True", "False", "Unknown"]),
  reason: Type.String({
    minLength: 1,
    maxLength: 256,
    pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
    description: "One CamelCase word for machines.",
  }),
  message: Type.String({ maxLength: 4096, description: "What is so, and what happens next, for people." }),
  lastTransitionTime: time("When the status last changed."),
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0, format: "int64" })),
});

export const conditions = Type.Optional(
  listByKey(condition, "type", { maxItems: 16, description: "State by concern, one condition a type." }),
);

export const observedGeneration = Type.Optional(
  Type.Integer({
    minimum: 0,
    format: "int64",
    description: "Generation of the spec that this status answers.",
  }),
);
