import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNamespaces, type Namespaces } from "@tideway/net/testing";
import { binaries, until } from "@tideway/sandbox";
import { createFabric, FIRST_PORT, newKeys, peer, type Side } from "./fabric.ts";
import { createLook } from "./look.ts";
import { TABLE_NAME } from "../src/desired/table.ts";

/** Where each of two sees the other; all have the same networks at home. */
const SEES = {
  eastWest: { pods: "10.61.0.0/16", external: "10.62.0.0/16" },
  eastNorth: { pods: "10.63.0.0/16", external: "10.64.0.0/16" },
  westEast: { pods: "10.71.0.0/16", external: "10.72.0.0/16" },
  northEast: { pods: "10.81.0.0/16", external: "10.82.0.0/16" },
};
/** Pods: 10 is of the offloaded namespace, 11 is not. */
const [OURS, OTHER] = [10, 11];

const run = promisify(execFile);
let spaces: Namespaces;
let fabric: ReturnType<typeof createFabric>;
let look: ReturnType<typeof createLook>;
const ping: typeof look.ping = (...args) => look.ping(...args);
const reaches: typeof look.reaches = (...args) => look.reaches(...args);
const drops: typeof look.drops = (...args) => look.drops(...args);
const connected: typeof look.connected = (...args) => look.connected(...args);
let east: Side;
let west: Side;
let north: Side;
const wireKeys = { generation: 1, a: newKeys(), b: newKeys() };
const northKeys = { generation: 1, a: newKeys(), b: newKeys() };

const state = async (side: Side, name: string): Promise<string | undefined> =>
  (await look.tunnel(side, name))?.state;

const peerWest = (keys = [wireKeys]): void =>
  peer({
    a: east,
    b: west,
    aSeesB: SEES.eastWest,
    bSeesA: SEES.westEast,
    aPort: FIRST_PORT,
    bPort: FIRST_PORT,
    keys,
    consumer: "a",
  });

beforeAll(async () => {
  spaces = createNamespaces();
  look = createLook(spaces);
  fabric = createFabric(spaces, await binaries.wireguardGo());
  [east, west, north] = await Promise.all([
    fabric.add("east", [OURS, OTHER]),
    fabric.add("west", [OURS, OTHER]),
    fabric.add("north", [OURS]),
  ]);
  peerWest();
  peer({
    a: east,
    b: north,
    aSeesB: SEES.eastNorth,
    bSeesA: SEES.northEast,
    aPort: FIRST_PORT + 2,
    bPort: FIRST_PORT,
    keys: [northKeys],
    consumer: "a",
  });
  east.told.offloaded = ["shop"];
  east.told.pods = [
    { namespace: "shop", ip: `10.200.0.${OURS}`, node: "east-1" },
    { namespace: "shop", ip: `10.61.0.${OURS}`, node: "west" },
    { namespace: "shop", ip: `10.63.0.${OURS}`, node: "north" },
    { namespace: "bank", ip: `10.200.0.${OTHER}`, node: "east-1" },
  ];
  const mapped = { state: "MAPPED", namespace: "shop" } as const;
  east.told.addresses = [
    { ...mapped, external: "10.201.0.50", address: `10.63.0.${OURS}`, peers: ["west"] },
    { ...mapped, external: "10.201.0.51", address: `10.61.0.${OURS}`, peers: ["north"] },
  ];
  for (const side of [west, north])
    side.told.guests = [
      { namespace: "tideway-east--shop", ip: `10.200.0.${OURS}`, node: "", origin: "east" },
    ];
  await fabric.routeNode(east, Object.values(SEES.eastWest).concat(Object.values(SEES.eastNorth)));
  await fabric.routeNode(west, Object.values(SEES.westEast));
  await fabric.routeNode(north, Object.values(SEES.northEast));
  await Promise.all([east, west, north].map((s) => s.tell()));
  await Promise.all([
    connected(east, "west"),
    connected(west, "east"),
    connected(east, "north"),
    connected(north, "east"),
  ]);
});
afterAll(async () => {
  await fabric.close();
  spaces.removeAll();
});

