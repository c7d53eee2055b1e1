import { describe, expect, test } from "vitest";
import { type Cell, phases, plan, type Spot, type World } from "./plan.ts";

const spot = (id: string, kind: Spot["kind"] = "pod", more: Partial<Spot> = {}): Spot => ({
  id,
  side: id.startsWith("ours") ? "ours" : "theirs",
  role: id.includes("gateway") ? "gateway" : "other",
  kind,
  namespace: "t",
  pod: id.replaceAll("/", "-"),
  address: `address of ${id}`,
  seen: `${id} seen from the other side`,
  ...more,
});
const unseen = (id: string, kind: Spot["kind"]): Spot => {
  const { seen: _, ...rest } = spot(id, kind);
  return rest;
};

const world = (more: Partial<World> = {}): World => ({
  spots: [
    spot("ours/gateway"),
    spot("ours/other"),
    unseen("ours/gateway/node", "node"),
    unseen("ours/other/node", "node"),
    spot("ours/stranger", "stranger"),
    spot("theirs/gateway"),
    spot("theirs/other"),
  ],
  services: [
    { name: "ours", side: "ours", endpoints: 2 },
    { name: "theirs", side: "theirs", endpoints: 2 },
  ],
  headless: [
    { name: "ours-headless", side: "ours", endpoints: 2 },
    { name: "theirs-headless", side: "theirs", endpoints: 2 },
  ],
  nodePorts: [
    { side: "ours", role: "gateway", address: "node a", port: 30000 },
    { side: "ours", role: "other", address: "node b", port: 30000 },
  ],
  gateways: { ours: "our gateway seen there", theirs: "their gateway seen here" },
  port: 8080,
  bodyBytes: 65_536,
  pingBytes: 65_507,
  ...more,
});

const ways = (cells: readonly Cell[], kind: Cell["kind"], check: Cell["check"] = "http"): string[] =>
  cells.filter((c) => c.kind === kind && c.check === check).map((c) => `${c.from} -> ${c.to}`);

describe("the matrix of two clusters of two nodes", () => {
  const cells = plan(world());

  test("has every pair of pods, both ways, and a pod that is not offloaded as a caller", () =>
    expect(ways(cells, "pod-pod")).toEqual([
      "ours/gateway -> theirs/gateway",
      "ours/gateway -> theirs/other",
      "ours/other -> theirs/gateway",
      "ours/other -> theirs/other",
      "theirs/gateway -> ours/gateway",
      "theirs/gateway -> ours/other",
      "theirs/other -> ours/gateway",
      "theirs/other -> ours/other",
      "ours/stranger -> theirs/gateway",
      "ours/stranger -> theirs/other",
    ]));

  test.each(["http", "body", "ping"] as const)("checks each of them by %s", (check) =>
    expect(ways(cells, "pod-pod", check)).toHaveLength(10),
  );

  test("large means 64 KiB", () => {
    expect(cells.find((c) => c.check === "body")?.bytes).toBe(65_536);
    expect(cells.find((c) => c.check === "ping")?.bytes).toBe(65_507);
  });

  test("each pod asks for the Services of the other side by name, and each address of the headless one", () => {
    expect(ways(cells, "pod-service", "body")).toEqual([
      "ours/gateway -> service theirs",
      "ours/other -> service theirs",
      "theirs/gateway -> service ours",
      "theirs/other -> service ours",
    ]);
    const headless = cells.filter((c) => c.kind === "pod-headless");
    expect(headless).toHaveLength(4);
    expect(headless.every((c) => c.check === "names" && c.count === 2)).toBe(true);
  });

  test("nodes here reach pods there, and their own node ports", () => {
    expect(ways(cells, "node-pod")).toHaveLength(4);
    expect(ways(cells, "nodeport")).toHaveLength(8); // two nodes and two pods, at two addresses
  });

  test("a target is addressed as its caller sees it", () => {
    const host = (from: string, to: string): string | undefined =>
      cells.find((c) => c.from === from && c.to === to)?.host;
    expect(host("ours/other", "theirs/other")).toBe("theirs/other seen from the other side");
    expect(host("theirs/other", "ours/other")).toBe("ours/other seen from the other side");
    expect(host("ours/gateway", "ours/stranger")).toBe("address of ours/stranger");
  });

  test("what nobody opened is to be blocked, and its target is shown to live", () => {
    expect(ways(cells, "denied")).toEqual([
      "theirs/gateway -> ours/stranger",
      "theirs/other -> ours/stranger",
      "theirs/gateway -> our gateway itself",
      "theirs/other -> our gateway itself",
      "ours/gateway -> their gateway itself",
      "ours/other -> their gateway itself",
    ]);
    expect(cells.filter((c) => c.kind === "denied").every((c) => c.expect === "blocked" && c.why)).toBe(true);
    expect(ways(cells, "control")).toEqual(["ours/gateway -> ours/stranger"]);
  });

  test("ids are unique, and blocked cells are asked last", () => {
    expect(new Set(cells.map((c) => c.id)).size).toBe(cells.length);
    const [first, last] = phases(cells);
    expect(first.length + last.length).toBe(cells.length);
    expect(last.every((c) => c.kind === "denied")).toBe(true);
  });
});

describe("with the peer's own view", () => {
  const cells = plan(
    world({
      spots: [...world().spots, spot("theirs/stranger", "stranger"), unseen("theirs/other/node", "node")],
      nodePorts: [{ side: "theirs", role: "other", address: "node c", port: 31000 }],
    }),
  );

  test("strangers and nodes there must not reach us, nor we what was not lent", () =>
    expect(ways(cells, "denied")).toEqual(
      expect.arrayContaining([
        "ours/gateway -> theirs/stranger",
        "theirs/stranger -> ours/gateway",
        "theirs/other/node -> ours/other",
      ]),
    ));

  test("the peer's node ports are asked over there", () =>
    expect(ways(cells, "nodeport")).toEqual([
      "theirs/other/node -> theirs/other node port 31000",
      "theirs/gateway -> theirs/other node port 31000",
      "theirs/other -> theirs/other node port 31000",
    ]));
});

test("what has no address over there is left out, not asked at a wrong one", () => {
  const cells = plan(world({ spots: [spot("theirs/1"), unseen("ours/gateway", "pod")], gateways: {} }));
  expect(ways(cells, "pod-pod")).toEqual(["ours/gateway -> theirs/1"]);
  expect(ways(cells, "denied")).toEqual([]);
});
