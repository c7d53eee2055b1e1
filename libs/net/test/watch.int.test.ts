import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "@tideway/log";
import { createMetrics } from "@tideway/telemetry";
import { type Kernel, OVERLAY_DEVICE, TABLE, VNI, VXLAN_PORT, createKernel, macOf } from "../src/index.ts";
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

const overlay = {
  name: OVERLAY_DEVICE,
  vxlan: { vni: VNI, port: VXLAN_PORT, local: "127.0.0.1" },
  mac: macOf("127.0.0.1"),
  mtu: 1450,
  addresses: ["10.99.0.1/32"],
};

describe("watch", () => {
  it("tells when somebody changes what is ours, and applying again repairs it", async () => {
    const metrics = createMetrics("test");
    kernel = createKernel({ log: silentLogger, signal: ended.signal, namespace: ns, metrics });
    await kernel.applyLinks([overlay]);
    const routing = {
      table: TABLE,
      routes: [{ destination: "10.2.0.0/16", device: OVERLAY_DEVICE }],
      rules: [],
    };
    let calls = 0;
    const until = new AbortController();
    kernel.watch(() => void calls++, until.signal);
    const told = async (act: () => unknown): Promise<void> => {
      const before = calls;
      await act();
      await expect.poll(() => calls).toBeGreaterThan(before);
    };
    // The monitors start in their own time: the first change is made until it is told.
    await expect
      .poll(() => (spaces.run(ns, "nft", "add table ip tideway-x; delete table ip tideway-x"), calls))
      .toBeGreaterThan(0);
    await expect
      .poll(
        () => (
          ip("addr", "replace", "10.99.0.7/32", "dev", OVERLAY_DEVICE),
          ip("addr", "del", "10.99.0.7/32", "dev", OVERLAY_DEVICE),
          calls
        ),
      )
      .toBeGreaterThan(1);
    await told(() => kernel.applyRoutes(routing));
    await told(() => ip("route", "flush", "table", String(TABLE)));
    await told(() => ip("rule", "add", "lookup", String(TABLE)));
    await told(() => kernel.applyNeighbours(OVERLAY_DEVICE, [{ address: "192.0.2.7" }]));
    await told(() =>
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
      ),
    );
    until.abort();
    const { values } = (await metrics.registry.getMetricsAsJSON()).find(
      (m) => m.name === "tideway_kernel_writes_total",
    ) ?? { values: [] };
    expect(values).toContainEqual(
      expect.objectContaining({
        labels: expect.objectContaining({ kind: "link" }) as unknown,
        value: kernel.writes.link,
      }),
    );
  });
});
