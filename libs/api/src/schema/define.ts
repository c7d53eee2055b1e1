import { Type, type TArray, type TObject, type TSchema, type TUnsafe } from "@sinclair/typebox";

/** A rule in the Common Expression Language that the API server checks (`x-kubernetes-validations`). */
export interface Rule {
  rule: string;
  message: string;
  fieldPath?: string;
}

export interface Column {
  name: string;
  jsonPath: string;
  type?: "string" | "integer" | "date" | "boolean";
  description?: string;
  /** 0 (default) is always shown, 1 with `-o wide`. */
  priority?: number;
}

export interface KindDefinition<S extends TSchema = TSchema, T extends TSchema = TSchema> {
  /** First label of the API group. */
  concern: "discovery" | "authentication" | "sharing" | "offloading" | "networking" | "storage";
  kind: string;
  plural: string;
  shortNames: string[];
  namespaced: boolean;
  description: string;
  spec: S;
  status: T;
  /** Rules over the whole object, `self.metadata.name` included. */
  rules?: Rule[];
  columns: Column[];
}

export const defineKind = <S extends TSchema, T extends TSchema>(
  k: KindDefinition<S, T>,
): KindDefinition<S, T> => k;

/** Of a string pattern: what it wants, in words. Becomes the message of ajv and of the API server. */
export const HINT = "x-tideway-hint";

export const rules = (...r: Rule[]): { "x-kubernetes-validations": Rule[] } => ({
  "x-kubernetes-validations": r,
});

export const immutable = (field: string): { "x-kubernetes-validations": Rule[] } =>
  rules({
    rule: "self == oldSelf",
    message: `${field} cannot be changed; delete the object and create it again`,
  });

/**
 * An object that one writer applies as a whole. Without it server-side apply makes null of an object whose last field
 * goes, which the schema refuses.
 */
export const atomic = { "x-kubernetes-map-type": "atomic" } as const;

/** One of some words. CRDs know no `const`, so not a union of literals. */
export const oneOf = <const V extends readonly string[]>(
  values: V,
  options: Record<string, unknown> = {},
): TUnsafe<V[number]> => Type.Unsafe<V[number]>({ type: "string", enum: [...values], ...options });

/** A list of which each entry is known by `key`, so that several writers can apply their own entries. */
export const listByKey = <T extends TObject>(
  item: T,
  key: string,
  options: Record<string, unknown>,
): TArray<T> =>
  Type.Array(item, { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key], ...options });

/** A list that has one writer at a time: who applies it replaces all of it, and nothing of another one stays in it. */
export const wholeList = <T extends TSchema>(item: T, options: Record<string, unknown>): TArray<T> =>
  Type.Array(item, { "x-kubernetes-list-type": "atomic", ...options });

export const setOf = <T extends TSchema>(item: T, options: Record<string, unknown>): TArray<T> =>
  Type.Array(item, { "x-kubernetes-list-type": "set", ...options });
