/** `make bench`: prints the table and writes .sandbox/bench.json. `--only peering,pod,network,...` runs a part; `--quick` fewer rounds. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { stopSandbox } from "@tideway/sandbox";
import { namespaces, pods } from "@tideway/k8s";
import { services, tideway } from "@tideway/platform";
import { type Bed, makeBed, peerWithStandingToken, seen, watching } from "./bed.ts";
import { cpuMs, memoryMb, requestCounter } from "./cost.ts";
import { benchSlices, benchUsable } from "./endpoints.ts";
import { benchNetwork } from "./network.ts";
import { makeNetworkBed } from "./network-bed.ts";
import { benchMove } from "./move.ts";
import { benchOutage } from "./outage.ts";
import { benchPeering } from "./peering.ts";
import { benchBurst, benchSinglePod } from "./pods.ts";
import { benchReflection } from "./reflection.ts";
import { benchStorage, onRealNodes } from "./storage.ts";
import { benchTransfer } from "./transfer.ts";
import { benchFailover, benchTunnel } from "./tunnel.ts";
import { print, type Result, save, summarise } from "./result.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const parts = values.only?.split(",");
const wants = (part: string): boolean => !parts || parts.includes(part);
const rounds = values.quick ? 5 : 20;

const startedAt = performance.now();
const report = (text: string): void =>
  console.log(`[${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s] ${text}`);
const results: Result[] = [];
const add = (more: Result[]): void => {
  results.push(...more);
  print(more);
};

const prepare = async (bed: Bed): Promise<string> => {
  await peerWithStandingToken(bed);
  await bed.west.kube.create(namespaces, { metadata: { name: "direct" } });
  await bed.east.kube.create(namespaces, { metadata: { name: "bench" } });
  await tideway(
    bed.east.cluster,
    "offload",
    "namespace",
    "bench",
    "--pod-offloading-strategy",
    "Remote",
    "--wait",
  );
  return "tideway-east--bench";
};

const memory = (label: string, limit: number, only?: string): Result[] =>
  [...memoryMb()]
    .filter(([service]) => !only || service === only)
    .map(([service, mb]) => ({
      name: `memory ${label}: ${service}`,
      unit: "MB",
      n: 1,
      p50: mb,
      p99: mb,
      target: `<= ${limit}`,
      met: mb <= limit,
    }));

/** Requests and processor time for pods created and deleted one after another. */
const cost = async (bed: Bed, count: number): Promise<Result[]> => {
  await using east = await watching(bed, bed.east, pods, { namespace: "bench" });
  const one = async (i: number): Promise<{ requests: number }> => {
    const name = `cost-${i}`;
    const requests = requestCounter(bed);
    await bed.east.kube.create(pods, {
      metadata: { name, namespace: "bench" },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: "main", image: "tideway.local/workload:1" }],
      },
    });
    await seen(east, `${name} Running`, () => east.get(`bench/${name}`)?.status?.phase === "Running");
    const counted = { requests: requests() };
    await bed.east.kube.delete(pods, name, "bench", { gracePeriodSeconds: 0 });
    await seen(east, `${name} gone`, () => !east.get(`bench/${name}`));
    return counted;
  };
  const counts: number[] = [];
  const cpuBefore = cpuMs();
  const from = performance.now();
  for (let i = 0; i < count; i++) counts.push((await one(i)).requests);
  const busy = cpuMs() - cpuBefore;
  const elapsed = performance.now() - from;
  // What the services use when nothing happens is not the pods' cost.
  const idleBefore = cpuMs();
  const idleMs = Math.min(10_000, elapsed);
  await new Promise((done) => setTimeout(done, idleMs));
  const idle = ((cpuMs() - idleBefore) / idleMs) * elapsed;
  const perPod = (busy - idle) / count;
  const r = summarise(counts);
  return [
    {
      name: "our API requests per pod created, both clusters",
      unit: "requests",
      ...r,
      target: "<= 9",
      met: r.p50 <= 9,
    },
    {
      name: "CPU of all services for creating and deleting a pod",
      unit: "ms",
      n: count,
      p50: perPod,
      p99: perPod,
      target: "< 34",
      met: perPod < 34,
    },
  ];
};

