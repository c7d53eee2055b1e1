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
  kind: "string" | "bool" | "number" | "enum" | "message";
  repeated?: boolean;
  map?: boolean;
  values?: readonly string[];
  /** Of a message inside of the fact. */
  fields?: readonly FieldTable[];
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
    case "message":
      return isObject(v) ? complete(field.fields ?? [], v, `${at}.`) : wrong("an object");
  }
};

const EMPTY = { string: "", bool: false, number: 0, message: undefined } as const;

const valueOf = (field: FieldTable, at: string, v: unknown): unknown => {
  if (field.map) {
    if (v === undefined || v === null) return {};
    if (!isObject(v)) throw new InvalidError(`field ${at} must be an object, is ${show(v)}`);
    const entries = Object.entries(v).map(([key, one]) => [key, scalar(field, `${at}[${show(key)}]`, one)]);
    return Object.fromEntries(entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)));
  }
  if (field.repeated) {
    if (v === undefined || v === null) return [];
    if (!Array.isArray(v)) throw new InvalidError(`field ${at} must be a list, is ${show(v)}`);
    return v.map((one, i) => scalar(field, `${at}[${i}]`, one));
  }
  if (v === undefined || v === null) {
    if (field.kind !== "enum") return EMPTY[field.kind];
    throw new InvalidError(`field ${at} is missing; it must be one of ${field.values?.join(", ")}`);
  }
  return scalar(field, at, v);
};

/** Every field in order of the proto, absent ones at their default; unknown ones of a newer publisher are left out. */
function complete(fields: readonly FieldTable[], data: Json, at = ""): Json {
  const out: Json = {};
  for (const field of fields)
    out[field.name] = valueOf(field, `${at}${field.name}`, data[field.name] ?? data[field.proto]);
  return out;
}

const isEmpty = (v: unknown): boolean =>
  v === undefined ||
  v === "" ||
  v === 0 ||
  (Array.isArray(v) ? v.length === 0 : isObject(v) && Object.keys(v).length === 0);

/** Without what is empty, also in the messages inside. */
const said = (fields: readonly FieldTable[], data: Json): Json =>
  Object.fromEntries(
    fields.flatMap((field) => {
      const v = data[field.name];
      if (isEmpty(v)) return [];
      const one = (part: unknown): Json => said(field.fields ?? [], part as Json);
      if (field.kind !== "message") return [[field.name, v]];
      return [[field.name, Array.isArray(v) ? v.map(one) : one(v)]];
    }),
  );

/**
 * proto3 JSON of a fact: one text for one meaning (fields in order of the proto, maps sorted, empty values
 * left out except `false`), so that texts can be compared. InvalidError names a wrong field.
 */
export const encodeFact = <F extends FactName>(fact: F, data: FactInput<F>): string =>
  JSON.stringify(said(tableOf(fact).fields, complete(tableOf(fact).fields, data)));

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
  return complete(tableOf(fact).fields, data) as unknown as Facts[F];
};

/** The state a fact tells of: `GRANTED`, `GONE`. */
export const stateOf = <F extends FactName>(fact: F, data: FactInput<F>): string =>
  String((data as Json)[tableOf(fact).state]);
