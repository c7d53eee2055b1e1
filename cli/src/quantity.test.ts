import { describe, expect, test } from "vitest";
import { formatQuantity, parseQuantity, podRequests } from "./quantity.ts";

describe("a quantity", () => {
  test.each([
    ["250m", 0.25],
    ["4", 4],
    ["1.5", 1.5],
    ["1Gi", 1024 ** 3],
    ["1G", 1e9],
    ["1e3", 1000],
    ["100n", 1e-7],
  ])("%s is %d", (text, n) => expect(parseQuantity(text)).toBeCloseTo(n, 9));

  test.each(["", "four", "1 Gi", "1gi", "Gi"])("%j is none", (text) => expect(parseQuantity(text)).toBeNaN());

  test.each([
    ["cpu", 0.25, "0.25"],
    ["memory", 1.5 * 1024 ** 3, "1.5Gi"],
    ["memory", 512, "512"],
    ["pods", 110, "110"],
    ["ephemeral-storage", 2048, "2Ki"],
    ["cpu", Number.NaN, "-"],
  ])("of %s, %d reads %s", (resource, n, text) => expect(formatQuantity(resource, n)).toBe(text));
});

describe("what a pod reserves", () => {
  const c = (cpu: string, restartPolicy?: string) => ({
    resources: { requests: { cpu } },
    ...(restartPolicy ? { restartPolicy } : {}),
  });

  test("is the sum of its containers and its overhead", () =>
    expect(
      podRequests({ spec: { containers: [c("1"), c("500m")], overhead: { cpu: "100m" } } }).cpu,
    ).toBeCloseTo(1.6));

  test("is its largest init container where that is more", () =>
    expect(podRequests({ spec: { containers: [c("1")], initContainers: [c("2"), c("3")] } })).toEqual({
      cpu: 3,
    }));

  test("counts a sidecar as a container", () =>
    expect(podRequests({ spec: { containers: [c("1")], initContainers: [c("2", "Always")] } })).toEqual({
      cpu: 3,
    }));

  test("is nothing without requests", () => expect(podRequests({ spec: { containers: [{}] } })).toEqual({}));
});