const tearDown = (): Promise<void> => stopSandbox({ sandbox: "bench" });

mkdirSync(".sandbox/bench", { recursive: true });
if (spawnSync(process.execPath, ["hack/build.ts"], { stdio: "inherit" }).status !== 0)
  throw new Error("the build failed; see above");
const stop = new AbortController();
try {
  await tearDown();
  if (
    ["peering", "pod", "fast-burst", "reflection", "cost", "memory", "outage", "storage", "move"].some(wants)
  ) {
    const bed = await makeBed(stop.signal, 500, report);
    const twin = await prepare(bed);
    if (wants("memory")) add(memory("idle", 90));
    if (wants("pod")) add(await benchSinglePod(bed, rounds * 2));
    if (wants("cost")) add(await cost(bed, values.quick ? 20 : 50));
    if (wants("reflection")) add(await benchReflection(bed, twin, rounds));
    if (wants("fast-burst"))
      add(
        await benchBurst(bed, "controller-manager at 500/s", [
          { n: 100, target: 0.4, rounds: values.quick ? 1 : 5 },
          { n: 500, target: 0.7, rounds: values.quick ? 1 : 3 },
        ]),
      );
    if (wants("memory"))
      add(
        await benchBurst(
          bed,
          "controller-manager at 500/s",
          [{ n: 2000, target: 0, rounds: 1 }],
          async () => {
            add(memory("at 2,000 pods", 200, "virtual-kubelet"));
          },
        ),
      );
    if (wants("storage")) add(await benchStorage(bed, rounds));
    if (wants("move")) add(await onRealNodes(bed, () => benchMove(bed)));
    if (wants("outage")) add(await benchOutage(bed, values.quick ? 3 : 20));
    if (wants("peering")) {
      await tideway(bed.east.cluster, "unoffload", "namespace", "bench", "--wait");
      add(await benchPeering(bed, rounds));
    }
    await tearDown();
  }
  if (["network", "endpoints", "failover", "tunnel"].some(wants)) {
    const bed = await makeNetworkBed(stop.signal, report);
    if (wants("network")) {
      add(await benchNetwork(bed, values.quick ? 5 : 10));
      add(await benchTransfer(bed));
    }
    if (wants("endpoints")) {
      add(await benchUsable(bed, rounds));
      add(await benchSlices(bed, rounds));
    }
    if (wants("failover")) add(await benchFailover(bed, values.quick ? 10 : 20));
    if (wants("tunnel")) {
      await tideway(bed.east.cluster, "unoffload", "namespace", "bench", "--wait");
      add(await benchTunnel(bed, values.quick ? 5 : 15));
    }
    await tearDown();
  }
  if (wants("quota")) {
    const { benchQuota } = await import("./quota.ts"); // brings an API server of its own along
    add(await benchQuota(rounds * 5));
  }
  if (wants("deciding")) {
    const { benchDecision, benchSettling } = await import("./deciding.ts"); // brings the negotiator's own test bed along
    add(benchDecision(values.quick ? 2_000 : 10_000));
    add(await benchSettling());
  }
  if (wants("peers50")) {
    const { benchPeers } = await import("./peers50.ts"); // brings a gateway's own test bed along
    add(await benchPeers(report));
  }
  if (wants("burst")) {
    const bed = await makeBed(stop.signal, 20, report);
    await prepare(bed);
    add(
      await benchBurst(
        bed,
        "default controllers",
        [
          { n: 100, target: 0.9, rounds: values.quick ? 1 : 3 },
          { n: 500, target: 0.9, rounds: 1 },
          { n: 2000, target: 0.9, rounds: values.quick ? 0 : 1 },
        ].filter((s) => s.rounds > 0),
      ),
    );
  }
} finally {
  stop.abort();
  if (!values.keep) await tearDown();
}
console.log("\nAll figures of this run:");
print(results);
save(".sandbox/bench.json", results);
report(
  `${results.filter((r) => r.met).length} of ${results.length} targets met; ${services.length} services; .sandbox/bench.json written`,
);
process.exit(0);
