import type { Pod } from "@tideway/k8s";
import { expect, it } from "vitest";
import { beyond, leavesInMs } from "./drain.ts";

const pod = (
  name: string,
  cpu: string,
  more: { priority?: number; at?: string; phase?: string } = {},
): Pod => ({
  metadata: { name, namespace: "n", creationTimestamp: more.at ?? "2026-01-01T00:00:00Z" },
  spec: {
    containers: [{ name: "c", resources: { requests: { cpu } } }],
    ...(more.priority === undefined ? {} : { priority: more.priority }),
  },
  status: { phase: more.phase ?? "Running" },
});
const names = (pods: readonly Readonly<Pod>[]): string[] => pods.map((p) => p.metadata.name).toSorted();

it.each<[string, Pod[], string[]]>([
  ["nobody while all fit", [pod("a", "2"), pod("b", "2")], []],
  ["the newer of two equals", [pod("a", "3", { at: "2026-01-02T00:00:00Z" }), pod("b", "3")], ["a"]],
  [
    "the less important, though it is older",
    [pod("a", "3", { priority: 5, at: "2026-01-02T00:00:00Z" }), pod("b", "3")],
    ["b"],
  ],
  ["one that is too big, and not those that fit", [pod("a", "9"), pod("b", "2"), pod("c", "2")], ["a"]],
  ["nobody for what has ended", [pod("a", "4"), pod("b", "4", { phase: "Succeeded" })], []],
  [
    "those beyond the number of pods",
    ["a", "b", "c", "d"].map((n, i) => pod(n, "0", { at: `2026-01-0${i + 1}T00:00:00Z` })),
    ["d"],
  ],
])("has to leave: %s", (_, pods, leave) =>
  expect(names(beyond(pods, { cpu: "4", pods: "3" }))).toEqual(leave),
);
it("a resource that is not offered any more keeps nobody", () =>
  expect(names(beyond([pod("a", "1")], { memory: "4Gi", pods: "3" }))).toEqual(["a"]));

const NOW = Date.parse("2026-01-01T00:10:00Z");
const bound = (lastTransitionTime: string): Pod => ({
  ...pod("a", "1"),
  status: { conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime }] },
});
it.each<[string, Pod, number]>([
  ["at once where it runs", { ...pod("a", "1"), status: { startTime: "2026-01-01T00:09:59Z" } }, 0],
  ["in a minute where it was bound just now and has not begun", bound("2026-01-01T00:10:00Z"), 60_000],
  ["when the minute is over", bound("2026-01-01T00:09:00Z"), 0],
  ["a minute after it was made where nobody says since when it is bound", pod("a", "1"), 0],
])("what is beyond the offer leaves %s", (_, p, ms) => expect(leavesInMs(p, NOW)).toBe(ms));
