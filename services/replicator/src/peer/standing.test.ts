import type { FactOf } from "@tideway/bus";
import { expect, test } from "vitest";
import { deadlineOf, standingOf } from "./standing.ts";

const identity = (o: Partial<FactOf["identity"]>): FactOf["identity"] => ({
  clusterId: "id",
  name: "west",
  direction: "outgoing",
  state: "GRANTED",
  apiServer: "https://a",
  localNamespace: "l",
  remoteNamespace: "r",
  secretName: "s",
  notAfter: "",
  reason: "",
  message: "",
  serial: "1",
  podsKept: false,
  ...o,
});
const peer = (o: Partial<FactOf["peer"]>): FactOf["peer"] =>
  ({ phase: "PRESENT", outgoing: true, unpeerDeadline: "", ...o }) as FactOf["peer"];

test.each([
  [undefined, "none"],
  [identity({}), "granted"],
  [identity({ state: "DENIED" }), "refused"],
  [identity({ state: "REVOKED" }), "refused"],
  [identity({ state: "GONE" }), "gone"],
])("identity %j is %s", (fact, is) => expect(standingOf(fact).is).toBe(is));

test.each([
  ["nothing is known of the peer", undefined, undefined],
  ["the peering is wanted", peer({ unpeerDeadline: "2026-01-01T00:00:00Z" }), undefined],
  [
    "it is taken down",
    peer({ outgoing: false, unpeerDeadline: "2026-01-01T00:00:00Z" }),
    Date.UTC(2026, 0, 1),
  ],
  ["it is taken down without a deadline", peer({ outgoing: false }), undefined],
  ["the peer is gone", peer({ phase: "GONE", outgoing: false }), 0],
])("deadline when %s", (_name, fact, at) => expect(deadlineOf(fact)).toBe(at));
