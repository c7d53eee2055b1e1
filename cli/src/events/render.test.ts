import type { BusEvent } from "@tideway/bus";
import { expect, test } from "vitest";
import { details, renderEvent } from "./render.ts";

const event = (more: Partial<BusEvent>): BusEvent => ({
  id: "1",
  source: "auth",
  time: "2026-01-31T12:00:00.000Z",
  sequence: 7,
  entity: "identity",
  type: "dev.tideway.identity.granted",
  peer: "id-west",
  key: "outgoing",
  data: {},
  ...more,
});
const look = {
  paint: (_: unknown, text: string) => text,
  wide: false,
  nameOf: (id: string) => (id === "id-west" ? "west" : undefined),
};

test("an event is one line: when, who, what, and what the thing says of itself", () => {
  const data = {
    clusterId: "id-west",
    name: "west",
    state: "GRANTED",
    notAfter: "2026-01-31T13:00:00Z",
    reason: "",
    message: "all is well",
  };
  expect(renderEvent(event({ data }), look)).toBe(
    '2026-01-31T12:00:00.000Z  west            identity outgoing granted  notAfter=2026-01-31T13:00:00Z message="all is well"',
  );
});

test("a peer without a name here shows by its ID, a local namespace by its own name", () => {
  expect(renderEvent(event({ peer: "id-gone" }), look)).toContain("id-gone ");
  const offloaded = event({
    entity: "namespace",
    type: "dev.tideway.namespace.offloaded",
    peer: "local",
    key: "demo",
  });
  expect(renderEvent(offloaded, look)).toMatch(/ demo +namespace offloaded$/);
});

test("a record of the audit shows without its key", () => {
  const data = { outcome: "DENIED", reason: "UnknownToken", action: "authenticate", count: 3 };
  const record = event({ entity: "audit", type: "dev.tideway.audit.denied", key: "auth-1f-2", data });
  expect(renderEvent(record, look)).toMatch(
    / west +audit denied +reason=UnknownToken action=authenticate count=3$/,
  );
});

test("wide adds where it came from", () =>
  expect(renderEvent(event({}), { ...look, wide: true })).toContain("source=auth id=1"));

test("details spread maps, quote spaces, and leave out what says nothing", () =>
  expect(
    details({
      resources: { cpu: "4" },
      backlog: 0,
      outgoing: true,
      reachable: false,
      pins: ["x"],
      list: ["a b"],
    }),
  ).toBe('cpu=4 outgoing=true list="[\\"a b\\"]"'));

test("an event of an unknown shape is still a line", () =>
  expect(renderEvent(event({ data: "text" }), look)).toContain("identity"));
