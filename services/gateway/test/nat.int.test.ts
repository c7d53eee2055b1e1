import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNamespaces, type Namespaces } from "@tideway/net/testing";
import { binaries, until } from "@tideway/sandbox";
import { createFabric, FIRST_PORT, newKeys, peer, type Side } from "./fabric.ts";
import { createLook } from "./look.ts";

/** East is behind NAT and announces no address; only west has a port that is open. */
const EAST_SEES = { pods: "10.61.0.0/16", external: "10.62.0.0/16" };
const WEST_SEES = { pods: "10.71.0.0/16", external: "10.72.0.0/16" };
const POD = 10;

let spaces: Namespaces;
let fabric: ReturnType<typeof createFabric>;
let look: ReturnType<typeof createLook>;
let east: Side;
let west: Side;
const first = { generation: 1, a: newKeys(), b: newKeys() };

const peerBoth = (keys = [first]): void =>
  peer({
    a: east,
    b: west,
    aSeesB: EAST_SEES,
    bSeesA: WEST_SEES,
    aPort: FIRST_PORT,
    bPort: FIRST_PORT,
    keys,
    endpoints: { a: "" },
    consumer: "a",
  });

beforeAll(async () => {
  spaces = createNamespaces();
  look = createLook(spaces);
  fabric = createFabric(spaces, await binaries.wireguardGo());
  [east, west] = await Promise.all([
    fabric.add("east", [POD], { behindNat: true }),
    fabric.add("west", [POD]),
  ]);
  peerBoth();
  east.told.offloaded = ["shop"];
  east.told.pods = [
    { namespace: "shop", ip: `10.200.0.${POD}`, node: "east-1" },
    { namespace: "shop", ip: `10.61.0.${POD}`, node: "west" },
  ];
  west.told.guests = [{ namespace: "tideway-east--shop", ip: `10.200.0.${POD}`, node: "", origin: "east" }];
  await fabric.routeNode(east, Object.values(EAST_SEES));
  await fabric.routeNode(west, Object.values(WEST_SEES));
});
afterAll(async () => {
  await fabric.close();
  spaces.removeAll();
});

describe("a cluster behind NAT", () => {
  it("is not called: the other one says so, and waits", async () => {
    await west.tell();
    await until(async () => (await look.tunnel(west, "east"))?.state === "CONNECTING", {
      what: "west waits",
    });
    const said = await look.tunnel(west, "east");
    expect(said).toMatchObject({ endpoint: "", reason: "NoHandshake" });
    expect(said?.message).toContain("waits for the peer to call, because it announces no address");
    expect(look.ping(west.node, east.nodeIP)).toBe(false);
  });

  it("calls, and both ways are open", async () => {
    await east.tell();
    await Promise.all([look.connected(east, "west"), look.connected(west, "east")]);
    expect(look.reaches(east.pod(POD), `10.61.0.${POD}`)).toBe(true);
    expect(look.reaches(west.pod(POD), `10.71.0.${POD}`)).toBe(true);
  });

  it("changes its keys there too", async () => {
    const next = { generation: 2, a: newKeys(), b: newKeys() };
    peerBoth([first, next]);
    await Promise.all([east.tell(), west.tell()]);
    await until(async () => (await look.tunnel(west, "east"))?.generation === 2, { what: "the new keys" });
    peerBoth([next]);
    await Promise.all([east.tell(), west.tell()]);
    await Promise.all([look.connected(east, "west"), look.connected(west, "east")]);
    expect(look.reaches(west.pod(POD), `10.71.0.${POD}`)).toBe(true);
  });

  it("that was away calls again, so that west's pods reach it", async () => {
    spaces.run(east.node, "ip", "link", "set", "up0", "down");
    await until(async () => (await look.tunnel(west, "east"))?.state === "DISCONNECTED", {
      what: "west notices",
    });
    spaces.run(east.node, "ip", "link", "set", "up0", "up");
    spaces.run(east.node, "ip", "route", "replace", "default", "via", "192.168.77.254");
    await Promise.all([look.connected(east, "west"), look.connected(west, "east")]);
    expect(look.reaches(west.pod(POD), `10.71.0.${POD}`)).toBe(true);
  });
});
