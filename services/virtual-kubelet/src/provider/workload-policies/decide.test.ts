import { describe, expect, it } from "vitest";
import type { WorkloadPolicySpec } from "@tideway/api";
import { decide, type World } from "./decide.ts";

const world = (spec: WorkloadPolicySpec = {}, more: Partial<World> & { name?: string } = {}): World => ({
  policy: { metadata: { name: more.name ?? "default", generation: 3 }, spec },
  tenants: ["east", "north"],
  withOwn: [],
  refused: 0,
  ...more,
});
const ready = (w: World) => decide(w).condition;

describe("what a WorkloadPolicy says of itself", () => {
  it.each<[string, World, string, string, string]>([
    ["whose pods go by it", world(), "True", "InUse", "for the pods of east, north"],
    [
      "whose do not, since they have their own",
      world({}, { withOwn: ["north"] }),
      "True",
      "InUse",
      "for the pods of east",
    ],
    ["that nobody's do", world({}, { tenants: [] }), "True", "Unused", "no peer has pods here"],
    ["that there is no such peer", world({}, { name: "nort" }), "True", "NoSuchPeer", "no peer named nort"],
    [
      "that an amount is none",
      world({ containers: { defaultRequests: { cpu: "much" } } }),
      "False",
      "InvalidPolicy",
      "spec.containers.defaultRequests: ",
    ],
    [
      "that an amount is below zero",
      world({ containers: { defaultLimits: { cpu: "-1" } } }),
      "False",
      "InvalidPolicy",
      "spec.containers.defaultLimits: cpu is below zero",
    ],
    [
      "that a request is above its limit",
      world({ containers: { defaultRequests: { cpu: "2" }, defaultLimits: { cpu: "1" } } }),
      "False",
      "InvalidPolicy",
      "cpu is above its defaultLimits",
    ],
    [
      "that nothing may run",
      world({ images: { allow: [] } }),
      "False",
      "InvalidPolicy",
      "so no image may run",
    ],
    [
      "that what is allowed is denied",
      world({ images: { allow: ["docker.io"], deny: ["docker.io"] } }),
      "False",
      "InvalidPolicy",
      '"docker.io" is in deny too',
    ],
  ])("%s", (_, w, status, reason, message) => {
    expect(ready(w)).toMatchObject({ status, reason, observedGeneration: 3 });
    expect(ready(w).message).toContain(message);
  });
});
