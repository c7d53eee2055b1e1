import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "@tideway/log";
import { type Kernel, MARK, type NftTable, TABLE, createKernel, ownExternalAddress } from "../src/index.ts";
import { type Namespaces, createNamespaces } from "../src/testing.ts";

/**
 * Two clusters with the same pod prefix, one wire as their tunnel: pod - gateway - gateway - pod. Each side sends in
 * the receiver's view, by prefix maps and interface maps alone, as the gateways do.
 */
const PODS = "10.244.0.0/16";
const EXTERNAL = "10.70.0.0/16";
const SEEN_AS = { west: "10.81.0.0/16", east: "10.82.0.0/16" } as const; // where the other one sees these pods
const SEEN_EXTERNAL = { west: "10.91.0.0/16", east: "10.92.0.0/16" } as const;
type Side = keyof typeof SEEN_AS;
const other = (side: Side): Side => (side === "west" ? "east" : "west");
const TUNNEL = "tw-peer";

const gatewayTable = (side: Side): NftTable => ({
  name: "tideway",
  counters: ["forward_unknown"],
  sets: [
    { name: "lent", type: ["ifname", "ipv4_addr"], elements: [[TUNNEL, "10.244.1.5"]] },
    { name: "reach", type: ["mark", "ipv4_addr"], interval: true, elements: [[0x7469, "10.244.1.0/24"]] },
  ],
  maps: [
    { name: "from_peer", type: "ifname", value: "verdict", elements: [[TUNNEL, "jump in_peer"]] },
    { name: "to_peer", type: "ifname", value: "verdict", elements: [[TUNNEL, "jump out_peer"]] },
    {
      name: "ext_peer",
      type: "ipv4_addr",
      value: "ipv4_addr",
      elements: [
        ["10.92.0.77", "10.244.1.5"],
        ["10.91.0.77", "10.244.1.5"],
      ],
    },
    {
      name: "dst_peer",
      type: "ipv4_addr",
      value: "ipv4_addr",
      interval: true,
      prefixValues: true,
      elements: [
        [SEEN_AS[side], PODS],
        [SEEN_EXTERNAL[side], EXTERNAL],
      ],
    },
    {
      name: "src_peer",
      type: "ipv4_addr",
      value: "ipv4_addr",
      interval: true,
      prefixValues: true,
      elements: [[PODS, SEEN_AS[side]]],
    },
  ],
  chains: [
    {
      name: "in_peer",
      rules: ["dnat to ip daddr map @ext_peer", "dnat ip prefix to ip daddr map @dst_peer"],
    },
    {
      name: "out_peer",
      rules: [
        "snat ip prefix to ip saddr map @src_peer",
        `snat to ${ownExternalAddress(SEEN_EXTERNAL[side])}`,
      ],
    },
    {
      name: "marking",
      base: { type: "filter", hook: "prerouting", priority: -150 },
      rules: [`iifname { "${TUNNEL}", "pods" } meta mark set ${MARK}`],
    },
    {
      name: "prerouting",
      base: { type: "nat", hook: "prerouting", priority: -100 },
      rules: ["iifname vmap @from_peer"],
    },
    {
      name: "postrouting",
      base: { type: "nat", hook: "postrouting", priority: 100 },
      rules: ["oifname vmap @to_peer"],
    },
    {
      name: "forward",
      base: { type: "filter", hook: "forward", priority: 0, policy: "drop" },
      rules: [
        "ct state established,related accept",
        `iifname "pods" accept`,
        "iifname . ip daddr @lent meta mark . ip daddr @reach accept",
        { rule: "counter name forward_unknown drop", comment: "nobody lent this" },
      ],
    },
  ],
});

let spaces: Namespaces;
const ended = new AbortController();
const at = {} as Record<Side, { gateway: string; pod: string; secret: string; kernel: Kernel }>;

