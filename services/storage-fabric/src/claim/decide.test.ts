import { describe, expect, it } from "vitest";
import { decide, type World } from "./decide.ts";
import {
  answerOf,
  claimOf,
  realClass,
  realNode,
  secondOf,
  virtualClass,
  virtualNode,
  volumeOf,
  WEST,
  worldOf,
} from "./fixtures.ts";

const doing = (more: Partial<World>): string[] => decide(worldOf(more)).effects.map((e) => e.do);
const reasonOf = (more: Partial<World>): string | undefined =>
  decide(worldOf(more)).effects.find((e) => e.do === "tell")?.saying.reason;
const far = (more: Partial<World> = {}): Partial<World> => ({
  claim: claimOf({ selected: WEST, held: true }),
  node: virtualNode(),
  ...more,
});

describe("a claim on a real node, step by step", () => {
  const steps: [string, Partial<World>, string[]][] = [
    ["nobody has come yet", { claim: claimOf() }, []],
    ["the node is chosen", { claim: claimOf({ selected: "node-1" }) }, ["hold", "publish", "makeSecond"]],
    ["the second claim waits", { second: secondOf() }, ["publish"]],
    ["it is bound", { second: secondOf({ bound: "pv-1" }), volume: volumeOf() }, ["publish", "retain"]],
    [
      "its volume is retained",
      { second: secondOf({ bound: "pv-1" }), volume: volumeOf({ retained: true }) },
      ["dropSecond"],
    ],
    [
      "the second claim is going",
      { second: secondOf({ bound: "pv-1", deleted: true }), volume: volumeOf({ retained: true }) },
      [],
    ],
    ["it is gone", { volume: volumeOf({ retained: true }) }, ["repoint"]],
    ["the volume is the claim's", { volume: volumeOf({ owner: "u1", marked: true }) }, []],
    [
      "Kubernetes has bound them, so the volume may go with its claim",
      {
        claim: claimOf({ selected: "node-1", held: true, bound: "pv-1" }),
        volume: volumeOf({ owner: "u1", retained: true }),
      },
      ["reclaim", "publish"],
    ],
    [
      "it goes with its claim",
      {
        claim: claimOf({ selected: "node-1", held: true, bound: "pv-1" }),
        volume: volumeOf({ owner: "u1", marked: true }),
      },
      ["unhold", "publish"],
    ],
  ];
  it.each(steps)("%s", (_name, world, wanted) => expect(doing(world)).toEqual(wanted));

  it("never points a volume that is another claim's", () => {
    expect(doing({ second: secondOf(), volume: volumeOf({ owner: "somebody", retained: true }) })).toEqual(
      [],
    );
  });
  it("makes a second claim anew where the scheduler has chosen another node", () => {
    expect(doing({ second: secondOf({ node: "node-2" }) })).toEqual(["publish", "dropSecond"]);
  });
  it("names no node to a class that makes its volumes at once", () => {
    const now = { ...realClass, volumeBindingMode: "Immediate" };
    const made = decide(worldOf({ classes: [now] })).effects.find((e) => e.do === "makeSecond");
    expect(made).toMatchObject({ className: "disk", node: undefined });
  });
  it("points the volume as it was seen, and leaves it kept: a provisioner deletes what is Released and may go", () => {
    const plan = decide(worldOf({ volume: volumeOf({ retained: true }) }));
    expect(plan.effects).toEqual([
      { do: "repoint", volume: "pv-1", uid: expect.anything() as string, version: "7" },
    ]);
  });
  it("keeps the volume where the virtual class says so, and where its user says so later", () => {
    const bound = claimOf({ selected: "node-1", held: true, bound: "pv-1" });
    const volume = volumeOf({ owner: "u1", retained: true });
    expect(doing({ class: virtualClass({ reclaimPolicy: "Retain" }), claim: bound, volume })).toEqual([
      "unhold",
      "publish",
    ]);
    expect(doing({ claim: claimOf({ selected: "node-1", bound: "pv-1" }), volume })).toEqual(["publish"]);
  });
  it("says after a while that the provisioner is silent, and not before", () => {
    const waiting = decide(worldOf({ second: secondOf(), waitedMs: 1_000 }));
    expect(waiting.recheckMs).toBe(59_000);
    expect(reasonOf({ second: secondOf(), waitedMs: 60_000 })).toBe("ProvisionerSilent");
  });
});

