import { describe, expect, it } from "vitest";
import {
  type Condition,
  isTrue,
  MAX_MESSAGE,
  mergeConditions,
  sameConditions,
  setCondition,
} from "./conditions.ts";

const NOW = "2026-01-02T00:00:00Z";
const ready = (over: Partial<Condition> = {}): Condition => ({
  type: "Ready",
  status: "True",
  reason: "Done",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
  ...over,
});

describe("setCondition", () => {
  it("keeps the time of the transition while the status stays", () =>
    expect(setCondition([ready()], { ...ready(), reason: "Other" }, NOW).lastTransitionTime).toBe(
      "2026-01-01T00:00:00Z",
    ));
  it("moves it when the status changes", () =>
    expect(setCondition([ready()], { ...ready(), status: "False" }, NOW).lastTransitionTime).toBe(NOW));
  it("takes now for a new condition", () =>
    expect(setCondition([], ready(), NOW).lastTransitionTime).toBe(NOW));
  it("cuts a message that no schema would take", () =>
    expect(setCondition([], ready({ message: "x".repeat(9000) }), NOW).message).toHaveLength(MAX_MESSAGE));
});

describe("sameConditions", () => {
  it("ignores order and times", () =>
    expect(
      sameConditions(
        [ready(), ready({ type: "A" })],
        [ready({ type: "A", lastTransitionTime: NOW }), ready()],
      ),
    ).toBe(true));
  it.each<[string, Partial<Condition>]>([
    ["status", { status: "False" }],
    ["reason", { reason: "Other" }],
    ["message", { message: "other" }],
    ["observed generation", { observedGeneration: 2 }],
  ])("sees another %s", (_, over) => expect(sameConditions([ready()], [ready(over)])).toBe(false));
  it("sees a missing one", () => expect(sameConditions([ready()], undefined)).toBe(false));
});

it("mergeConditions replaces by type and keeps the others", () =>
  expect(mergeConditions([ready(), ready({ type: "A" })], [ready({ status: "False" })])).toEqual([
    ready({ status: "False" }),
    ready({ type: "A" }),
  ]));

it("isTrue is false for Unknown and for what is not there", () => {
  expect(isTrue([ready({ status: "Unknown" })], "Ready")).toBe(false);
  expect(isTrue(undefined, "Ready")).toBe(false);
  expect(isTrue([ready()], "Ready")).toBe(true);
});
