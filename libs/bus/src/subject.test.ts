import { isInvalid } from "@tideway/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeToken, encodeToken, parseSubject, subjectOf } from "./subject.ts";

test.each([
  ["6f1c5f0a-0000-4000-8000-000000000000", "6f1c5f0a-0000-4000-8000-000000000000"],
  ["outgoing", "outgoing"],
  ["west.example", "west_2eexample"],
  ["a_b", "a_5fb"],
  ["a>*", "a_3e_2a"],
  ["ü", "_c3_bc"],
  ["", "_"],
])("the token of %j is %j", (text, token) => {
  expect(encodeToken(text)).toBe(token);
});

test("any text becomes one plain token and comes back", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const token = encodeToken(text);
      expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(decodeToken(token)).toBe(text);
    }),
  );
});

test("any subject comes back as entity, peer and id", () => {
  const anyThing = fc.record({ peer: fc.string(), id: fc.option(fc.string(), { nil: undefined }) });
  fc.assert(
    fc.property(anyThing, (thing) => {
      const { entity, ...rest } = parseSubject(subjectOf("identity", thing));
      expect({ id: undefined, ...rest }).toEqual({ id: thing.id, peer: thing.peer });
      expect(entity).toBe("identity");
    }),
  );
});

test.each(["a.b", "a_", "a_2", "a_2E", "a_zz", "_ff", "_41"])(
  "refuses the token %j, which no publisher writes",
  (token) => {
    expect(() => decodeToken(token)).toThrow(JSON.stringify(token));
  },
);

test("refuses a malformed subject with a message that shows it, and nothing else", () => {
  const token = fc.stringMatching(/^[a-z_.]{0,8}$/);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        token.map((t) => `tideway.v1.${t}`),
      ),
      (subject) => {
        try {
          parseSubject(subject);
        } catch (err) {
          expect(isInvalid(err)).toBe(true);
        }
      },
    ),
  );
  expect(() => parseSubject("tideway.v2.peer.x")).toThrow(
    'subject "tideway.v2.peer.x" is not tideway.v1.<entity>.<peer>[.<id>]',
  );
  expect(() => parseSubject("tideway.v1.peer.x.y.z")).toThrow("is not tideway.v1");
});
