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

  test("has the step of the network only where somebody speaks of one, and then waits for it", () => {
    const four = ALL.map((t) => is(t, "True"));
    expect(peeringSteps(west(...four)).map((s) => s.id)).toEqual(ALL);
    const connecting = peeringSteps(
      west(...four, is("Connected", "Unknown", { reason: "Exchanging", message: "wait" })),
    );
    expect(isPeered(connecting)).toBe(false);
    expect(openStep(connecting)).toMatchObject({ id: "Connected", text: "Exchanging: wait" });
    expect(isPeered(peeringSteps(west(...four, is("Connected", "True"))))).toBe(true);
  });

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

  test("does not believe a refusal that stood there before it was asked for", () => {
    const before = west(is("Authenticated", "False", { reason: "TokenUsed" }));
    expect(openStep(peeringSteps(before, before).slice(1))).toMatchObject({ text: "" });
    const again = west(is("Authenticated", "False", { reason: "TokenUsed", message: "again" }));
    expect(openStep(peeringSteps(again, before).slice(1))).toMatchObject({ reason: "TokenUsed" });
  });

  test("has not begun without an object", () =>
    expect(peeringSteps(undefined).some((s) => s.done)).toBe(false));
});

describe("an unpeering", () => {
  test("goes backwards and waits for the first condition that still stands", () => {
    const state = teardownSteps(
      west(is("Virtualised", "False"), is("Negotiated", "True"), is("Authenticated", "True")),
    );
    expect(state).toEqual({
      over: ["Virtualised"],
      waitingFor: { id: "Negotiated", text: "" },
    });
  });

  test("a node that is being drained is not gone yet", () => {
    const { over, waitingFor } = teardownSteps(west(is("Virtualised", "False", { reason: "Draining" })));
    expect(over).toEqual([]);
    expect(waitingFor?.id).toBe("Virtualised");
  });

  test("a service that took its condition back is done", () =>
    expect(teardownSteps(west(is("Authenticated", "Unknown"))).over).toEqual(["Virtualised", "Negotiated"]));

  test("waits for the object itself, naming who holds it", () =>
    expect(teardownSteps(west()).waitingFor).toEqual({
      id: "gone",
      text: "finalizer discovery.tideway.dev/peer",
    }));

  test("is over when the object is gone", () => expect(teardownSteps(undefined).waitingFor).toBeUndefined());
});
