/** Kind definition -> CustomResourceDefinition, in the subset of JSON Schema that Kubernetes calls structural. */
import { HINT, type Column, type KindDefinition, type Rule } from "./schema/define.ts";
import { API_SUFFIX, API_VERSION, CATEGORY } from "./names.ts";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const isObject = (v: Json | undefined): v is JsonObject =>
  typeof v === "object" && v !== null && !Array.isArray(v);

/** A pattern with a hint becomes a CEL rule, whose message people can read; the API server's own shows the pattern. */
const patternAsRule = (schema: JsonObject): JsonObject => {
  const { [HINT]: hint, pattern, ...rest } = schema;
  if (typeof hint !== "string" || typeof pattern !== "string") return rest;
  if (schema.type !== "string") return { ...rest, pattern };
  const rule = { rule: `self.matches(r'${pattern}')`, message: hint };
  const others = (rest["x-kubernetes-validations"] ?? []) as Json[];
  return { ...rest, "x-kubernetes-validations": [rule, ...others] };
};

const structural = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(structural);
  if (!isObject(schema)) return schema;
  const { default: fallback, ...plain } = patternAsRule(schema);
  const out: JsonObject = Object.fromEntries(
    Object.entries(plain).map(([key, value]) => [
      key,
      key === "properties" && isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([name, v]) => [name, structural(v)]))
        : structural(value),
    ]),
  );
  return fallback === undefined ? out : { ...out, default: fallback };
};

/** The schema as plain JSON, without TypeBox's symbols. */
const plain = (schema: object): JsonObject => JSON.parse(JSON.stringify(schema)) as JsonObject;

const column = (c: Column): JsonObject => ({
  name: c.name,
  type: c.type ?? "string",
  ...(c.description === undefined ? {} : { description: c.description }),
  ...(c.priority === undefined ? {} : { priority: c.priority }),
  jsonPath: c.jsonPath,
});

const validations = (rules: Rule[] | undefined): JsonObject =>
  rules === undefined ? {} : { "x-kubernetes-validations": rules.map((r) => ({ ...r })) };

export const groupOf = (k: KindDefinition): string => `${k.concern}.${API_SUFFIX}`;
export const crdName = (k: KindDefinition): string => `${k.plural}.${groupOf(k)}`;

/** The whole object's schema as the API server gets it. */
export const objectSchema = (k: KindDefinition): JsonObject => ({
  type: "object",
  description: k.description,
  required: ["spec"],
  ...validations(k.rules),
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    spec: structural(plain(k.spec)),
    status: structural(plain(k.status)),
  },
});

export const customResourceDefinition = (k: KindDefinition): JsonObject => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: crdName(k), labels: { "app.kubernetes.io/part-of": "tideway" } },
  spec: {
    group: groupOf(k),
    names: {
      kind: k.kind,
      listKind: `${k.kind}List`,
      plural: k.plural,
      singular: k.kind.toLowerCase(),
      shortNames: k.shortNames,
      categories: [CATEGORY],
    },
    scope: k.namespaced ? "Namespaced" : "Cluster",
    versions: [
      {
        name: API_VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: k.columns.map(column),
        schema: { openAPIV3Schema: objectSchema(k) },
      },
    ],
  },
});
