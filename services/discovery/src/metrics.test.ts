import { createMetrics } from "@tideway/telemetry";
import { expect, it } from "vitest";
import { discoveryMetrics, stateOf } from "./metrics.ts";
import { clusterOf, deletedAt, NOW } from "./peer/fixtures.ts";

const withReady = (status: "True" | "False", reason: string) =>
  clusterOf({}, {}, [{ type: "Ready", status, reason, message: "", lastTransitionTime: "" }]);

it.each([
  ["NotReady", clusterOf()],
  ["Ready", withReady("True", "Providing")],
  ["NotReady", withReady("False", "Refused")],
  ["NotPeered", withReady("False", "NotPeered")],
  ["Unpeering", withReady("False", "UnpeerOverdue")],
  ["Unpeering", clusterOf({}, deletedAt(NOW))],
])("%s", (state, cluster) => {
  expect(stateOf(cluster)).toBe(state);
});

it("has every series at 0 from the start", async () => {
  const metrics = createMetrics("discovery");
  discoveryMetrics(metrics).watch(() => []);
  const text = await metrics.registry.metrics();
  for (const state of ["Ready", "NotReady", "Unpeering", "NotPeered"])
    expect(text).toContain(`tideway_discovery_peers{state="${state}",service="discovery"} 0`);
  for (const outcome of ["Answered", "Timeout", "Unreachable", "WrongKey", "ClusterIDChanged"])
    expect(text).toContain(`tideway_discovery_probes_total{outcome="${outcome}",service="discovery"} 0`);
  expect(text).toContain(`tideway_discovery_probe_seconds_count{service="discovery"} 0`);
});
