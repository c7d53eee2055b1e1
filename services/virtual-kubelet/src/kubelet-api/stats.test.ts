import type { Pod } from "@tideway/k8s";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createCpuClock, resourceMetrics, summary } from "./stats.ts";
import type { PodUsage } from "./usage.ts";

const at = "2030-01-01T00:00:10Z";
const usage: PodUsage = {
  pod: {
    metadata: { name: "web", namespace: "shop", uid: "u", creationTimestamp: "2030-01-01T00:00:00Z" },
    status: {
      containerStatuses: [{ name: "app", state: { running: { startedAt: "2030-01-01T00:00:05Z" } } }],
    },
  } as unknown as Pod,
  at,
  containers: [{ name: "app", cpu: 0.25, memoryBytes: 1024 }],
};

it("a node is the sum of its pods", () => {
  expect(summary("west", [usage, usage], "2030-01-01T00:00:00Z", at)).toMatchObject({
    node: { nodeName: "west", cpu: { usageNanoCores: 500_000_000 }, memory: { workingSetBytes: 2048 } },
    pods: [
      {
        podRef: { name: "web", namespace: "shop", uid: "u" },
        containers: [{ startTime: "2030-01-01T00:00:05Z" }],
      },
      {},
    ],
  });
});
it("without pods the answers are still valid", () => {
  expect(summary("west", [], at, at)).toMatchObject({ node: { cpu: { usageNanoCores: 0 } }, pods: [] });
  expect(resourceMetrics("west", [], createCpuClock(), 0)).toContain("node_cpu_usage_seconds_total 0 0\n");
});
it("speaks the families that metrics-server reads", () => {
  const text = resourceMetrics("west", [usage], createCpuClock(), Date.parse(at));
  const labels = 'container="app",namespace="shop",pod="web"';
  expect(text).toContain(`container_memory_working_set_bytes{${labels}} 1024 ${Date.parse(at)}\n`);
  expect(text).toContain(`container_cpu_usage_seconds_total{${labels}} 0 ${Date.parse(at)}\n`);
  expect(text).toContain(
    `container_start_time_seconds{${labels}} ${Date.parse("2030-01-01T00:00:05Z") / 1000}\n`,
  );
  expect(text).toContain('pod_memory_working_set_bytes{namespace="shop",pod="web"} 1024');
  expect(text).toContain("resource_scrape_error 0");
});
it("a rate over a time gives its seconds", () => {
  const clock = createCpuClock();
  clock.seconds("a", 0.5, 0);
  expect(clock.seconds("a", 0.5, 10_000)).toBe(5);
  clock.keepOnly(new Set());
  expect(clock.seconds("a", 0.5, 20_000)).toBe(0);
});
it("counters never fall", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 64, noNaN: true }), fc.integer({ min: 0, max: 1e6 }))),
      (samples) => {
        const clock = createCpuClock();
        let last = 0;
        for (const [cores, ms] of samples) {
          const next = clock.seconds("a", cores, ms);
          expect(next).toBeGreaterThanOrEqual(last);
          last = next;
        }
      },
    ),
  );
});
