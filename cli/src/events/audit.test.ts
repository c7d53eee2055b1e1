import type { BusEvent } from "@tideway/bus";
import { expect, test } from "vitest";
import { renderRecord } from "./audit.ts";

const record = (data: object, peer = "id-west"): BusEvent => ({
  id: "1",
  source: "/clusters/here/auth",
  time: "2026-01-31T12:00:00.000Z",
  sequence: 7,
  entity: "audit",
  type: "dev.tideway.audit.denied",
  peer,
  key: "auth-1f-1",
  data: {
    outcome: "DENIED",
    reason: "TokenUsed",
    action: "authenticate",
    message: "used",
    count: 1,
    ...data,
  },
});
const look = {
  paint: (_: unknown, text: string) => text,
  wide: false,
  nameOf: (id: string) => (id === "id-west" ? "west" : undefined),
};

test("a record is one line: when, whose, what was decided, why", () =>
  expect(renderRecord(record({ object: "Tenant/west" }), look)).toMatch(
    /^2026-01-31T12:00:00.000Z {2}west +denied +authenticate +Tenant\/west +TokenUsed: used$/,
  ));

test("several alike say how many they are and since when", () =>
  expect(renderRecord(record({ count: 12, since: "2026-01-31T11:59:59.000Z" }), look)).toContain(
    "used (x 12 since 11:59:59.000Z)",
  ));

test("a stranger shows by what it calls itself, in brackets", () =>
  expect(renderRecord(record({ actorName: "west" }, "unknown"), look)).toContain(" (west) "));

test("wide adds the service, and who it was", () =>
  expect(
    renderRecord(record({ actorAddress: "10.0.0.7", actorPin: "sha256/x" }), { ...look, wide: true }),
  ).toMatch(/used service=auth actorAddress=10.0.0.7 actorPin=sha256\/x$/));

test("a record of an unknown shape is still a line", () =>
  expect(renderRecord({ ...record({}), data: "text" }, look)).toContain("west"));
