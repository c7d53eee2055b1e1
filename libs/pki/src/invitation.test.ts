import { isInvalid } from "@tideway/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeInvitation,
  encodeInvitation,
  generateKeyPair,
  hashToken,
  INVITATION_PREFIX,
  type InvitationData,
  isEndpoint,
  newToken,
  sameHash,
  spkiPin,
} from "./index.ts";

const invitation: InvitationData = {
  id: "0b6c2a5e-59a3-4a53-8a0e-0f6f3b6f9b11",
  name: "west",
  endpoint: "10.0.0.2:30443",
  pin: spkiPin(generateKeyPair().publicKey),
  token: newToken(),
  exp: "2026-03-01T12:00:00Z",
};
const raw = (value: unknown): string =>
  INVITATION_PREFIX + Buffer.from(JSON.stringify(value)).toString("base64url");
const refusal = (text: string): string => {
  try {
    decodeInvitation(text);
  } catch (err) {
    expect(isInvalid(err)).toBe(true);
    return (err as Error).message;
  }
  return "accepted";
};

describe("an invitation", () => {
  test("survives the way through a string, spaces around it forgiven", () => {
    expect(decodeInvitation(` ${encodeInvitation(invitation)}\n`)).toEqual(invitation);
  });

  test("without an end, from a standing token, is fine", () => {
    const { exp: _, ...standing } = invitation;
    expect(decodeInvitation(encodeInvitation(standing))).toEqual(standing);
  });

  test.each([
    ["id", "UPPER_case"],
    ["name", "a b"],
    ["endpoint", "west"],
    ["endpoint", "west:0"],
    ["endpoint", "west:70000"],
    ["pin", "sha256/short"],
    ["token", "short"],
    ["exp", "tomorrow"],
    ["id", 7],
    ["token", null],
  ])("with a bad %s is refused by that name: %j", (field, value) => {
    expect(refusal(raw({ v: 1, ...invitation, [field]: value }))).toMatch(
      new RegExp(`^invitation\\.${field}: must be`),
    );
  });

  test.each(["id", "name", "endpoint", "pin", "token"])("without %s is refused by that name", (field) => {
    expect(refusal(raw({ v: 1, ...invitation, [field]: undefined }))).toBe(`invitation.${field}: is missing`);
  });

  test("of another version is refused by its version", () => {
    expect(refusal(raw({ ...invitation, v: 2 }))).toMatch(/^invitation\.v: version 2/);
  });

  test("cut anywhere is refused, and the error does not show the token", () => {
    const text = encodeInvitation(invitation);
    fc.assert(
      fc.property(fc.nat(text.length - 1), (n) => {
        const message = refusal(text.slice(0, n));
        expect(message).toMatch(/^invitation/);
        expect(message).not.toContain(invitation.token);
      }),
    );
  });

  test("of any text never crashes, and the error names the field", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => INVITATION_PREFIX + s),
        ),
        (s) => {
          expect(refusal(s)).toMatch(/^invitation/);
        },
      ),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (v) => {
        expect(refusal(raw(v))).toMatch(/^invitation/);
      }),
    );
  });
});

test.each([
  ["host:1", true],
  ["[::1]:443", true],
  ["10.0.0.1:65535", true],
  [":443", false],
  ["host:", false],
  ["host", false],
  ["::1:443", false],
  ["a b:1", false],
  ["http://x:1", false],
])("endpoint %s is valid: %s", (s, ok) => {
  expect(isEndpoint(s)).toBe(ok);
});

test("a token is 256 bits, its hash tells it from others of any length", () => {
  expect(Buffer.from(newToken(), "base64url")).toHaveLength(32);
  const hash = hashToken("x");
  expect([sameHash(hash, hashToken("x")), sameHash(hash, hashToken("y")), sameHash(hash, "")]).toEqual([
    true,
    false,
    false,
  ]);
});