describe("a claim at a peer", () => {
  it("asks, and makes its volume when the peer accepts", () => {
    expect(doing(far({ claim: claimOf({ selected: WEST }) }))).toEqual(["hold", "publish"]);
    expect(doing(far({ answer: answerOf("PENDING") }))).toEqual(["publish"]);
    expect(doing(far({ answer: answerOf("ACCEPTED") }))).toEqual(["publish", "makeVolume"]);
    expect(doing(far({ answer: answerOf("BOUND", { capacity: "2Gi" }) }))).toEqual(["publish", "makeVolume"]);
  });
  it("says why the peer does not", () => {
    expect(reasonOf(far({ answer: answerOf("REFUSED", { reason: "QuotaExceeded" }) }))).toBe("QuotaExceeded");
    expect(reasonOf(far({ answer: answerOf("PENDING", { reason: "NamespaceNotOffloaded" }) }))).toBe(
      "NamespaceNotOffloaded",
    );
    expect(reasonOf(far({ answer: answerOf("PENDING") }))).toBeUndefined();
  });
  it("tells a peer with nodes in several regions in which of them the data may lie, and notes it", () => {
    const node = virtualNode(WEST, undefined, ["eu-2", "eu-1", "us-1"]);
    const claim = claimOf({ selected: WEST, held: true, keepIn: "eu-1, eu-2, asia" });
    const { effects } = decide(worldOf(far({ node, claim, answer: answerOf("ACCEPTED") })));
    expect(effects).toMatchObject([
      { do: "publish", fact: { state: "PENDING", regions: ["eu-1", "eu-2"] } },
      { do: "makeVolume", regions: ["eu-1", "eu-2"], pool: "" },
    ]);
    const free = decide(worldOf(far({ node, answer: answerOf("ACCEPTED") }))).effects;
    expect(free).toMatchObject([{ fact: { regions: [] } }, { do: "makeVolume", regions: [] }]);
    expect(reasonOf(far({ node, claim: claimOf({ selected: WEST, keepIn: "asia" }) }))).toBe("OutsideRegion");
  });
  it("takes back what it asked of one peer when another node is chosen", () => {
    const said = new Map([[WEST, { state: "PENDING" } as never]]);
    const plan = decide(worldOf({ said }));
    expect(plan.effects.filter((e) => e.do === "publish").map((e) => [e.peer, e.fact.state])).toEqual([
      [WEST, "GONE"],
      ["local", "PENDING"],
    ]);
  });
});

describe("refuses, in this order", () => {
  const cases: [string, Partial<World>, string][] = [
    [
      "a source of data",
      { claim: claimOf({ selected: "x", spec: { dataSource: {} as never } }), node: undefined },
      "DataSourceRefused",
    ],
    [
      "a selector",
      { claim: claimOf({ selected: "x", spec: { selector: {} } }), node: undefined },
      "SelectorRefused",
    ],
    ["a node that is gone", { node: undefined }, "NodeGone"],
    [
      "a region outside",
      { claim: claimOf({ selected: "n", keepIn: "eu" }), node: realNode("n", "us") },
      "OutsideRegion",
    ],
    ["a node that says no region", { claim: claimOf({ selected: "n", keepIn: "eu" }) }, "OutsideRegion"],
    [
      "a topology that the class forbids",
      {
        class: virtualClass({
          allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: ["a"] }] }],
        }),
      },
      "OutsideTopology",
    ],
    ["a real class that is not there", { classes: [virtualClass()] }, "ClassNotFound"],
  ];
  it.each(cases)("%s", (_name, world, reason) => expect(reasonOf(world)).toBe(reason));

  it("lets the scheduler choose again, at once for a lost node and after a pause for a wrong one", () => {
    expect(doing({ node: undefined })).toContain("reschedule");
    const wrong = { claim: claimOf({ selected: "n", keepIn: "eu" }), node: realNode("n", "us") };
    expect(doing(wrong)).not.toContain("reschedule");
    expect(doing({ ...wrong, waitedMs: 5_000 })).toContain("reschedule");
  });
});

describe("a claim that wants to grow", () => {
  const grown = (classes: World["classes"]) => {
    const claim = claimOf({ bound: "pv-1", spec: { resources: { requests: { storage: "2Gi" } } } });
    const effects = decide(worldOf({ claim, classes, volume: volumeOf({ owner: "u1" }) })).effects;
    return effects.flatMap((e) => (e.do === "warn" ? [e.reason, e.message] : []));
  };
  it("is told when the real class cannot", () => {
    const [reason, message] = grown([virtualClass(), realClass]);
    expect(reason).toBe("ResizeRefused");
    expect(message).toContain("asks for 2Gi, its volume pv-1 has 1Gi");
    expect(grown([virtualClass()])[1]).toContain("disk does not exist any more");
  });
  it("is left to the driver where the class can", () =>
    expect(grown([virtualClass(), { ...realClass, allowVolumeExpansion: true }])).toEqual([]));
});

describe("a claim that goes", () => {
  it("before it has a volume takes everything back before it is let go", () => {
    const claim = claimOf({ selected: "node-1", held: true, deleted: true });
    expect(doing({ claim, second: secondOf() })).toEqual(["dropSecond"]);
    expect(
      doing({ claim, second: secondOf({ bound: "pv-1" }), volume: volumeOf({ retained: true }) }),
    ).toEqual(["discard", "dropSecond"]);
    expect(doing({ claim, volume: volumeOf({ retained: true }) })).toEqual(["discard", "unhold"]);
    expect(doing({ claim })).toEqual(["unhold"]);
    expect(doing({ claim, said: new Map([[WEST, { state: "PENDING" } as never]]) })).toEqual([
      "publish",
      "unhold",
    ]);
  });
});
