/** The part of JSON schema that one environment variable can carry. */
export interface FieldSchema {
  type?: string;
  const?: unknown;
  anyOf?: { const?: unknown }[];
  items?: FieldSchema;
  default?: unknown;
  env?: string;
  secret?: boolean;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
}
export type Parsed = { value: unknown } | { problem: string };

const number = (s: FieldSchema, text: string): Parsed => {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return { problem: "must be a number" };
  if (s.type === "integer" && !Number.isSafeInteger(value)) return { problem: "must be a whole number" };
  if (s.minimum !== undefined && value < s.minimum) return { problem: `must be at least ${s.minimum}` };
  if (s.maximum !== undefined && value > s.maximum) return { problem: `must be at most ${s.maximum}` };
  return { value };
};

const string = (s: FieldSchema, text: string): Parsed => {
  if (text.length < (s.minLength ?? 0)) return { problem: `must have at least ${s.minLength} characters` };
  if (text.length > (s.maxLength ?? Infinity))
    return { problem: `must have at most ${s.maxLength} characters` };
  if (s.pattern !== undefined && !new RegExp(s.pattern).test(text))
    return { problem: `must match ${s.pattern}` };
  return { value: text };
};

const boolean = (text: string): Parsed =>
  text === "true"
    ? { value: true }
    : text === "false"
      ? { value: false }
      : { problem: "must be true or false" };

const choice = (values: unknown[], text: string): Parsed => {
  const value = values.find((v) => String(v) === text);
  return value === undefined ? { problem: `must be one of ${values.join(", ")}` } : { value };
};

const array = (s: FieldSchema, text: string): Parsed => {
  const value: unknown[] = [];
  for (const part of text.split(",").map((p) => p.trim())) {
    const parsed = parse(s.items ?? { type: "string" }, part);
    if ("problem" in parsed) return { problem: `${JSON.stringify(part)} in it ${parsed.problem}` };
    value.push(parsed.value);
  }
  if (value.length < (s.minItems ?? 0)) return { problem: `must have at least ${s.minItems} entries` };
  if (value.length > (s.maxItems ?? Infinity)) return { problem: `must have at most ${s.maxItems} entries` };
  return { value };
};

export const parse = (s: FieldSchema, text: string): Parsed => {
  if (s.anyOf)
    return choice(
      s.anyOf.map((o) => o.const),
      text,
    );
  if (s.const !== undefined) return choice([s.const], text);
  switch (s.type) {
    case "integer":
    case "number":
      return number(s, text);
    case "boolean":
      return boolean(text);
    case "array":
      return array(s, text);
    case "string":
      return string(s, text);
    default:
      return { problem: `is of a kind an environment variable cannot carry (${s.type ?? "unknown"})` };
  }
};
