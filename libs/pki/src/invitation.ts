import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { InvalidError } from "@tideway/errors";
import { isPin } from "./keys.ts";
import { isClusterID } from "./name.ts";

/** What a provider hands to a consumer, in one string. */
export interface InvitationData {
  /** Cluster ID of the provider. */
  id: string;
  /** Its human name. */
  name: string;
  /** host:port of its auth service. */
  endpoint: string;
  /** SPKI pin of that service's certificate. */
  pin: string;
  token: string;
  /** RFC 3339; absent for a standing token without end. */
  exp?: string;
}

export const INVITATION_PREFIX = "tideway://";
const MAX_LENGTH = 4096;
const TOKEN = /^[A-Za-z0-9_-]{22,128}$/;
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/;

/** 256 random bits, base64url. */
export const newToken = (): string => randomBytes(32).toString("base64url");

export const isToken = (s: string): boolean => TOKEN.test(s);

/** What is stored of a token: hex SHA-256. A token has 256 random bits, so a plain hash gives nothing away. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");

/** In constant time for any two strings. */
export const sameHash = (a: string, b: string): boolean => {
  const digest = (s: string): Buffer => createHash("sha256").update(s).digest();
  return timingSafeEqual(digest(a), digest(b));
};

export const isEndpoint = (s: string): boolean => {
  const at = s.lastIndexOf(":");
  const port = s.slice(at + 1);
  return (
    at > 0 &&
    HOST.test(s.slice(0, at)) &&
    /^\d{1,5}$/.test(port) &&
    Number(port) >= 1 &&
    Number(port) <= 65535
  );
};

export const isClusterName = (s: string): boolean => NAME.test(s);

const isTime = (s: string): boolean => /^\d{4}-\d\d-\d\dT/.test(s) && !Number.isNaN(Date.parse(s));

interface Rule {
  field: keyof InvitationData;
  ok: (s: string) => boolean;
  want: string;
}

const RULES: readonly Rule[] = [
  { field: "id", ok: isClusterID, want: "a cluster ID" },
  { field: "name", ok: isClusterName, want: "a cluster name of at most 63 letters, digits, dots or dashes" },
  { field: "endpoint", ok: isEndpoint, want: "host:port" },
  { field: "pin", ok: isPin, want: "sha256/<base64 of 32 bytes>" },
  { field: "token", ok: isToken, want: "22 to 128 characters of base64url" },
  { field: "exp", ok: isTime, want: "a time in RFC 3339" },
];

const check = (value: Record<string, unknown>): InvitationData => {
  const out: Record<string, string> = {};
  for (const { field, ok, want } of RULES) {
    const v = value[field];
    if (v === undefined && field === "exp") continue;
    if (v === undefined) throw new InvalidError(`invitation.${field}: is missing`);
    if (typeof v !== "string" || !ok(v)) {
      const found = field === "token" ? "" : `, is ${JSON.stringify(v).slice(0, 100)}`; // a token is never shown
      throw new InvalidError(`invitation.${field}: must be ${want}${found}`);
    }
    out[field] = v;
  }
  return out as unknown as InvitationData;
};

/** `tideway://` and base64url of the JSON. */
export const encodeInvitation = (i: InvitationData): string =>
  INVITATION_PREFIX + Buffer.from(JSON.stringify({ v: 1, ...check({ ...i }) })).toString("base64url");

/** Throws InvalidError; the message names the field and what it must be. Surrounding white space is forgiven. */
export const decodeInvitation = (text: string): InvitationData => {
  const trimmed = text.trim();
  if (!trimmed.startsWith(INVITATION_PREFIX))
    throw new InvalidError(`invitation: must begin with ${INVITATION_PREFIX}`);
  if (trimmed.length > MAX_LENGTH) throw new InvalidError(`invitation: longer than ${MAX_LENGTH} characters`);
  const body = trimmed.slice(INVITATION_PREFIX.length);
  if (!/^[A-Za-z0-9_-]+$/.test(body))
    throw new InvalidError("invitation: the part after the prefix must be base64url");
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
  } catch {
    throw new InvalidError("invitation: cut short or damaged, it does not decode"); // the cause would quote the token
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidError("invitation: not an object");
  const fields = value as Record<string, unknown>;
  if (fields.v !== 1)
    throw new InvalidError(
      `invitation.v: version ${JSON.stringify(fields.v) ?? "none"} is not known here, only 1`,
    );
  return check(fields);
};
