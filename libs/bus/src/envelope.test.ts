import { headers } from "@nats-io/transport-node";
import { isInvalid } from "@tideway/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readHeaders, typeOf, writeHeaders } from "./envelope.ts";
import { toEvent } from "./history.ts";
import { readFact } from "./view.ts";

const time = new Date("2026-03-04T05:06:07.008Z");
const granted = () =>
  writeHeaders({
    source: "/clusters/a/auth",
    type: "dev.tideway.identity.granted",
    subject: "s",
    time,
    traceparent: "t",
  });
const body = '{"clusterId":"w","state":"GRANTED"}';
const subject = "tideway.v1.identity.w.outgoing";

test("the type says what happened, in lower case", () => {
  expect(typeOf("node", { state: "NOT_READY" })).toBe("dev.tideway.node.not_ready");
  expect(typeOf("peer", { phase: "GONE" })).toBe("dev.tideway.peer.gone");
});

test("headers come back as the envelope they were", () => {
  expect(readHeaders(granted())).toMatchObject({
    source: "/clusters/a/auth",
    type: "dev.tideway.identity.granted",
    time: time.toISOString(),
    traceparent: "t",
  });
});

test("only what is gone expires", () => {
  expect(granted().has("Nats-TTL")).toBe(false);
  expect(
    writeHeaders({ source: "s", type: "dev.tideway.peer.gone", subject: "s", time }).get("Nats-TTL"),
  ).toBe("24h");
});

test.each(["ce-id", "ce-source", "ce-type", "ce-time", "ce-specversion"])(
  "names the missing header %s",
  (name) => {
    const h = granted();
    h.delete(name);
    expect(() => readHeaders(h)).toThrow(`header ${name} is missing`);
  },
);

test.each([
  ["ce-time", "yesterday", "header ce-time must be RFC 3339, is yesterday"],
  ["ce-specversion", "2.0", "header ce-specversion must be 1.0, is 2.0"],
])("refuses %s: %s", (name, value, message) => {
  const h = granted();
  h.set(name, value);
  expect(() => readHeaders(h)).toThrow(message);
});

test("a message without any header is refused by name", () => {
  expect(() => readFact("identity", { subject, headers: undefined, body })).toThrow(
    "header ce-specversion is missing",
  );
});

test("malformed messages give an InvalidError and never anything else", () => {
  const anyHeaders = fc.dictionary(
    fc.constantFrom("ce-id", "ce-source", "ce-type", "ce-time", "ce-specversion", "traceparent"),
    fc.stringMatching(/^[ -~]{0,12}$/),
  );
  fc.assert(
    fc.property(
      anyHeaders,
      fc.oneof(fc.constant(subject), fc.string()),
      fc.oneof(fc.constant(body), fc.json()),
      (hs, s, b) => {
        const h = headers();
        for (const [k, v] of Object.entries(hs)) h.set(k, v);
        try {
          readFact("identity", { subject: s, headers: h, body: b });
        } catch (err) {
          expect(isInvalid(err)).toBe(true);
        }
      },
    ),
  );
});

test("history shows what it cannot read, too", () => {
  const m = {
    subject: "tideway.v1.moon.x",
    headers: undefined,
    body: "{",
    sequence: 3,
    nanos: 1_700_000_000_000_000_000n,
  };
  expect(toEvent(m)).toMatchObject({
    entity: "moon",
    peer: "x",
    data: "{",
    time: "2023-11-14T22:13:20.000Z",
    sequence: 3,
  });
});
