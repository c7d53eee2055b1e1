import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "@tideway/log";
import {
  type Kernel,
  KernelError,
  MARK,
  OVERLAY_DEVICE,
  TABLE,
  VNI,
  VXLAN_PORT,
  createKernel,
  macOf,
} from "../src/index.ts";
import { type Namespaces, createNamespaces } from "../src/testing.ts";

let spaces: Namespaces;
let ns: string;
let kernel: Kernel;
const ended = new AbortController();
const ip = (...args: string[]): string => spaces.run(ns, "ip", ...args);

beforeAll(() => {
  spaces = createNamespaces();
});
beforeEach(() => {
  ns = spaces.add("k");
  kernel = createKernel({ log: silentLogger, signal: ended.signal, namespace: ns });
});
afterAll(() => {
  ended.abort();
  spaces.removeAll();
});

/** Applies twice; the second must be no write. */
const settles = async (apply: () => Promise<{ lines: readonly string[] }>): Promise<readonly string[]> => {
  const { lines } = await apply();
  const before = { ...kernel.writes };
  const again = await apply();
  expect(again.lines).toEqual([]);
  expect(kernel.writes).toEqual(before);
  return lines;
};

const overlay = {
  name: OVERLAY_DEVICE,
  vxlan: { vni: VNI, port: VXLAN_PORT, local: "127.0.0.1" },
  mac: macOf("127.0.0.1"),
  mtu: 1450,
  addresses: ["10.99.0.1/32"],
};

describe("links", () => {
  it("makes the overlay device once, and again when somebody removed it", async () => {
    expect(await settles(() => kernel.applyLinks([overlay]))).toHaveLength(3);
    const [device] = JSON.parse(ip("-j", "-d", "link", "show", OVERLAY_DEVICE)) as Record<string, unknown>[];
    expect(device).toMatchObject({
      mtu: 1450,
      address: macOf("127.0.0.1"),
      flags: expect.arrayContaining(["UP"]) as unknown,
    });
    ip("link", "del", OVERLAY_DEVICE);
    expect(await settles(() => kernel.applyLinks([overlay]))).toHaveLength(3);
    expect(kernel.writes.link).toBe(2);
  });

  it("changes in place what can be, and makes the device anew for another underlay address", async () => {
    await kernel.applyLinks([overlay]);
    const lines = await settles(() =>
      kernel.applyLinks([{ ...overlay, mtu: 1400, mac: macOf("127.0.0.2"), addresses: ["10.99.0.2/32"] }]),
    );
    expect(lines).toEqual([
      `link set dev tideway address ${macOf("127.0.0.2")}`,
      "link set dev tideway mtu 1400",
      "addr add 10.99.0.2/32 dev tideway",
      "addr del 10.99.0.1/32 dev tideway",
    ]);
    const moved = { ...overlay, vxlan: { ...overlay.vxlan, local: "127.0.0.2" } };
    expect((await settles(() => kernel.applyLinks([moved])))[0]).toBe("link del dev tideway");
  });

  it("gives the loopback an address and leaves its own ones", async () => {
    await settles(() => kernel.applyLinks([{ name: "lo", addresses: ["10.70.0.1/32", "fd00:70::1/128"] }]));
    await settles(() => kernel.applyLinks([{ name: "lo", addresses: ["10.71.0.1/32"] }]));
    const text = ip("addr", "show", "lo");
    expect(text).toContain("127.0.0.1/8");
    expect(text).toContain("10.71.0.1/32");
    expect(text).not.toMatch(/10\.70|fd00/);
  });

  it("leaves the old state when one line of several is refused, and says which", async () => {
    await kernel.applyLinks([overlay]);
    const before = ip("-d", "addr", "show", OVERLAY_DEVICE);
    const refused = kernel.applyLinks([
      { ...overlay, mtu: 1300, addresses: ["10.99.0.9/32"] },
      { name: "lo", mtu: 12 },
      { name: "other", vxlan: { vni: VNI, port: VXLAN_PORT, local: "127.0.0.1" } },
    ]);
    await expect(refused).rejects.toBeInstanceOf(KernelError);
    await expect(refused).rejects.toMatchObject({
      failure: {
        command: "ip -batch -",
        line: expect.stringMatching(/^link add name other/) as unknown,
        said: expect.stringMatching(/exists|duplicate|another/i) as unknown,
      },
    });
    expect(ip("-d", "addr", "show", OVERLAY_DEVICE)).toBe(before);
  });

  it("is content with the absence of what it removes", async () => {
    await kernel.applyLinks([overlay]);
    await settles(() => kernel.removeLink(OVERLAY_DEVICE));
    expect(kernel.writes.link).toBe(2);
  });
});