describe("between clusters with the same networks", () => {
  it("a pod reaches its namespace's pod over there, and is reached by it", () => {
    expect(reaches(east.pod(OURS), `10.61.0.${OURS}`)).toBe(true);
    expect(reaches(west.pod(OURS), `10.71.0.${OURS}`)).toBe(true);
  });
  it("a node reaches a pod over there", () => {
    expect(reaches(east.node, `10.61.0.${OURS}`)).toBe(true);
  });
  it("64 KiB cross in fragments, both ways", () => {
    expect(reaches(east.pod(OURS), `10.61.0.${OURS}`, "-s", "65000")).toBe(true);
    expect(reaches(west.pod(OURS), `10.71.0.${OURS}`, "-s", "65000")).toBe(true);
  });
  it("pods of two peers reach each other through the cluster that both know", () => {
    expect(reaches(west.pod(OURS), "10.72.0.50")).toBe(true);
    expect(reaches(north.pod(OURS), "10.82.0.51")).toBe(true);
  });
});

describe("default deny", () => {
  const denied = (where: Side, reason: string, attempt: () => boolean): void => {
    const before = drops(where, reason);
    expect(attempt()).toBe(false);
    expect(drops(where, reason)).toBeGreaterThan(before);
  };
  it("an offloaded pod does not reach another namespace's pod", () => {
    denied(east, "denied", () => ping(west.pod(OURS), `10.71.0.${OTHER}`));
  });
  it("a provider's own pod does not reach its consumer", () => {
    denied(west, "denied", () => ping(west.pod(OTHER), `10.71.0.${OURS}`));
  });
  it("a consumer's pod does not reach what is the provider's own", () => {
    denied(west, "denied", () => ping(east.pod(OURS), `10.61.0.${OTHER}`));
  });
  it("a peer's external addresses that stand for nothing lead nowhere", () => {
    expect(ping(west.pod(OURS), "10.72.0.99")).toBe(false);
  });
  it("a source that is no pod's or node's is dropped", () => {
    spaces.run(east.pod(OURS), "ip", "addr", "add", "192.0.2.1/32", "dev", "lo");
    denied(east, "spoofed", () => ping(east.pod(OURS), `10.61.0.${OURS}`, "-I", "192.0.2.1"));
  });
  it("who is known hears at once that it may not; who is not hears nothing, and tries again", () => {
    const code = (from: string, address: string): string => {
      const script = `const s = require("net").connect({ host: "${address}", port: 80, timeout: 3000 });
        const say = (w) => { console.log(w); process.exit(0); };
        s.on("error", (e) => say(e.code)); s.on("timeout", () => say("silence")); s.on("connect", () => say("connected"));`;
      return spaces.run(from, process.execPath, "-e", script).trim();
    };
    expect(code(west.pod(OURS), `10.71.0.${OTHER}`)).toBe("ECONNREFUSED");
    expect(code(west.pod(OURS), "10.71.0.99")).toBe("ECONNREFUSED");
    expect(code(east.pod(OURS), `10.61.0.${OTHER}`)).toBe("ECONNREFUSED");
    expect(code(west.pod(OTHER), `10.71.0.${OURS}`)).toBe("silence");
    const asked = performance.now();
    expect(reaches(east.pod(OURS), "10.61.0.99")).toBe(false);
    expect(performance.now() - asked).toBeLessThan(5_000); // by an ICMP error, not by ping's patience
  });
  it("a connection to a pod that ended ends, and goes on when the address is somebody's again", async () => {
    const serve = `const s = require("net").createServer((c) => { c.on("error", () => 0); c.on("data", (b) => c.write(b)); });
      s.listen(7000, () => console.log("listens"));`;
    const server = spawn("ip", ["netns", "exec", west.pod(OURS), process.execPath, "-e", serve]);
    await once(server.stdout, "data");
    const call = `const s = require("net").connect({ host: "10.61.0.${OURS}", port: 7000 });
      s.on("data", () => console.log("echo")); s.on("error", (e) => { console.log(e.code); process.exit(0); });
      setInterval(() => s.write("x"), 20);`;
    const client = spawn("ip", ["netns", "exec", east.pod(OURS), process.execPath, "-e", call]);
    let said = "";
    client.stdout.on("data", (b) => (said += String(b)));
    try {
      await until(() => Promise.resolve(said.includes("echo")), { what: "an answer" });
      const { guests } = west.told;
      west.told.guests = [];
      west.told.gone = [`10.200.0.${OURS}`];
      await west.tell();
      await until(() => Promise.resolve(said.includes("ECONNRESET")), {
        what: "the end of the connection",
      });
      expect(drops(west, "gone")).toBeGreaterThan(0);
      west.told.guests = guests;
      await west.tell();
      expect(reaches(east.pod(OURS), `10.61.0.${OURS}`)).toBe(true);
      west.told.gone = [];
      await west.tell();
    } finally {
      client.kill();
      server.kill();
    }
  });
  it("a BorderPolicy opens more", async () => {
    east.told.borders = [
      { name: "bank", state: "ACTIVE", peers: ["west"], namespaces: ["bank"], nodes: false, ports: [] },
    ];
    await east.tell();
    expect(reaches(west.pod(OURS), `10.71.0.${OTHER}`)).toBe(true);
    east.told.borders = [];
    await east.tell();
    expect(ping(west.pod(OURS), `10.71.0.${OTHER}`)).toBe(false);
  });
});

