import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "@tideway/log";
import { type Kernel, type NftTable, createKernel } from "../src/index.ts";
import { type Namespaces, createNamespaces } from "../src/testing.ts";

let spaces: Namespaces;
let ns: string;
let kernel: Kernel;
const ended = new AbortController();
const nft = (...args: string[]): string => spaces.run(ns, "nft", ...args);
/** The table as the kernel has it, without what traffic counts. */
const listed = (): string => nft("-s", "list", "table", "ip", "t");

beforeAll(() => {
  spaces = createNamespaces();
});
beforeEach(() => {
  ns = spaces.add("n");
  kernel = createKernel({ log: silentLogger, signal: ended.signal, namespace: ns });
});
afterAll(() => {
  ended.abort();
  spaces.removeAll();
});

const settles = async (table: NftTable): Promise<readonly string[]> => {
  const { lines } = await kernel.applyTable(table);
  const before = kernel.writes.nft;
  expect((await kernel.applyTable(table)).lines).toEqual([]);
  expect(kernel.writes.nft).toBe(before);
  return lines;
};

const peerChains = (n: number): NftTable["chains"] => [
  {
    name: `in_${n}`,
    rules: [`dnat to ip daddr map @ext_${n}`, `dnat ip prefix to ip daddr map @pods_${n}`],
  },
];
const peerMaps = (n: number): NonNullable<NftTable["maps"]> => [
  { name: `ext_${n}`, type: "ipv4_addr", value: "ipv4_addr", elements: [[`10.${n}.0.9`, "192.0.2.9"]] },
  {
    name: `pods_${n}`,
    type: "ipv4_addr",
    value: "ipv4_addr",
    interval: true,
    prefixValues: true,
    elements: [
      [`10.${n}.0.0/16`, "10.244.0.0/16"],
      [`10.100.${n}.0/24`, "10.70.0.0/24"],
    ],
  },
];
/** One of each kind of set, map, chain and rule that gateway and route-agent use. */
const table = (peers: readonly number[], lent: readonly string[] = ["10.1.1.1"]): NftTable => ({
  name: "t",
  counters: ["dropped_unknown", "dropped_source"],
  sets: [
    { name: "lent", type: ["ifname", "ipv4_addr"], elements: lent.map((a) => ["tw-a", a] as const) },
    {
      name: "reach",
      type: ["mark", "ipv4_addr"],
      interval: true,
      elements: [
        [7, "10.8.0.0/16"],
        [7, "10.8.1.1"],
        [8, "10.8.1.1/32"],
        [9, "0.0.0.0/0"],
      ],
    },
    {
      name: "open",
      type: ["ifname", "ipv4_addr", "ipv4_addr", "inet_proto", "inet_service"],
      interval: true,
      elements: [
        ["tw-a", "10.0.0.0/8", "10.9.0.0/16", "tcp", 443],
        ["tw-a", "0.0.0.0/0", "10.9.0.1", "udp", 53],
        ["tw-a", "10.1.0.0/16", "10.9.0.1", "0-255", "0-65535"],
      ],
    },
    { name: "nets", type: "ipv4_addr", interval: true, elements: ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.1"] },
    { name: "any", type: "ipv4_addr", interval: true, elements: ["0.0.0.0/0"] },
    { name: "ports", type: "inet_service", elements: [80, 443, 6092] },
    { name: "six", type: "ipv6_addr", interval: true, elements: ["fd00:0:0::/48", "2001:DB8::1"] },
    { name: "kinds", type: "icmp_type", elements: ["echo-request"] },
  ],
  maps: [
    { name: "source_ns", type: "ipv4_addr", value: "mark", elements: [["10.1.1.1", 0x70000]] },
    {
      name: "in",
      type: "ifname",
      value: "verdict",
      elements: peers.map((n) => [`tw-${n}`, `jump in_${n}`] as const),
    },
    ...peers.flatMap(peerMaps),
  ],
  chains: [
    ...peers.flatMap(peerChains),
    { name: "pre", base: { type: "nat", hook: "prerouting", priority: -100 }, rules: ["iifname vmap @in"] },
    {
      name: "forward",
      base: { type: "filter", hook: "forward", priority: 0, policy: "drop" },
      rules: [
        "ct state established,related accept",
        "meta mark set ip saddr map @source_ns",
        "meta mark . ip daddr @reach accept",
        "iifname . ip daddr @lent accept",
        "iifname . ip saddr . ip daddr . meta l4proto . th dport @open accept",
        "ip saddr @nets tcp dport @ports accept",
        "tcp flags syn / syn,rst tcp option maxseg size set rt mtu",
        { rule: "counter name dropped_unknown drop", comment: 'nobody "said" so' },
      ],
    },
  ],
});

describe("a table", () => {
  it("is written by one transaction and then as wanted", async () => {
    await settles(table([1, 2]));
    expect(kernel.writes.nft).toBe(1);
    expect(listed()).toContain("10.8.0.0/16");
  });

  it("gets a peer more without touching the rules of the others", async () => {
    await kernel.applyTable(table([1]));
    const lines = await settles(table([1, 2]));
    expect(lines.filter((l) => l.startsWith("flush"))).toEqual([]);
    expect(lines).toContain('add element ip t in { "tw-2" : jump in_2 }');
    await settles(table([2]));
    expect(listed()).not.toContain("in_1");
  });

  it("changes values of maps, policies and rules in place", async () => {
    await kernel.applyTable(table([1]));
    const first = table([1]);
    const changed: NftTable = {
      ...first,
      counters: ["dropped_source", "more"],
      maps: first.maps!.map((m) =>
        m.name === "pods_1"
          ? {
              ...m,
              elements: [
                ["10.1.0.0/16", "10.245.0.0/16"] as const,
                ["10.100.0.0/17", "10.70.0.0/17"] as const,
              ],
            }
          : m.name === "in"
            ? { ...m, elements: [["tw-1", "drop"] as const] }
            : m.name === "source_ns"
              ? { ...m, elements: [["10.1.1.1", 0x80000] as const] }
              : m,
      ),
      sets: first.sets!.map((s) =>
        s.name === "nets"
          ? { ...s, elements: ["10.0.0.0/9", "10.128.0.0/9"] }
          : s.name === "reach"
            ? { ...s, elements: [[7, "10.8.0.0/17"] as const, [9, "10.8.0.0/16"] as const] }
            : s,
      ),
      chains: first.chains.map((c) =>
        c.name === "forward"
          ? {
              ...c,
              base: { ...c.base!, policy: "accept" as const },
              rules: [...c.rules.slice(0, -1), "counter name more accept"],
            }
          : c,
      ),
    };
    const lines = await settles(changed);
    expect(lines.some((l) => l.includes("delete table"))).toBe(false);
    expect(listed()).toContain("10.245.0.0/16");
    await settles(first);
  });

  it("is made anew in one transaction where a hook or a set's type changes, and keeps its counters", async () => {
    await kernel.applyTable({ ...table([1]), chains: [], maps: [] });
    nft(
      "add rule ip t out counter name dropped_source"
        .replace("rule ip t out", "chain ip t out")
        .replace(" counter name dropped_source", " { type filter hook output priority 0 ; }"),
    );
    nft("add", "rule", "ip", "t", "out", "counter", "name", "dropped_source");
    spaces.run(ns, "ping", "-c", "2", "-i", "0.01", "127.0.0.1");
    const before = (await kernel.counters("t")).get("dropped_source")!;
    expect(before.packets).toBeGreaterThanOrEqual(2);
    const want = table([1]);
    const lines = await settles({
      ...want,
      sets: want.sets!.map((s) => (s.name === "ports" ? { ...s, interval: true } : s)),
    });
    expect(lines).toContain("delete table ip t");
    expect((await kernel.counters("t")).get("dropped_source")).toEqual(before);
  });

  it.each([
    ["a flushed table", (): unknown => nft("flush", "table", "ip", "t")],
    ["a deleted table", (): unknown => nft("delete", "table", "ip", "t")],
    ["a flushed ruleset", (): unknown => nft("flush", "ruleset")],
    ["a flushed chain", (): unknown => nft("flush", "chain", "ip", "t", "forward")],
    ["a foreign rule", (): unknown => nft("insert", "rule", "ip", "t", "forward", "accept")],
    [
      "a foreign chain, set and counter",
      (): unknown => nft("add chain ip t x; add set ip t y { type mark ; }; add counter ip t z"),
    ],
    ["a flushed map", (): unknown => nft("flush", "map", "ip", "t", "in")],
    ["a foreign element", (): unknown => nft('add element ip t lent { "tw-x" . 1.2.3.4 }')],
    ["a foreign interval", (): unknown => nft("add element ip t nets { 192.0.3.1-192.0.3.7 }")],
    ["another policy", (): unknown => nft("add chain ip t forward { policy accept ; }")],
  ])("repairs %s", async (_, harm) => {
    await kernel.applyTable(table([1]));
    const good = listed();
    harm();
    expect((await settles(table([1]))).length).toBeGreaterThan(0);
    expect(listed().split("\n").sort()).toEqual(good.split("\n").sort());
  });

  it("stays as it was when the kernel refuses, and the error names the line", async () => {
    await kernel.applyTable(table([1]));
    const good = listed();
    const bad = table([1, 2]);
    const refused = kernel.applyTable({
      ...bad,
      chains: [...bad.chains, { name: "z", rules: ["jump nowhere"] }],
    });
    await expect(refused).rejects.toMatchObject({
      failure: {
        command: "nft -f -",
        line: expect.stringMatching(/^add rule ip t z jump nowhere/) as unknown,
        said: expect.stringContaining("No such file or directory") as unknown,
      },
    });
    await expect(
      kernel.applyTable({ ...bad, chains: [{ name: "z", rules: ["utter nonsense"] }] }),
    ).rejects.toThrow(/utter nonsense.*Error: No symbol type/);
    expect(listed()).toBe(good);
  });

  it("writes one element when one of 10,000 changes", async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
    await settles(table([1], many));
    const { lines } = await kernel.applyTable(table([1], many.with(5000, "172.16.0.1")));
    expect(lines).toEqual([
      'delete element ip t lent { "tw-a" . 10.19.136.1 }',
      'add element ip t lent { "tw-a" . 172.16.0.1 }',
    ]);
  });

  it("takes elements that overlap in every way", async () => {
    const prefixes = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.0.0.1"];
    const all = prefixes.flatMap((a) => prefixes.map((b) => [a, b] as const));
    const boxes = (elements: readonly (readonly [string, string])[]): NftTable => ({
      name: "t",
      sets: [{ name: "o", type: ["ipv4_addr", "ipv4_addr"], interval: true, elements }],
      chains: [],
    });
    await settles(boxes(all.slice(1).reverse()));
    await settles(boxes(all.filter(([a, b]) => a.endsWith("/8") !== b.endsWith("/8"))));
    await settles(boxes(all.filter(([a, b]) => a.endsWith("/16") !== b.endsWith("/24"))));
    await settles(boxes([]));
  });

  it("goes, and its absence is fine", async () => {
    await kernel.applyTable(table([1]));
    await kernel.removeTable("t");
    expect((await kernel.removeTable("t")).lines).toEqual([]);
    expect(await kernel.counters("t")).toEqual(new Map());
    expect(nft("list", "ruleset")).toBe("");
  });

  it("may be of family ip6 or inet", async () => {
    const six: NftTable = {
      family: "inet",
      name: "t",
      sets: [{ name: "s", type: "ipv6_addr", elements: ["fd00::0:1"] }],
      chains: [
        { name: "c", base: { type: "filter", hook: "input", priority: 0 }, rules: ["ip6 saddr @s drop"] },
      ],
    };
    await settles(six);
    await settles({ ...six, family: "ip6" });
  });
});
