/** What a secret is replaced by. */
export const REDACTED = "[redacted]";

const SECRET_FIELDS = new Set([
  "token",
  "key",
  "seed",
  "authorization",
  "tls.key",
  "password",
  "privatekey",
  "clientkey",
  "invitation",
]);
const DEPTH_MAX = 8;

/** `key` is also what a reconciler calls the name of its object; such a name is no secret. */
const isObjectKey = (value: unknown): boolean =>
  typeof value === "string" &&
  value.length <= 317 &&
  /^[a-z0-9]([-a-z0-9.:_]*[a-z0-9])?(\/[-a-z0-9.:_]+)?$/.test(value);

const isSecretField = (field: string, value: unknown): boolean =>
  SECRET_FIELDS.has(field.toLowerCase()) && !(field === "key" && isObjectKey(value));

const isPlain = (value: object): boolean => {
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
};

/**
 * A copy without secrets: fields by name at any depth, and `data` and `stringData` of a Secret.
 * Errors and class instances are left to the serializers, which print no fields of theirs.
 */
export const redact = (value: unknown, depth = 0): unknown => {
  if (typeof value !== "object" || value === null || depth > DEPTH_MAX) return value;
  if (Array.isArray(value)) return value.map((v) => redact(v, depth + 1));
  if (!isPlain(value)) return value;
  const secret = (value as { kind?: unknown }).kind === "Secret";
  const out: Record<string, unknown> = {};
  for (const [field, v] of Object.entries(value))
    out[field] =
      (v !== undefined && v !== null && isSecretField(field, v)) ||
      (secret && (field === "data" || field === "stringData"))
        ? REDACTED
        : redact(v, depth + 1);
  return out;
};
