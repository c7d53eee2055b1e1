import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WIREGUARD_OVERHEAD } from "@tideway/net";
import { createNamespaces, type Namespaces } from "@tideway/net/testing";
import { binaries, until } from "@tideway/sandbox";
import { createFabric, FIRST_PORT, newKeys, peer, type Side } from "./fabric.ts";
import { createLook } from "./look.ts";

const EAST_SEES = { pods: "10.61.0.0/16", external: "10.62.0.0/16" };
const WEST_SEES = { pods: "10.71.0.0/16", external: "10.72.0.0/16" };
const POD = 10;
const MIB = 8;
const TUNNEL = 1420;
/** What passes between the clusters; the tunnels were made for 1500. */
const NARROW = 1380;

let spaces: Namespaces;
let fabric: ReturnType<typeof createFabric>;
let look: ReturnType<typeof createLook>;
let east: Side;
let west: Side;
const keys = { generation: 1, a: newKeys(), b: newKeys() };

beforeAll(async () => {
  spaces = createNamespaces();
  look = createLook(spaces);
  fabric = createFabric(spaces, await binaries.wireguardGo());
  [east, west] = await Promise.all([
    fabric.add("east", [POD], { behindNat: true }),
    fabric.add("west", [POD]),
  ]);
  peer({
    a: east,
    b: west,
    aSeesB: EAST_SEES,
    bSeesA: WEST_SEES,
    aPort: FIRST_PORT,
    bPort: FIRST_PORT,
    keys: [keys],
    endpoints: { a: "" },
    consumer: "a",
  });
  east.told.offloaded = ["shop"];
  east.told.pods = [
    { namespace: "shop", ip: `10.200.0.${POD}`, node: "east-1" },
    { namespace: "shop", ip: `10.61.0.${POD}`, node: "west" },
  ];
  west.told.guests = [{ namespace: "tideway-east--shop", ip: `10.200.0.${POD}`, node: "", origin: "east" }];
  await fabric.routeNode(east, Object.values(EAST_SEES));
  await fabric.routeNode(west, Object.values(WEST_SEES));
  await Promise.all([east.tell(), west.tell()]);
  await Promise.all([look.connected(east, "west"), look.connected(west, "east")]);
});
afterAll(async () => {
  await fabric?.close();
  spaces?.removeAll();
});

/** Sends so many MiB by one TCP connection; the bytes that came. */
const sends = async (from: string, to: string, address: string): Promise<number> => {
  const script = `require("net").createServer((s) => { let n = 0; s.on("data", (b) => { n += b.length; if (n === ${MIB << 20}) s.end(String(n)); }); })
    .listen(8080, () => console.log("ready"));`;
  const server = spawn("ip", ["netns", "exec", to, process.execPath, "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(server.stdout, "data");
  try {
    const client = `const s = require("net").connect(8080, "${address}"); s.end(Buffer.alloc(${MIB << 20}));
      s.on("data", (b) => console.log(String(b))); s.setTimeout(10000, () => process.exit(1));`;
    const { stdout } = await promisify(execFile)("ip", [
      "netns",
      "exec",
      from,
      process.execPath,
      "-e",
      client,
    ]);
    return Number(stdout);
  } finally {
    server.kill();
  }
};

/** Counts the SYNs that come in with this segment size. */
const countSegments = (pod: string, size: number): void =>
  void spaces.run(
    pod,
    "nft",
    `table ip seen { chain in { type filter hook prerouting priority 0; tcp flags & syn == syn tcp option maxseg size ${size} counter; }; }`,
  );
const counted = (pod: string): number =>
  Number(/packets (\d+)/.exec(spaces.run(pod, "nft", "list", "table", "ip", "seen"))?.[1]);
const WAYS = ["east to west", "west to east"] as const;
const endsOf = (way: (typeof WAYS)[number]): [from: string, to: string, address: string] =>
  way === "east to west"
    ? [east.pod(POD), west.pod(POD), `10.61.0.${POD}`]
    : [west.pod(POD), east.pod(POD), `10.71.0.${POD}`];
/** IP and TCP headers. */
const HEADERS = 40;

it.each(WAYS)("connections agree on segments that fit into the tunnel: %s", async (way) => {
  const [from, to, address] = endsOf(way);
  countSegments(to, TUNNEL - HEADERS);
  expect(await sends(from, to, address)).toBe(MIB << 20);
  expect(counted(to)).toBeGreaterThan(0); // again where it was late
  spaces.run(to, "nft", "delete", "table", "ip", "seen");
});

describe("where less passes between the clusters than the tunnels were made for", () => {
  beforeAll(() => {
    // Locked: what the router itself lets pass, and says so to whoever sends more.
    const at = (network: string, device: string): string =>
      spaces.run(
        east.router ?? "",
        ...["ip", "route", "replace", network, "dev", device, "mtu", "lock", String(NARROW)],
      );
    at("172.31.0.0/24", "up0");
    at("192.168.77.0/24", "in0");
  });

  it.each(WAYS)("MiBs cross all the same: %s", async (way) => {
    const [from, to, address] = endsOf(way);
    await until(async () => (await sends(from, to, address).catch(() => 0)) === MIB << 20, {
      what: `${MIB} MiB ${way}`,
      explain: () => look.explain(east),
    });
  });

  it.each(WAYS)("what is not TCP crosses whole too, in pieces: %s", async (way) => {
    const [from, , address] = endsOf(way);
    const ping = (): Promise<boolean> => Promise.resolve(look.ping(from, address, "-s", "65507"));
    await until(ping, {
      what: `64 KiB ${way} and back`,
      explain: () => look.explain(west),
    });
  });

  it("both gateways have made their tunnels narrower, and say so to the nodes", async () => {
    for (const [side, other] of [
      [east, "west"],
      [west, "east"],
    ] as const)
      await until(async () => (await look.tunnel(side, other))?.mtu === NARROW - WIREGUARD_OVERHEAD, {
        what: `${side.name}'s tunnel of ${NARROW - WIREGUARD_OVERHEAD} bytes`,
        explain: () => look.explain(side),
      });
  });

  it.each(WAYS)("new connections agree on what fits there: %s", async (way) => {
    const [from, to, address] = endsOf(way);
    countSegments(to, NARROW - WIREGUARD_OVERHEAD - HEADERS);
    expect(await sends(from, to, address)).toBe(MIB << 20);
    expect(counted(to)).toBeGreaterThan(0); // again where it was late
  });
});
