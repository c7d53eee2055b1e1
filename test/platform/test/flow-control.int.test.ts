/** What one peer asks of the API server, and what that costs the others. */
import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Kube, resource } from "@tideway/k8s";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, expect, it } from "vitest";
import { certificates, others, owners, replication, rights } from "./attacks.ts";
import { ask, type Ask, type HostileWorld, startHostileWorld } from "./hostile-world.ts";

const FLOW = ["flowcontrol.apiserver.k8s.io", "v1"] as const;
const schemas = resource(...FLOW, "flowschemas", "FlowSchema", false);
const levels = resource(...FLOW, "prioritylevelconfigurations", "PriorityLevelConfiguration", false);
const requests = (of: "tenant" | "other-tenant"): Ask => ({
  method: "GET",
  path: `/apis/sharing.tideway.dev/v1alpha1/namespaces/:${of}/resourcerequests`,
});

let world: HostileWorld;
beforeAll(async () => {
  world = await startHostileWorld();
}, 120_000);
afterAll(async () => {
  await world?.stop();
});

/** East, asking without end; `stop` gives how often each status came. */
const flood = (asks: Ask[]) => {
  const main = join(import.meta.dirname, "flood-process.ts");
  const args = JSON.stringify({ credentials: world.eastCredentials, asks });
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = on(createInterface({ input: child.stdout }), "line");
  const say = (what: object): void => void child.stdin.write(`${JSON.stringify(what)}\n`);
  return {
    begin: (what: { rate: number } | { atOnce: number }) => say(what),
    stop: async (): Promise<Record<string, number>> => {
      say({});
      const { value } = (await lines.next()) as { value: [string] };
      return JSON.parse(value[0]) as Record<string, number>;
    },
    end: async () => {
      child.stdin.end();
      await once(child, "exit");
    },
  };
};

const quantile = (list: number[], q: number): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length * q)] ?? NaN;
const median = (list: number[]): number => quantile(list, 0.5);
const timed = async (kube: Kube, count: number): Promise<number[]> => {
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    expect((await ask(kube, requests("other-tenant"))).status).toBe(200);
    all.push(performance.now() - from);
  }
  return all;
};

it("a peer's requests wait in the queues of peers, and those of nobody else do", async () => {
  const own = (await world.kube.get(schemas, "tideway-peers")).metadata.uid;
  expect((await ask(world.east, requests("tenant"))).flowSchema).toBe(own);
  expect((await ask(world.north, { method: "GET", path: "/api/v1/nodes" })).flowSchema).toBe(own);
  expect((await ask(world.kube, requests("tenant"))).flowSchema).not.toBe(own);
  expect((await ask(world.nobody, requests("tenant"))).flowSchema).not.toBe(own);
});

it("a peer that plays the attacks, a hundred a second, slows another peer by no more than a tenth", async () => {
  const attacks = [certificates, rights, others, owners, replication].flat().map((a) => a.ask);
  const small = attacks.filter((a) => JSON.stringify(a.body ?? "").length < 10_000);
  const hostile = flood(small);
  const rounds: { before: number; during: number }[] = [];
  const counts: Record<string, number> = {};
  await timed(world.north, 200); // what is compiled once is compiled by now
  for (let round = 0; round < 20; round++) {
    const before = median(await timed(world.north, 60));
    hostile.begin({ rate: 100 });
    rounds.push({ before, during: median(await timed(world.north, 60)) });
    for (const [status, n] of Object.entries(await hostile.stop()))
      counts[status] = (counts[status] ?? 0) + n;
  }
  await hostile.end();
  const [before, during] = [median(rounds.map((r) => r.before)), median(rounds.map((r) => r.during))];
  console.log(
    `p50 of another peer's request: ${before.toFixed(2)} ms alone, ${during.toFixed(2)} ms beside`,
    counts,
  );
  expect(Object.keys(counts)).not.toContain("200");
  expect(Object.keys(counts)).not.toContain("201");
  // Round by round, since the machine is busier in some; or a quarter of a millisecond, below which it tells nothing.
  const slower = rounds.map((r) => (r.during - r.before) / Math.max(r.before * 0.1, 0.25));
  expect(quantile(slower, 0.25)).toBeLessThan(1);
});

it("a peer that asks 400 things at once is told to wait, and another peer is not", async () => {
  // So few seats that these requests fill them: what ships has room for more than two cores can serve.
  const limited = {
    nominalConcurrencyShares: 1,
    lendablePercent: 0,
    limitResponse: { type: "Queue", queuing: { queues: 64, handSize: 6, queueLengthLimit: 1 } },
  };
  await world.kube.patch(levels, "tideway-peers", undefined, { spec: { limited } });
  const hostile = flood([requests("tenant")]);
  try {
    const refused = await until(
      async () => {
        hostile.begin({ atOnce: 400 });
        await timed(world.north, 50);
        return (await hostile.stop())["429"];
      },
      { what: "the hostile peer to be told to wait" },
    );
    expect(refused).toBeGreaterThan(0);
  } finally {
    await hostile.end();
  }
});
