import { describe, expect, it } from "vitest";
import { peerOf, worldOf } from "./fixtures.ts";
import { desired } from "./index.ts";

const many = (n: number) => desired(worldOf(Array.from({ length: n }, (_, i) => peerOf(i))));
const rulesOf = (n: number): number => many(n).table.chains.reduce((sum, c) => sum + c.rules.length, 0);
const rulesInBaseChains = (n: number): number =>
  many(n)
    .table.chains.filter((c) => !c.name.startsWith("p"))
    .reduce((sum, c) => sum + c.rules.length, 0);

describe("the desired state", () => {
  it("is the same for the same world", () => {
    expect(many(3)).toEqual(many(3));
  });

  it("grows by the same number of rules and routes with each peer", () => {
    const [one, two, fifty] = [rulesOf(1), rulesOf(2), rulesOf(50)];
    expect(fifty - one).toBe(49 * (two - one));
    expect(many(50).routing.routes.length - many(1).routing.routes.length).toBe(49 * 2);
  });

  it("has no rule more on a packet's way with fifty peers than with one", () => {
    expect(rulesInBaseChains(50)).toBe(rulesInBaseChains(1));
    expect(many(50).routing.rules).toEqual(many(1).routing.rules);
  });

  it("never lets a packet for a peer out by the default route", () => {
    const { active: _, ...building } = peerOf(1, { interfaces: [] });
    const { routing } = desired(worldOf([building]));
    expect(routing.routes).toContainEqual({ destination: "100.65.0.0/16", type: "unreachable" });
  });

  it("leads to a peer of another replica by the own node", () => {
    const { active: _, ...elsewhere } = peerOf(1, { here: false, interfaces: [] });
    const { routing, table } = desired(worldOf([elsewhere]));
    expect(routing.routes).toContainEqual({
      destination: "100.65.0.0/16",
      via: "172.31.0.1",
      device: "tideway",
      onlink: true,
    });
    expect(table.sets?.find((s) => s.name === "elsewhere")?.elements).toContain("100.65.0.0/16");
  });

  it("refuses nobody before all pods are known", () => {
    const rules = (settled: boolean) =>
      desired(worldOf([peerOf(1)], { settled }))
        .table.chains.find((c) => c.name === "refuse")
        ?.rules.join("; ");
    expect(rules(false)).toBe("counter name denied drop");
    expect(rules(true)).toContain("reject with tcp reset");
  });

  it("takes packets from both generations while keys rotate, and sends by the active one", () => {
    const { table, routing } = desired(worldOf([peerOf(1, { interfaces: ["a", "b"], active: "b" })]));
    expect(table.maps?.find((m) => m.name === "peer_in")?.elements.map(([k]) => k)).toEqual(["a", "b"]);
    expect(routing.routes[0]).toEqual({ destination: "100.65.0.0/16", device: "b" });
  });

  it("writes the port of a call on its way out, and WireGuard's own on that of the answer", () => {
    const call = { address: "192.0.2.1", port: 30_820, from: 20_001, listenPort: 51_820 };
    const { maps } = desired(worldOf([], { calls: [call, call] })).table;
    const elements = (name: string) => maps?.find((m) => m.name === name)?.elements;
    expect(elements("called_from")).toEqual([[["192.0.2.1", 30_820, 51_820], 20_001]]);
    expect(elements("answered_to")).toEqual([[["192.0.2.1", 30_820, 20_001], 51_820]]);
  });

  it("keeps the calls of a peer apart from those of one that announces the same address", () => {
    const call = { address: "192.0.2.1", port: 30_820, from: 20_001, listenPort: 51_820 };
    const { maps } = desired(
      worldOf([], { calls: [call, { ...call, from: 20_002, listenPort: 51_822 }] }),
    ).table;
    const elements = (name: string) => maps?.find((m) => m.name === name)?.elements;
    expect(elements("called_from")).toEqual([
      [["192.0.2.1", 30_820, 51_820], 20_001],
      [["192.0.2.1", 30_820, 51_822], 20_002],
    ]);
    expect(elements("answered_to")).toEqual([
      [["192.0.2.1", 30_820, 20_001], 51_820],
      [["192.0.2.1", 30_820, 20_002], 51_822],
    ]);
  });

  it("knows the way to pods of nodes without a pod CIDR by the own node", () => {
    const nodes = [{ name: "n", address: "172.31.0.1", podCIDRs: [] }];
    expect(desired(worldOf([peerOf(1)], { nodes })).routing.routes).toContainEqual({
      destination: "10.200.0.0/16",
      via: "172.31.0.1",
      device: "tideway",
      onlink: true,
    });
  });
});
