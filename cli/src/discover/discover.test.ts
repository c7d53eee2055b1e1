import { BY_DISCOVERY, type Condition, type ForeignCluster, FOUND, MADE_BY } from "@tideway/api";
import { describe, expect, test } from "vitest";
import { discoveredOf, sameButTime } from "./model.ts";
import { renderDiscovered } from "./render.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const PIN = `sha256/${"A".repeat(43)}=`;
const at = (s: number): string => new Date(NOW + s * 1000).toISOString();
const says = (type: string, reason: string, status: Condition["status"] = "True"): Condition => ({
  type,
  status,
  reason,
  message: `because ${reason}`,
  lastTransitionTime: at(0),
});
const clusterOf = (
  o: { until?: number; conditions?: Condition[]; outgoing?: "Yes" | "No" | "Auto" } = {},
): ForeignCluster => ({
  metadata: {
    name: "west",
    labels: { [MADE_BY]: BY_DISCOVERY },
    annotations:
      o.until === undefined
        ? {}
        : {
            [FOUND]: JSON.stringify([
              { way: "mDNS", domain: "local", until: at(o.until), endpoint: "w:1", pin: PIN },
            ]),
          },
  },
  spec: {
    clusterID: "22222222-2222-2222-2222-222222222222",
    clusterName: "west",
    authEndpoint: "w:1",
    pins: [PIN],
    outgoingPeering: o.outgoing ?? "Auto",
  },
  status: { conditions: o.conditions ?? [] },
});
const plain = { paint: (_: unknown, s: string) => s, wide: false };

describe("what was found", () => {
  test.each([
    ["JoinedByRule", "join"],
    ["AsksPerson", "ask"],
    ["NeverByRule", "never"],
    ["DecidedByPerson", "decided"],
    ["PinConflict", "conflict"],
    ["Other", "unknown"],
  ])("%s is the verdict %s", (reason, verdict) => {
    const d = discoveredOf(clusterOf({ until: 90, conditions: [says("Discovered", reason)] }), NOW);
    expect(d).toMatchObject({ verdict, reason: `because ${reason}`, temporary: true });
  });

  test("counts what is left of its time", () => {
    expect(discoveredOf(clusterOf({ until: 90 }), NOW)?.found[0]?.secondsLeft).toBe(90);
    expect(discoveredOf(clusterOf({ until: -5 }), NOW)?.found[0]?.secondsLeft).toBe(0);
  });

  test.each([
    ["NodeReady", "True", true],
    ["Providing", "True", true],
    ["NotPeered", "False", false],
  ] as const)("is peered when Ready is %s: %s", (reason, status, peered) => {
    const d = discoveredOf(clusterOf({ until: 1, conditions: [says("Ready", reason, status)] }), NOW);
    expect(d?.peered).toBe(peered);
  });

  test("leaves out what a person made known and decided", () => {
    expect(discoveredOf(clusterOf({ outgoing: "Yes" }), NOW)).toBeUndefined();
    expect(discoveredOf(clusterOf({ outgoing: "Auto" }), NOW)).toMatchObject({ found: [] });
  });

  test("is shown in one line, with the reason below where a person may act", () => {
    const d = discoveredOf(clusterOf({ until: 90, conditions: [says("Discovered", "AsksPerson")] }), NOW)!;
    expect(renderDiscovered([d], plain).split("\n")).toEqual([
      "NAME   ID         FOUND        ENDPOINT   PIN               TTL     VERDICT   PEERED",
      "west   22222222   mDNS local   w:1        sha256/AAAAAAAA   1m30s   ask       no",
      "  west: because AsksPerson",
    ]);
    expect(renderDiscovered([], plain)).toContain("no cluster was found");
  });

  test("has not changed when only its time went by", () => {
    const [a, b] = [90, 20].map((until) => discoveredOf(clusterOf({ until }), NOW)!);
    expect(sameButTime(a!, b!)).toBe(true);
    expect(sameButTime(a!, { ...b!, peered: true })).toBe(false);
  });
});
