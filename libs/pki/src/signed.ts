import { type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { ForbiddenError, InvalidError } from "@tideway/errors";
import { isClusterID } from "./name.ts";

/** The signer's clock is too far from ours; what it signed with may be good all the same. */
export class ClockSkewError extends ForbiddenError {}

/** A signature made for this protocol can never be one for another that uses the same key. */
const DOMAIN = Buffer.from("tideway-signed-v1\0", "latin1");
const MAX_PAYLOAD = 8192;
const NONCE = /^[A-Za-z0-9_-]{22}$/;

export type Purpose = "authenticate" | "renew" | "release";

export interface Claims {
  purpose: Purpose;
  /** SPKI pin of the server that this is for. */
  audience: string;
  /** Who signs. */
  clusterID: string;
  /** UID of the Tenant at the provider; empty before there is one. */
  tenant: string;
  body: string;
}

export interface SignedPayload {
  payload: Buffer;
  signature: Buffer;
}

/** The signature covers the very bytes that travel, so no canonical form has to be agreed on. */
export const signPayload = (claims: Claims, key: KeyObject, nowMs: number): SignedPayload => {
  const payload = Buffer.from(
    JSON.stringify({ ...claims, time: nowMs, nonce: randomBytes(16).toString("base64url") }),
  );
  return { payload, signature: sign("sha256", Buffer.concat([DOMAIN, payload]), key) };
};

/** Remembers nonces for as long as their timestamps would pass; at its bound it forgets the oldest. */
export interface NonceCache {
  /** False when the nonce was seen before. */
  fresh(nonce: string, nowMs: number): boolean;
}

export const createNonceCache = (lifetimeMs: number, limit = 10_000): NonceCache => {
  const seen = new Map<string, number>();
  return {
    fresh: (nonce, nowMs) => {
      for (const [old, until] of seen) {
        if (until > nowMs && seen.size < limit) break;
        seen.delete(old);
      }
      if (seen.has(nonce)) return false;
      seen.set(nonce, nowMs + lifetimeMs);
      return true;
    },
  };
};

export interface VerifyOptions {
  publicKey: KeyObject;
  purpose: Purpose;
  audience: string;
  now: number;
  /** How far the signer's clock may be from ours, either way. */
  skewMs: number;
  nonces: NonceCache;
}

/** Throws InvalidError on malformed input and ForbiddenError on what does not hold; the field is named. */
export const verifyPayload = (
  s: { payload: Uint8Array; signature: Uint8Array },
  o: VerifyOptions,
): Claims => {
  if (s.payload.length === 0 || s.payload.length > MAX_PAYLOAD)
    throw new InvalidError(`payload: ${s.payload.length} bytes, must be 1..${MAX_PAYLOAD}`);
  if (!verifies(s, o.publicKey))
    throw new ForbiddenError("signature: does not verify with the certificate's key");
  const { time, nonce, ...claims } = parseClaims(Buffer.from(s.payload));
  if (claims.purpose !== o.purpose)
    throw new ForbiddenError(
      `payload.purpose: signed for ${JSON.stringify(claims.purpose)}, not for ${o.purpose}`,
    );
  if (claims.audience !== o.audience) throw new ForbiddenError("payload.audience: signed for another server");
  if (Math.abs(o.now - time) > o.skewMs)
    throw new ClockSkewError(
      `payload.time: clocks differ by ${Math.round(Math.abs(o.now - time) / 1000)} s, at most ${o.skewMs / 1000} s are allowed`,
    );
  if (!o.nonces.fresh(nonce, o.now)) throw new ForbiddenError("payload.nonce: seen before");
  return claims;
};

const verifies = (s: { payload: Uint8Array; signature: Uint8Array }, key: KeyObject): boolean => {
  try {
    return verify("sha256", Buffer.concat([DOMAIN, s.payload]), key, s.signature);
  } catch {
    return false;
  }
};

const parseClaims = (payload: Buffer): Claims & { time: number; nonce: string } => {
  let value: unknown;
  try {
    value = JSON.parse(payload.toString("utf8"));
  } catch (cause) {
    throw new InvalidError("payload: not JSON", { cause });
  }
  if (typeof value !== "object" || value === null) throw new InvalidError("payload: not an object");
  const v = value as Record<string, unknown>;
  const text = (field: keyof Claims | "nonce"): string => {
    const at = v[field];
    if (typeof at !== "string") throw new InvalidError(`payload.${field}: must be a string`);
    return at;
  };
  const nonce = text("nonce");
  if (!NONCE.test(nonce)) throw new InvalidError("payload.nonce: must be 16 random bytes in base64url");
  const clusterID = text("clusterID");
  if (!isClusterID(clusterID)) throw new InvalidError("payload.clusterID: not a cluster ID");
  if (typeof v.time !== "number" || !Number.isFinite(v.time))
    throw new InvalidError("payload.time: must be milliseconds");
  return {
    purpose: text("purpose") as Purpose,
    audience: text("audience"),
    clusterID,
    tenant: text("tenant"),
    body: text("body"),
    time: v.time,
    nonce,
  };
};
