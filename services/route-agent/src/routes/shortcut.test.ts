import { describe, expect, test } from "vitest";
import { type Asks, plugsOf } from "../node/plugs.ts";
import { desiredOf } from "./desired.ts";
import { tunnel, world } from "./fixtures.ts";
import { shortcutTable } from "./shortcut.ts";

const GATEWAY = "10.200.1.7";
const MAC = "ee:00:00:00:00:07";
const asks = (o: Partial<Asks> = {}): Asks => ({
  bridges: () => Promise.resolve([{ ifname: "cni0", ifindex: 4 }]),
  routeTo: () => Promise.resolve({ dev: "cni0" }),
  neighbour: () => Promise.resolve({ lladdr: MAC }),
  fdb: () =>
    Promise.resolve([
      { mac: "33:33:00:00:00:01", ifname: "cni0" },
      { mac: MAC, ifname: "veth7" },
    ]),
  ...o,
});
const plug = { address: GATEWAY, bridge: "cni0", index: 4, learnt: { mac: MAC, port: "veth7" } };

describe("where a gateway is plugged in", () => {
  test("is the port behind which the bridge has learnt its MAC", async () => {
    expect(await plugsOf(asks(), [GATEWAY])).toEqual([plug]);
  });
  test.each([
    ["on a node without bridges", { bridges: () => Promise.resolve([]) }],
    ["when it is on another node", { routeTo: () => Promise.resolve({ dev: "cni0", gateway: "10.0.0.1" }) }],
    ["when its device is no bridge", { routeTo: () => Promise.resolve({ dev: "cali7" }) }],
    ["when there is no way to it", { routeTo: () => Promise.resolve(undefined) }],
  ])("is nowhere %s", async (_, o: Partial<Asks>) => {
    expect(await plugsOf(asks(o), [GATEWAY])).toEqual([]);
  });
  test.each([
    ["the neighbour", { neighbour: () => Promise.resolve({}) }],
    ["the port", { fdb: () => Promise.resolve([]) }],
    ["a port, but the bridge itself,", { fdb: () => Promise.resolve([{ mac: MAC, ifname: "cni0" }]) }],
  ])("is still to be learnt when %s is not known", async (_, o: Partial<Asks>) => {
    expect(await plugsOf(asks(o), [GATEWAY])).toEqual([{ ...plug, learnt: undefined }]);
  });
});

describe("the way past the bridge", () => {
  const chains = (plugs: Parameters<typeof shortcutTable>[0]) => shortcutTable(plugs).chains;

  test("takes the overlay's packets to that very pod, and no others", () => {
    expect(chains([plug])).toEqual([
      {
        name: "bridge_4",
        base: { type: "filter", hook: "egress", device: "cni0", priority: 0 },
        rules: [`ether daddr ${MAC} ip daddr ${GATEWAY} udp dport 6091 fwd to "veth7"`],
      },
    ]);
  });
  test("is a chain a bridge, with a rule a gateway", () => {
    const other = { ...plug, address: "10.200.1.8", learnt: { mac: "ee:00:00:00:00:08", port: "veth8" } };
    expect(chains([plug, other]).map((c) => c.rules.length)).toEqual([2]);
    expect(chains([plug, { ...other, bridge: "br1", index: 9 }]).map((c) => c.name)).toEqual([
      "bridge_4",
      "bridge_9",
    ]);
  });
  test("waits until the port is known", () => {
    const { learnt: _, ...unknown } = plug;
    expect(chains([unknown])).toEqual([]);
  });
  test("is left out where the kernel cannot, and for what is no gateway", () => {
    const tunnels = [tunnel({ gatewayIp: GATEWAY })];
    expect(desiredOf(world({ tunnels, plugs: undefined })).state).not.toHaveProperty("shortcut");
    expect(desiredOf(world({ tunnels, plugs: [plug] })).state?.shortcut?.chains).toHaveLength(1);
    expect(desiredOf(world({ plugs: [plug] })).state?.shortcut?.chains).toEqual([]);
  });
});
