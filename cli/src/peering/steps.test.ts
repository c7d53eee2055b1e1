import type { Condition, ForeignCluster } from "@tideway/api";
import { describe, expect, test } from "vitest";
import { isPeered, openStep, peeringSteps } from "./steps.ts";
import { teardownSteps } from "./teardown.ts";

const is = (type: string, status: Condition["status"], more: Partial<Condition> = {}): Condition => ({
  type,
  status,
  reason: "Because",
  message: `${type} is ${status}`,
  lastTransitionTime: "2026-01-31T12:00:00Z",
  ...more,
});
const west = (...conditions: Condition[]): ForeignCluster => ({
  metadata: { name: "west", generation: 2, finalizers: ["discovery.tideway.dev/peer"] },
  spec: { clusterID: "id", clusterName: "west", authEndpoint: "w:1", pins: [] },
  status: { conditions },
});
const ALL = ["Reachable", "Authenticated", "Negotiated", "Virtualised"];

describe("a peering", () => {
  test("is up when all four conditions are true", () =>
    expect(isPeered(peeringSteps(west(...ALL.map((t) => is(t, "True")))))).toBe(true));

  test("waits for the first condition that is not, and says why", () => {
    const steps = peeringSteps(
      west(is("Reachable", "True"), is("Authenticated", "False", { reason: "Refused" })),
    );
    expect(openStep(steps)).toMatchObject({
      id: "Authenticated",
      reason: "Refused",
      text: "Refused: Authenticated is False",
    });
  });

  test("does not believe a refusal of an older spec", () => {
    const [, authenticated] = peeringSteps(west(is("Authenticated", "False", { observedGeneration: 1 })));
    expect(authenticated).toEqual({ id: "Authenticated", service: "auth", done: false, text: "" });
  });

  test("has not begun without an object", () =>
    expect(peeringSteps(undefined).some((s) => s.done)).toBe(false));
});

describe("an unpeering", () => {
  test("goes backwards and waits for the first condition that still stands", () => {
    const state = teardownSteps(
      west(is("Virtualised", "False"), is("Negotiated", "True"), is("Authenticated", "True")),
      false,
    );
    expect(state).toEqual({
      over: ["Virtualised"],
      waitingFor: { id: "Negotiated", text: "Because: Negotiated is True" },
    });
  });

  test("waits for the object itself, naming who holds it", () =>
    expect(teardownSteps(west(), false).waitingFor).toEqual({
      id: "gone",
      text: "finalizer discovery.tideway.dev/peer",
    }));

  test("is over when the object is gone", () =>
    expect(teardownSteps(undefined, false).waitingFor).toBeUndefined());

  test("is over with the object still there when the peer goes on using this cluster", () =>
    expect(teardownSteps(west(), true).waitingFor).toBeUndefined());
});
