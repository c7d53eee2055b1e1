import { macOf } from "@tideway/net";
import { describe, expect, test } from "vitest";
import { desiredOf } from "./desired.ts";
import { inherited, network, tunnel, world } from "./fixtures.ts";
import { widest } from "./table.ts";

const routesOf = (w: ReturnType<typeof world>): Record<string, string | undefined> =>
  Object.fromEntries(desiredOf(w).state?.routing.routes.map((r) => [r.destination, r.via]) ?? []);

describe("a node", () => {
  test("sends what is behind a tunnel to the gateway that carries it, from the node's address", () => {
    const { state, prefixes, skipped } = desiredOf(world());
    expect(state?.routing).toEqual({
      table: 6091,
      rules: [{ priority: 6091 }],
      routes: ["10.81.0.0/16", "10.82.0.0/24"].map((destination) => ({
        destination,
        via: "10.200.0.7",
        device: "tideway",
        onlink: true,
        source: "192.0.2.11",
        mtu: 1420,
      })),
    });
    expect(prefixes).toEqual(["10.81.0.0/16", "10.82.0.0/24"]);
    expect(skipped).toEqual([]);
  });

  test("is an endpoint of the overlay by its address, with room for the envelope", () => {
    expect(desiredOf(world({ uplinkMtu: 9000 })).state?.links).toEqual([
      {
        name: "tideway",
        vxlan: { vni: 6091, port: 6091, local: "192.0.2.11" },
        mac: macOf("192.0.2.11"),
        mtu: 8950,
        addresses: ["192.0.2.11/32"],
      },
    ]);
  });

  test("knows each gateway once, however many peers it carries", () => {
    const tunnels = [tunnel(), tunnel({ clusterId: "north", prefixes: ["10.91.0.0/16"] })];
    expect(desiredOf(world({ tunnels })).state?.endpoints).toEqual([{ address: "10.200.0.7" }]);
  });

  test("keeps sources of all pods of the cluster, also where nodes have no CIDR of their own", () => {
    const node = { ip: "192.0.2.11", podCIDRs: [] };
    const pods = desiredOf(world({ node })).state?.table.maps?.find((m) => m.name === "pods");
    expect(pods?.elements).toEqual([["10.200.0.0/16", "10.200.0.0/16"]]);
  });

  test("has nothing of Tideway while there is nobody to reach", () => {
    for (const tunnels of [[], [tunnel({ state: "GONE" })], [tunnel({ gatewayIp: "" })]])
      expect(desiredOf(world({ tunnels })).state).toBeUndefined();
  });

  test("keeps the way of a tunnel that is down: the gateway, not the node, knows what to do with it", () => {
    expect(routesOf(world({ tunnels: [tunnel({ state: "DISCONNECTED" })] }))).not.toEqual({});
  });

  test("drops the way of a peer whose network is gone, though no gateway is left to say so", () => {
    expect(routesOf(world({ networks: [network({ state: "GONE" })] }))).toEqual({});
  });

  test("says the same whatever the order in which it heard", () => {
    const tunnels = [
      tunnel(),
      tunnel({ clusterId: "north", gatewayIp: "10.200.1.8", prefixes: ["10.91.0.0/16"] }),
    ];
    expect(desiredOf(world({ tunnels: tunnels.toReversed() }))).toEqual(desiredOf(world({ tunnels })));
  });
});

describe("a network is refused, and the others are routed,", () => {
  const reasonFor = (prefix: string): string | undefined => {
    const { skipped, prefixes } = desiredOf(
      world({ tunnels: [tunnel({ clusterId: "bad", prefixes: [prefix] }), tunnel()] }),
    );
    expect(prefixes).toEqual(["10.81.0.0/16", "10.82.0.0/24"]);
    return skipped.find((s) => s.prefix === prefix)?.reason;
  };
  test.each([
    ["everything", "0.0.0.0/0", "holds this node's address 192.0.2.11"],
    ["the node's network", "192.0.2.0/24", "holds this node's address 192.0.2.11"],
    ["the pods of this node", "10.200.1.128/25", "overlaps this cluster's pods 10.200.1.0/24"],
    ["the pods of another node", "10.200.9.0/24", "overlaps this cluster's pods 10.200.0.0/16"],
    ["what is no network", "10.300.0.0/16", "is no network"],
    ["the other family", "fd00:81::/48", "the overlay carries IPv4 only"],
  ])("when it is %s", (_, prefix, reason) => {
    expect(reasonFor(prefix)).toBe(reason);
  });

  test("when another gateway has it already", () => {
    const { skipped } = desiredOf(
      world({
        tunnels: [
          tunnel(),
          tunnel({ clusterId: "xenon", gatewayIp: "10.200.2.2", prefixes: ["10.81.0.0/16"] }),
        ],
      }),
    );
    expect(skipped).toEqual([
      { prefix: "10.81.0.0/16", reason: "is another peer's already, by gateway 10.200.0.7" },
    ]);
  });
});

describe("what an earlier agent left", () => {
  test("stands while no fact tells of it", () => {
    expect(routesOf(world({ tunnels: [], inherited: [inherited()] }))).toEqual({
      "10.81.0.0/16": "10.200.0.9",
    });
  });
  test("yields to the gateway that a fact names", () => {
    expect(routesOf(world({ inherited: [inherited()] }))).toEqual({
      "10.81.0.0/16": "10.200.0.7",
      "10.82.0.0/24": "10.200.0.7",
    });
  });
});

test("prefixes that another one covers are left out of maps", () => {
  expect(widest(["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/24", "10.0.0.0/8"])).toEqual([
    "10.0.0.0/8",
    "192.0.2.0/24",
  ]);
});
