import { isForbidden, isInvalid } from "@tideway/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Claims,
  createNonceCache,
  generateKeyPair,
  signPayload,
  spkiPin,
  verifyPayload,
  type VerifyOptions,
} from "./index.ts";

const keys = generateKeyPair();
const NOW = 1_780_000_000_000;
const SKEW = 300_000;
const audience = spkiPin(keys.publicKey);
const claims: Claims = { purpose: "renew", audience, clusterID: "east", tenant: "uid-1", body: "{}" };
const options = (o: Partial<VerifyOptions> = {}): VerifyOptions => ({
  publicKey: keys.publicKey,
  purpose: "renew",
  audience,
  now: NOW,
  skewMs: SKEW,
  nonces: createNonceCache(2 * SKEW),
  ...o,
});
const made = (o: Partial<Claims> = {}, at = NOW): { payload: Buffer; signature: Buffer } =>
  signPayload({ ...claims, ...o }, keys.privateKey, at);

describe("a signed payload", () => {
  test("comes back as it was signed", () => {
    expect(verifyPayload(made(), options())).toEqual(claims);
  });

  test("passes once: the same bytes again are a replay", () => {
    const o = options();
    const s = made();
    verifyPayload(s, o);
    expect(() => verifyPayload(s, o)).toThrow("payload.nonce: seen before");
  });

  test.each([
    ["for another purpose", made({ purpose: "release" }), {}, "payload.purpose"],
    ["for another server", made({ audience: "sha256/other" }), {}, "payload.audience"],
    ["too long ago", made({}, NOW - SKEW - 1), {}, "payload.time"],
    ["too far ahead", made({}, NOW + SKEW + 1), {}, "payload.time"],
    ["by another key", made(), { publicKey: generateKeyPair().publicKey }, "signature"],
  ])("signed %s is refused", (_, s, o, field) => {
    expect(() => verifyPayload(s, options(o))).toThrow(field);
  });

  test("changed in any one byte is refused", () => {
    const s = made();
    fc.assert(
      fc.property(fc.nat(s.payload.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const payload = Buffer.from(s.payload);
        payload[at] = (payload[at] ?? 0) ^ flip;
        expect(() => verifyPayload({ ...s, payload }, options())).toThrow("signature");
      }),
    );
  });

  test("of any JSON, well signed, never crashes and the error names the field", () => {
    fc.assert(
      fc.property(
        fc.record(
          { nonce: fc.jsonValue(), time: fc.jsonValue(), clusterID: fc.jsonValue() },
          { requiredKeys: [] },
        ),
        (odd) => {
          try {
            verifyPayload(signPayload({ ...claims, ...odd } as Claims, keys.privateKey, NOW), options());
          } catch (err) {
            expect(isInvalid(err) || isForbidden(err)).toBe(true);
            expect((err as Error).message).toMatch(/^payload/);
          }
        },
      ),
    );
  });
});

test("the nonce cache stays within its bound and forgets what is out of date", () => {
  const cache = createNonceCache(1000, 3);
  for (const n of ["a", "b", "c", "d"]) expect(cache.fresh(n, 0)).toBe(true);
  expect(cache.fresh("d", 10)).toBe(false);
  expect(cache.fresh("d", 2000)).toBe(true);
});
