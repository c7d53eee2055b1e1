import { InvalidError } from "@tideway/errors";
import type { Static, TObject } from "@sinclair/typebox";
import { parse, type FieldSchema } from "./parse.ts";

type Env = Record<string, string | undefined>;

/** `busUrl` is read from `BUS_URL` unless its schema names another variable in the option `env`. */
export const variableOf = (field: string, schema: { env?: unknown }): string =>
  typeof schema.env === "string" ? schema.env : field.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();

/**
 * Reads every field of the schema from the environment, once, at the door. All mistakes are collected and
 * thrown as one InvalidError, each naming variable, value and bound. An empty variable counts as not set.
 * Options of a field: `env` (name of the variable), `secret: true` (its value is never shown), `default`.
 * Arrays are written with commas.
 */
export const loadConfig = <T extends TObject>(schema: T, env: Env): Static<T> => {
  const out: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [field, raw] of Object.entries(schema.properties)) {
    const property = raw as FieldSchema;
    const variable = variableOf(field, property);
    const text = env[variable];
    if (text === undefined || text === "") {
      if (property.default !== undefined) out[field] = property.default;
      else if (schema.required?.includes(field)) problems.push(`${variable} (${field}) is not set`);
      continue;
    }
    const parsed = parse(property, text);
    if ("problem" in parsed)
      problems.push(
        `${variable} (${field}) is ${property.secret ? "set" : JSON.stringify(text)}, but ${parsed.problem}`,
      );
    else out[field] = parsed.value;
  }
  if (problems.length > 0) throw new InvalidError(`invalid configuration: ${problems.join("; ")}`);
  return out;
};
