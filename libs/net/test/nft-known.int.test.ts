import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "@tideway/log";
import { type Kernel, type NftTable, createKernel } from "../src/index.ts";
import { processRunner } from "../src/kernel/runner.ts";
import { type Namespaces, createNamespaces } from "../src/testing.ts";

let spaces: Namespaces;
let ns: string;
let kernel: Kernel;
let readings: number;
let told: number;
const ended = new AbortController();
const nft = (...args: string[]): string => spaces.run(ns, "nft", ...args);

const many = Array.from({ length: 10_000 }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
const table = (elements: readonly string[]): NftTable => ({
  name: "t",
  counters: ["seen"],
  sets: [
    { name: "s", type: "ipv4_addr", elements },
    { name: "r", type: ["mark", "ipv4_addr"], elements: elements.map((e) => [7, e]) },
  ],
  chains: [
    {
      name: "c",
      base: { type: "filter", hook: "output", priority: 0 },
      rules: ["ip daddr @s counter name seen", "ip daddr 127.0.0.0/8 counter name seen"],
    },
  ],
});
/** Until a write reads nothing: then the monitor listens. */
const settled = async (elements: readonly string[]): Promise<void> => {
  await expect
    .poll(async () => {
      await kernel.applyTable(table([]));
      const before = readings;
      await kernel.applyTable(table(elements));
      return readings - before;
    })
    .toBe(0);
};

beforeAll(() => {
  spaces = createNamespaces();
});
beforeEach(() => {
  ns = spaces.add("f");
  readings = told = 0;
  const run = processRunner(ns);
  kernel = createKernel({
    log: silentLogger,
    signal: ended.signal,
    namespace: ns,
    runner: (command, input) => {
      if (command.includes("list")) readings++;
      return run(command, input);
    },
  });
  kernel.watch(() => told++, ended.signal);
});
afterAll(() => {
  ended.abort();
  spaces.removeAll();
});

describe("a watched table", () => {
  it("of 10,000 elements is not read again to change one, and own changes are not told", async () => {
    await settled(many);
    await expect.poll(() => told).toBeGreaterThan(0);
    const [read, heard] = [readings, told];
    const took: number[] = [];
    for (let i = 0; i < 20; i++) {
      const since = performance.now();
      const { lines } = await kernel.applyTable(table(many.with(i, `172.16.0.${i}`)));
      took.push(performance.now() - since);
      expect(lines.length).toBe(4);
    }
    expect([readings, told]).toEqual([read, heard]);
    expect(nft("list", "set", "ip", "t", "s")).toContain("172.16.0.19");
    // Reading alone takes more than 100 ms; how fast it is really, the bench says.
    expect(Math.min(...took)).toBeLessThan(100);
  });

  it.each([
    ["a foreign element", (): unknown => nft("add element ip t s { 192.0.2.1 }")],
    ["a foreign rule", (): unknown => nft("insert", "rule", "ip", "t", "c", "accept")],
    ["another policy", (): unknown => nft("add chain ip t c { policy drop ; }")],
    ["a flushed table", (): unknown => nft("flush", "table", "ip", "t")],
    ["a flushed set", (): unknown => nft("flush", "set", "ip", "t", "s")],
    ["a deleted table", (): unknown => nft("delete", "table", "ip", "t")],
    ["a flushed ruleset", (): unknown => nft("flush", "ruleset")],
  ])("tells of %s, and applying repairs it", async (_, harm) => {
    const want = table(["10.1.1.1", "10.1.1.2"]);
    await settled(["10.1.1.1", "10.1.1.2"]);
    const good = nft("-s", "list", "table", "ip", "t");
    const before = told;
    harm();
    await expect.poll(() => told).toBeGreaterThan(before);
    expect((await kernel.applyTable(want)).lines.length).toBeGreaterThan(0);
    expect(nft("-s", "list", "table", "ip", "t")).toBe(good);
    expect((await kernel.applyTable(want)).lines).toEqual([]);
  });

  it("keeps its counters when it is made anew", async () => {
    await settled([]);
    spaces.run(ns, "ping", "-c", "2", "-i", "0.01", "127.0.0.1");
    const before = (await kernel.counters("t")).get("seen");
    expect(before?.packets).toBeGreaterThanOrEqual(2);
    const want = table([]);
    const sets = want.sets?.map((s) => (s.name === "s" ? { ...s, interval: true } : s)) ?? [];
    expect((await kernel.applyTable({ ...want, sets })).lines).toContain("delete table ip t");
    expect((await kernel.counters("t")).get("seen")).toEqual(before);
  });

  it("is read again after a refused write", async () => {
    await settled(["10.1.1.1"]);
    const want = table(["10.1.1.1"]);
    const bad = { ...want, chains: [...want.chains, { name: "z", rules: ["jump nowhere"] }] };
    await expect(kernel.applyTable(bad)).rejects.toThrow(/jump nowhere/);
    const before = readings;
    expect((await kernel.applyTable(want)).lines).toEqual([]);
    expect(readings).toBe(before + 1);
  });
});
