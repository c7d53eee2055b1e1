import type { Pod } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { statusChange } from "./status.ts";

const AT = "2026-01-01T00:00:00Z";
const local = (status: object = {}, spec: object = {}): Pod => ({
  metadata: { name: "p" },
  spec: { containers: [], ...spec },
  status,
});
const remote = (status: object): Pod => ({
  metadata: { name: "p" },
  status: { phase: "Running", ...status },
});
const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  lastTransitionTime: AT,
  ...more,
});

describe("what comes back of a status", () => {
  it("never holds an address of the other cluster", () =>
    expect(
      statusChange(
        local({ phase: "Running" }),
        remote({ podIP: "10.0.0.1", podIPs: [{ ip: "10.0.0.1" }], hostIP: "10.0.0.2" }),
      ),
    ).toBeUndefined());
  it("leaves PodScheduled and conditions of others to those who own them", () =>
    expect(
      statusChange(
        local({ phase: "Running", conditions: [condition("mine", "True")] }),
        remote({ conditions: [condition("PodScheduled", "False"), condition("other", "True")] }),
      ),
    ).toBeUndefined());
  it("is only the conditions that changed", () => {
    const change = statusChange(
      local({
        phase: "Running",
        conditions: [condition("Initialized", "True"), condition("Ready", "False")],
      }),
      remote({ conditions: [condition("Initialized", "True"), condition("Ready", "True")] }),
    );
    expect(change).toEqual({
      conditions: [{ type: "Ready", status: "True", reason: null, message: null, lastTransitionTime: AT }],
    });
  });
  it("takes back a reason that is not said any more", () =>
    expect(
      statusChange(local({ phase: "Running", reason: "NamespaceNotOffloaded", message: "m" }), remote({})),
    ).toEqual({ reason: null, message: null }));
  it("is nothing when only the order of saying nothing differs", () => {
    const here = {
      name: "c",
      ready: true,
      restartCount: 0,
      image: "i",
      imageID: "",
      lastState: {},
      volumeMounts: [],
    };
    const there = { name: "c", ready: true, restartCount: 0, image: "i", imageID: "" };
    expect(
      statusChange(
        local({ phase: "Running", containerStatuses: [here] }),
        remote({ containerStatuses: [there] }),
      ),
    ).toBeUndefined();
  });
  it("is not Ready before the consumer's readiness gates are open", () => {
    const spec = { readinessGates: [{ conditionType: "lb" }] };
    const there = remote({ conditions: [condition("Ready", "True")] });
    expect(statusChange(local({ phase: "Running" }, spec), there)).toMatchObject({
      conditions: [{ status: "False", reason: "ReadinessGatesNotReady" }],
    });
    expect(
      statusChange(local({ phase: "Running", conditions: [condition("lb", "True")] }, spec), there),
    ).toMatchObject({ conditions: [{ status: "True" }] });
  });
});
