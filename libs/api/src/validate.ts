/**
 * Checks objects against the schemas without an API server. Loads ajv and TypeBox, so it is an export of its own;
 * validators are compiled when a kind is first asked for. Rules in CEL are the API server's.
 */
import { InvalidError } from "@tideway/errors";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { kinds } from "./kinds.ts";
import { HINT } from "./schema/define.ts";

export interface Problem {
  /** `spec.rules[0].action`. */
  field: string;
  value: unknown;
  /** What the field must be, with its bound. */
  message: string;
}

type Schema = Record<string, unknown>;
const isObject = (v: unknown): v is Schema => typeof v === "object" && v !== null && !Array.isArray(v);

/** Fields that no schema names are typing errors, except where the schema says that anything goes. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isObject(schema)) return schema;
  const out: Schema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties" && isObject(value))
      out.properties = Object.fromEntries(Object.entries(value).map(([name, v]) => [name, closed(v)]));
    else out[key] = key === "default" || key === "enum" ? value : closed(value);
  }
  const open =
    schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties !== undefined;
  return schema.type === "object" && !open && isObject(schema.properties)
    ? { ...out, additionalProperties: false }
    : out;
};

const compiled = new Map<string, ValidateFunction>();

const validatorOf = (kind: string): ValidateFunction => {
  const known = compiled.get(kind);
  if (known) return known;
  const definition = kinds.find((k) => k.kind === kind);
  if (!definition)
    throw new InvalidError(
      `kind: ${JSON.stringify(kind)} is not one of ${kinds.map((k) => k.kind).join(", ")}`,
    );
  const schema = closed(
    JSON.parse(
      JSON.stringify({ type: "object", properties: { spec: definition.spec, status: definition.status } }),
    ),
  ) as Schema;
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: false,
    logger: false,
    validateFormats: true,
  });
  ajv.addFormat(
    "date-time",
    (s: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(s) && !Number.isNaN(Date.parse(s)),
  );
  ajv.addFormat("int64", true);
  const fn = ajv.compile({ ...schema, required: ["spec"], additionalProperties: true });
  compiled.set(kind, fn);
  return fn;
};

const fieldOf = (pointer: string): string =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part), "");

const say = (e: ErrorObject): string => {
  const schema = e.parentSchema as Schema | undefined;
  switch (e.keyword) {
    case "enum":
      return `must be one of ${(e.params as { allowedValues: string[] }).allowedValues.join(", ")}`;
    case "pattern":
      return typeof schema?.[HINT] === "string" ? schema[HINT] : (e.message ?? "is invalid");
    case "format":
      return "must be a time such as 2026-01-31T12:00:00Z";
    default:
      return e.message ?? "is invalid";
  }
};

const problemOf = (e: ErrorObject): Problem => {
  const at = fieldOf(e.instancePath);
  const join = (name: string): string => (at ? `${at}.${name}` : name);
  if (e.keyword === "required")
    return {
      field: join((e.params as { missingProperty: string }).missingProperty),
      value: undefined,
      message: "is required",
    };
  if (e.keyword === "additionalProperties") {
    const name = (e.params as { additionalProperty: string }).additionalProperty;
    return { field: join(name), value: (e.data as Schema)[name], message: "is not a field of this kind" };
  }
  return { field: at, value: e.data, message: say(e) };
};

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** What is wrong with `obj` as an object of `kind`; empty when nothing is. */
export const problems = (kind: string, obj: unknown): Problem[] => {
  const validator = validatorOf(kind);
  if (validator(obj)) return [];
  const found = (validator.errors ?? []).map(problemOf);
  // anyOf reports each branch and itself for the one value: the first says enough.
  return found.filter((p, i) => found.findIndex((q) => q.field === p.field) === i);
};

export const describeProblem = (p: Problem): string => `${p.field}: ${show(p.value)} ${p.message}`;

/** Throws InvalidError naming every field that is wrong, its value, and what it must be. */
export function validate(kind: string, obj: unknown): void {
  const found = problems(kind, obj);
  if (found.length > 0)
    throw new InvalidError(`${kind} is not valid: ${found.map(describeProblem).join("; ")}`);
}