describe("the kernel's state", () => {
  it("is written once: what is there already is not written again", async () => {
    const before = (await east.process.ask({ ask: "again" })).writes;
    for (let i = 0; i < 3; i++) expect((await east.process.ask({ ask: "again" })).writes).toEqual(before);
  });
  it("comes back when somebody takes it away", async () => {
    spaces.run(east.gateway, "nft", "delete", "table", "ip", TABLE_NAME);
    spaces.run(east.gateway, "ip", "link", "del", "tideway");
    await until(async () => ping(east.pod(OURS), `10.61.0.${OURS}`), { what: "the way back" });
  });
});

describe("the tunnel", () => {
  it("changes its keys without losing a packet", async () => {
    const next = { generation: 2, a: newKeys(), b: newKeys() };
    const count = 150;
    const pinging = run("ip", [
      ...["netns", "exec", east.pod(OURS), "ping", "-q", "-i", "0.02", "-c", String(count)],
      `10.61.0.${OURS}`,
    ]);
    peerWest([wireKeys, next]);
    await Promise.all([east.tell(), west.tell()]);
    const generation = async (side: Side, name: string): Promise<number | undefined> =>
      (await side.process.ask({ ask: "tunnels" })).tunnels.find((t) => t.clusterId === name)?.generation;
    await until(
      async () => (await generation(east, "west")) === 2 && (await generation(west, "east")) === 2,
      {
        what: "generation 2 in use",
      },
    );
    peerWest([next]);
    await Promise.all([east.tell(), west.tell()]);
    expect((await pinging).stdout).toContain(`${count} packets transmitted, ${count} received`);
    await until(
      async () => spaces.run(east.gateway, "ip", "-br", "link").match(/tw-\S+-a\b/g)?.length === 1,
      {
        what: "the old generation gone",
      },
    );
  });

  it("says that a peer is lost, and finds it again", async () => {
    spaces.run(north.node, "ip", "link", "set", "up0", "down");
    await until(async () => (await state(east, "north")) === "DISCONNECTED", { what: "north lost" });
    const { tunnels } = await east.process.ask({ ask: "tunnels" });
    expect(tunnels.find((t) => t.clusterId === "north")?.message).toMatch(
      /no answer from UDP 172\.31\.0\.3:51820, last handshake 20.*calls again/,
    );
    spaces.run(north.node, "ip", "link", "set", "up0", "up");
    await connected(east, "north");
    expect(reaches(east.pod(OURS), `10.63.0.${OURS}`)).toBe(true);
  });

  it("of a peer with another key passes nothing", async () => {
    peer({
      a: east,
      b: north,
      aSeesB: SEES.eastNorth,
      bSeesA: SEES.northEast,
      aPort: FIRST_PORT + 2,
      bPort: FIRST_PORT,
      keys: [{ generation: 1, a: northKeys.a, b: { ...northKeys.b, publicKey: newKeys().publicKey } }],
      consumer: "a",
    });
    await east.tell();
    await until(async () => (await state(east, "north")) === "DISCONNECTED", { what: "north refused" });
    expect(ping(east.pod(OURS), `10.63.0.${OURS}`)).toBe(false);
    expect(reaches(east.pod(OURS), `10.61.0.${OURS}`)).toBe(true);
  });
});