describe("routes and rules", () => {
  const routing = {
    table: TABLE,
    routes: [
      {
        destination: "10.2.0.0/16",
        via: "192.0.2.7",
        device: OVERLAY_DEVICE,
        onlink: true,
        source: "10.99.0.1",
      },
      { destination: "10.3.0.5/32", device: OVERLAY_DEVICE },
      { destination: "10.4.0.0/16", device: OVERLAY_DEVICE, mtu: 1300 },
      { destination: "default", type: "unreachable" as const },
    ],
    rules: [
      { priority: 6091, fwmark: MARK },
      { priority: 6090, from: "10.70.0.1/32" },
      { priority: 6092, fwmark: 0x10, fwmask: 0xff, to: "10.5.0.0/16" },
    ],
  };
  beforeEach(async () => {
    await kernel.applyLinks([overlay]);
  });

  it("fills the table with one write, then only changes what differs", async () => {
    expect(await settles(() => kernel.applyRoutes(routing))).toHaveLength(7);
    expect(kernel.writes.route).toBe(1);
    const moved = {
      ...routing,
      routes: routing.routes.with(0, { destination: "10.2.0.0/16", device: OVERLAY_DEVICE }),
    };
    expect(await settles(() => kernel.applyRoutes(moved))).toEqual([
      `route replace 10.2.0.0/16 dev tideway table ${TABLE} proto static`,
    ]);
  });

  it("repairs what others remove or add, and touches no other table", async () => {
    await kernel.applyRoutes(routing);
    const good = ip("route", "show", "table", String(TABLE)) + ip("rule", "show");
    ip("route", "del", "10.2.0.0/16", "table", String(TABLE));
    ip("route", "add", "10.77.0.0/16", "dev", OVERLAY_DEVICE, "table", String(TABLE));
    ip("route", "add", "10.4.0.0/16", "dev", OVERLAY_DEVICE, "table", String(TABLE), "metric", "9");
    ip("route", "add", "10.88.0.0/16", "dev", OVERLAY_DEVICE);
    ip("rule", "del", "priority", "6091");
    ip("rule", "add", "priority", "99", "lookup", String(TABLE));
    await settles(() => kernel.applyRoutes(routing));
    expect(ip("route", "show", "table", String(TABLE)) + ip("rule", "show")).toBe(good);
    expect(ip("route")).toContain("10.88.0.0/16");
    ip("route", "flush", "table", String(TABLE));
    ip("link", "set", OVERLAY_DEVICE, "down");
    await kernel.applyLinks([overlay]);
    await settles(() => kernel.applyRoutes(routing));
    expect(ip("route", "show", "table", String(TABLE)) + ip("rule", "show")).toBe(good);
  });

  it("takes back what went through before a refusal", async () => {
    await kernel.applyRoutes(routing);
    const before = ip("route", "show", "table", String(TABLE)) + ip("rule", "show");
    const bad = kernel.applyRoutes({
      ...routing,
      routes: [
        { destination: "10.60.0.0/16", device: OVERLAY_DEVICE },
        { destination: "10.2.0.0/16", device: OVERLAY_DEVICE },
        { destination: "10.61.0.0/16", device: "missing0" },
      ],
    });
    await expect(bad).rejects.toMatchObject({
      failure: {
        command: "ip -4 -batch -",
        line: "route replace 10.61.0.0/16 dev missing0 table 6091 proto static",
        said: expect.stringContaining("Cannot find device") as unknown,
      },
    });
    expect(ip("route", "show", "table", String(TABLE)) + ip("rule", "show")).toBe(before);
  });

  it("names the line that holds a word which is no address", async () => {
    const bad = kernel.applyRoutes({
      ...routing,
      routes: [{ destination: "nonsense", device: OVERLAY_DEVICE }],
    });
    await expect(bad).rejects.toMatchObject({
      failure: { line: expect.stringContaining("nonsense") as unknown },
    });
  });

  it("leaves nothing when nothing is wanted", async () => {
    const rules = ip("rule", "show");
    await kernel.applyRoutes(routing);
    await settles(() => kernel.applyRoutes({ table: TABLE, routes: [], rules: [] }));
    expect(ip("rule", "show")).toBe(rules);
  });

  it("does the same for IPv6", async () => {
    const six = {
      family: 6 as const,
      table: TABLE,
      routes: [
        { destination: "fd00:2::/48", via: "fd00:99::7", device: OVERLAY_DEVICE, onlink: true },
        { destination: "fd00:3::5/128", device: OVERLAY_DEVICE },
        { destination: "default", device: OVERLAY_DEVICE },
      ],
      rules: [
        { priority: 6091, fwmark: MARK },
        { priority: 6090, from: "fd00:70::1/128" },
      ],
    };
    expect(await settles(() => kernel.applyRoutes(six))).toHaveLength(5);
    ip("-6", "route", "flush", "table", String(TABLE));
    expect(await settles(() => kernel.applyRoutes(six))).toHaveLength(3);
    await settles(() => kernel.applyRoutes({ ...six, routes: [], rules: [] }));
  });
});

describe("neighbours", () => {
  it("keeps one FDB and one neighbour entry an endpoint", async () => {
    await kernel.applyLinks([overlay]);
    const ends = [{ address: "192.0.2.7" }, { address: "192.0.2.8", mac: "02:00:00:00:00:08" }];
    expect(await settles(() => kernel.applyNeighbours(OVERLAY_DEVICE, ends))).toHaveLength(4);
    expect(kernel.writes).toMatchObject({ fdb: 1, neighbour: 1 });
    ip("neigh", "flush", "dev", OVERLAY_DEVICE, "nud", "permanent");
    spaces.run(
      ns,
      "bridge",
      "fdb",
      "del",
      macOf("192.0.2.7"),
      "dev",
      OVERLAY_DEVICE,
      "dst",
      "192.0.2.7",
      "self",
    );
    spaces.run(ns, "bridge", "fdb", "add", "02:00:00:00:00:09", "dev", OVERLAY_DEVICE, "dst", "192.0.2.9");
    expect(await settles(() => kernel.applyNeighbours(OVERLAY_DEVICE, ends))).toHaveLength(4);
    expect(await settles(() => kernel.applyNeighbours(OVERLAY_DEVICE, ends.slice(1)))).toHaveLength(2);
    const fdb = spaces.run(ns, "bridge", "fdb", "show", "dev", OVERLAY_DEVICE).trim().split("\n");
    expect(fdb).toEqual(["02:00:00:00:00:08 dst 192.0.2.8 self permanent"]);
  });
});
