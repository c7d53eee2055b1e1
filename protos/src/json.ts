import { InvalidError } from "@tideway/errors";
import { factTables, type Facts } from "./gen/events_v1.ts";

export type FactName = keyof Facts;
/** Fact by name of its entity. */
export type FactOf = Facts;
type StateField<F extends FactName> = (typeof factTables)[F]["state"] & keyof Facts[F];
/** What a publisher says: the state always, the rest where it is not empty. */
export type FactInput<F extends FactName> = Partial<Facts[F]> & Pick<Facts[F], StateField<F>>;

interface FieldTable {
  name: string;
  proto: string;
  kind: "string" | "bool" | "number" | "enum";
  repeated?: boolean;
  map?: boolean;
  values?: readonly string[];
}
interface FactTable {
  state: string;
  fields: readonly FieldTable[];
}
type Json = Record<string, unknown>;

export const isFactName = (text: string): text is FactName => Object.hasOwn(factTables, text);
const tableOf = (fact: FactName): FactTable => factTables[fact];

const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);
const show = (v: unknown): string => (JSON.stringify(v) ?? String(v)).slice(0, 60);

const scalar = (field: FieldTable, at: string, v: unknown): unknown => {
  const wrong = (want: string): never => {
    throw new InvalidError(`field ${at} must be ${want}, is ${show(v)}`);
  };
  switch (field.kind) {
    case "string":
      return typeof v === "string" ? v : wrong("a string");
    case "bool":
      return typeof v === "boolean" ? v : wrong("true or false");
    case "number":
      return typeof v === "number" && Number.isFinite(v) ? v : wrong("a number");
    case "enum":
      return typeof v === "string" && field.values?.includes(v)
        ? v
        : wrong(`one of ${field.values?.join(", ")}`);
  }
};

const EMPTY = { string: "", bool: false, number: 0, enum: undefined } as const;

const valueOf = (field: FieldTable, v: unknown): unknown => {
  if (field.map) {
    if (v === undefined || v === null) return {};
    if (!isObject(v)) throw new InvalidError(`field ${field.name} must be an object, is ${show(v)}`);
    const entries = Object.entries(v).map(([key, one]) => [
      key,
      scalar(field, `${field.name}[${show(key)}]`, one),
    ]);
    return Object.fromEntries(entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
  }
  if (field.repeated) {
    if (v === undefined || v === null) return [];
    if (!Array.isArray(v)) throw new InvalidError(`field ${field.name} must be a list, is ${show(v)}`);
    return v.map((one, i) => scalar(field, `${field.name}[${i}]`, one));
  }
  if (v === undefined || v === null) {
    if (field.kind !== "enum") return EMPTY[field.kind];
    throw new InvalidError(`field ${field.name} is missing; it must be one of ${field.values?.join(", ")}`);
  }
  return scalar(field, field.name, v);
};

/** Every field in order of the proto, absent ones at their default; unknown ones of a newer publisher are left out. */
const complete = (fact: FactName, data: Json): Json => {
  const out: Json = {};
  for (const field of tableOf(fact).fields)
    out[field.name] = valueOf(field, data[field.name] ?? data[field.proto]);
  return out;
};

const isEmpty = (v: unknown): boolean =>
  v === "" || v === 0 || (Array.isArray(v) ? v.length === 0 : isObject(v) && Object.keys(v).length === 0);

/**
 * proto3 JSON of a fact: one text for one meaning (fields in order of the proto, maps sorted, empty values
 * left out except `false`), so that texts can be compared. InvalidError names a wrong field.
 */
export const encodeFact = <F extends FactName>(fact: F, data: FactInput<F>): string =>
  JSON.stringify(
    Object.fromEntries(Object.entries(complete(fact, data as Json)).filter(([, v]) => !isEmpty(v))),
  );

/** The fact in a message's body. InvalidError names what is wrong with it. */
export const decodeFact = <F extends FactName>(fact: F, body: string): Facts[F] => {
  let data: unknown;
  try {
    data = JSON.parse(body);
  } catch (cause) {
    throw new InvalidError(`the body of a ${fact} fact is not JSON: ${show(body)}`, { cause });
  }
  if (!isObject(data))
    throw new InvalidError(`the body of a ${fact} fact must be a JSON object, is ${show(data)}`);
  return complete(fact, data) as unknown as Facts[F];
};

/** The state a fact tells of: `GRANTED`, `GONE`. */
export const stateOf = <F extends FactName>(fact: F, data: FactInput<F>): string =>
  String((data as Json)[tableOf(fact).state]);