beforeAll(async () => {
  spaces = createNamespaces();
  for (const side of ["west", "east"] as const) {
    const [gateway, pod, secret] = [
      spaces.add(`${side}-gw`),
      spaces.add(`${side}-pod`),
      spaces.add(`${side}-2nd`),
    ];
    const kernel = createKernel({ log: silentLogger, signal: ended.signal, namespace: gateway });
    at[side] = { gateway, pod, secret, kernel };
    spaces.run(gateway, "ip", "link", "add", "pods", "type", "bridge");
    spaces.run(gateway, "ip", "addr", "add", "10.244.1.1/24", "dev", "pods");
    spaces.run(gateway, "ip", "link", "set", "pods", "up");
    for (const [i, [ns, address]] of [
      [pod, "10.244.1.5/24"],
      [secret, "10.244.1.6/24"],
    ].entries()) {
      spaces.run(gateway, "ip", "link", "add", `v${i}`, "type", "veth", "peer", "name", "eth0", "netns", ns!);
      spaces.run(gateway, "ip", "link", "set", `v${i}`, "master", "pods", "up");
      spaces.run(ns!, "ip", "addr", "add", address!, "dev", "eth0");
      spaces.run(ns!, "ip", "link", "set", "eth0", "up");
      spaces.run(ns!, "ip", "route", "add", "default", "via", "10.244.1.1");
    }
    spaces.run(gateway, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0");
  }
  spaces.connect(
    { ns: at.west.gateway, device: TUNNEL, address: "192.0.2.1/30" },
    { ns: at.east.gateway, device: TUNNEL, address: "192.0.2.2/30" },
  );
  for (const side of ["west", "east"] as const) {
    const peer = other(side);
    const via = side === "west" ? "192.0.2.2" : "192.0.2.1";
    await at[side].kernel.applyRoutes({
      table: TABLE,
      routes: [
        { destination: SEEN_AS[peer], via, device: TUNNEL },
        { destination: SEEN_EXTERNAL[peer], via, device: TUNNEL },
        { destination: "10.244.1.0/24", device: "pods" },
      ],
      rules: [{ priority: 6091, fwmark: MARK }],
    });
    await at[side].kernel.applyTable(gatewayTable(side));
  }
}, 60_000);
afterAll(() => {
  ended.abort();
  spaces.removeAll();
});

const ping = (ns: string, address: string, ...args: string[]): string =>
  spaces.run(ns, "ping", "-c", "2", "-i", "0.1", "-W", "2", ...args, address);

describe("translation between clusters with one pod prefix", () => {
  it.each(["west", "east"] as const)(
    "brings a pod of %s to the other's pod, both ways through prefix maps",
    (side) => {
      const target = SEEN_AS[other(side)].replace("0.0/16", "1.5");
      expect(ping(at[side].pod, target)).toContain(" 0% packet loss");
      expect(ping(at[side].pod, target, "-s", "20000")).toContain(" 0% packet loss");
    },
  );

  it.each(["west", "east"] as const)("shows the receiver the sender as it knows it (from %s)", (side) => {
    const peer = other(side);
    spaces.run(
      at[peer].pod,
      "nft",
      "add table ip see; add chain ip see i { type filter hook input priority 0 ; }; flush chain ip see i",
    );
    spaces.run(
      at[peer].pod,
      "nft",
      "add",
      "rule",
      "ip",
      "see",
      "i",
      "ip",
      "saddr",
      SEEN_AS[side].replace("0.0/16", "1.5"),
      "counter",
    );
    ping(at[side].pod, SEEN_AS[peer].replace("0.0/16", "1.5"));
    expect(spaces.run(at[peer].pod, "nft", "list", "table", "ip", "see")).toMatch(/counter packets [1-9]/);
  });

  it.each(["west", "east"] as const)(
    "sends an external address of %s to its single target before the prefixes",
    (side) => {
      expect(ping(at[other(side)].pod, SEEN_EXTERNAL[side].replace("0.0/16", "0.77"))).toContain(
        " 0% packet loss",
      );
    },
  );

  it("drops what nobody lent and counts it", async () => {
    const before = (await at.east.kernel.counters("tideway")).get("forward_unknown")!.packets;
    expect(() => ping(at.west.pod, SEEN_AS.east.replace("0.0/16", "1.6"))).toThrow(/./);
    expect((await at.east.kernel.counters("tideway")).get("forward_unknown")!.packets).toBe(before + 2);
  });

  it("keeps connections while the table changes", async () => {
    const target = SEEN_AS.east.replace("0.0/16", "1.5");
    const table = gatewayTable("east");
    const [first, ...rest] = table.sets!;
    for (let i = 0; i < 20; i++) {
      await at.east.kernel.applyTable({
        ...table,
        sets: [{ ...first!, elements: [...first!.elements, [TUNNEL, `10.244.2.${i}`]] }, ...rest],
      });
      expect(spaces.run(at.west.pod, "ping", "-c", "1", "-W", "10", target)).toContain(" 0% packet loss");
    }
  });
});
