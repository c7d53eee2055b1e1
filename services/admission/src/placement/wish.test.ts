import type { Pod } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import type { Placement } from "./place.ts";
import { wished } from "./wish.ts";

const pod = (annotations: Record<string, string> = {}): Pod => ({ metadata: { name: "p", annotations } });
const strategy = (s: string) => ({ "tideway.dev/strategy": s });
const clusters = (s: string) => ({ "tideway.dev/clusters": s });
const inRegion = (r: string) => ({ key: "region", operator: "In" as const, values: [r] });
const both: Placement = { strategy: "LocalAndRemote", selector: [] };
const remote: Placement = { strategy: "Remote", selector: [] };
const local: Placement = { strategy: "Local", selector: [] };

describe("what a pod asks within what its namespace allows", () => {
  it.each<[string, Placement, Record<string, string>, Placement]>([
    ["nothing: as the namespace", both, {}, both],
    ["less: away only", both, strategy("Remote"), remote],
    ["less: at home only", both, strategy("Local"), local],
    ["anywhere, where the namespace is away", remote, strategy("LocalAndRemote"), remote],
    ["anywhere, where the namespace is at home", local, strategy("LocalAndRemote"), local],
    [
      "some clusters",
      both,
      clusters("region=eu,!spot"),
      {
        ...both,
        selector: [{ matchExpressions: [inRegion("eu"), { key: "spot", operator: "DoesNotExist" }] }],
      },
    ],
    [
      "some of the namespace's clusters, with each of its alternatives",
      { ...both, selector: [{ matchExpressions: [inRegion("eu")] }, { matchExpressions: [inRegion("us")] }] },
      clusters("gpu"),
      {
        ...both,
        selector: ["eu", "us"].map((r) => ({
          matchExpressions: [inRegion(r), { key: "gpu", operator: "Exists" }],
        })),
      },
    ],
    [
      "near ones, away only",
      both,
      { ...strategy("Remote"), ...clusters("tideway.dev/latency-class=near") },
      {
        strategy: "Remote",
        selector: [
          { matchExpressions: [{ key: "tideway.dev/latency-class", operator: "In", values: ["near"] }] },
        ],
      },
    ],
    [
      "nothing that widens only empty terms",
      { ...both, selector: [{}] },
      clusters("gpu"),
      { ...both, selector: [{}] },
    ],
  ])("%s", (_, namespace, annotations, want) => {
    expect(wished(pod(annotations), namespace)).toEqual({ placement: want });
  });

  it.each<[string, Placement, Record<string, string>, string]>([
    ["away, where the namespace is at home", local, strategy("Remote"), "outside of the strategy"],
    ["at home, where the namespace is away", remote, strategy("Local"), "outside of the strategy"],
    ["what is no strategy", both, strategy("Nearby"), "is not one of Local, Remote, LocalAndRemote"],
    ["what is no selector", both, clusters("=eu"), "is not a label selector"],
    ["a selector with a gap", both, clusters("region=eu,"), "is not a label selector"],
  ])("is refused %s", (_, namespace, annotations, message) => {
    expect(wished(pod(annotations), namespace)).toMatchObject({
      refused: { allowed: false, reason: "BadSelector", message: expect.stringContaining(message) },
    });
  });
});
