import { type Informer, type Pod, pods } from "@tideway/k8s";
import { type Bed, seen, type Side, watching } from "./bed.ts";
import { percentile, type Result, summarise } from "./result.ts";

const spec = {
  terminationGracePeriodSeconds: 0,
  containers: [
    {
      name: "main",
      image: "tideway.local/workload:1",
      resources: { requests: { cpu: "1m", memory: "1Mi" } },
    },
  ],
};
const pod = (namespace: string, name: string): Pod => ({
  metadata: { name, namespace, labels: { app: "bench" } },
  spec,
});

const running = (i: Informer<Pod>): number => i.list().filter((p) => p.status?.phase === "Running").length;

const single = async (s: Side, i: Informer<Pod>, namespace: string, name: string): Promise<number> => {
  const startedAt = performance.now();
  await s.kube.create(pods, pod(namespace, name));
  await seen(i, `pod ${name} Running`, () => i.get(`${namespace}/${name}`)?.status?.phase === "Running");
  const took = performance.now() - startedAt;
  await s.kube.delete(pods, name, namespace, { gracePeriodSeconds: 0 });
  await seen(i, `pod ${name} gone`, () => !i.get(`${namespace}/${name}`));
  return took;
};

/** One pod at a time, through the border and directly in turn, so that noise meets both alike. */
export const benchSinglePod = async (bed: Bed, rounds: number): Promise<Result[]> => {
  await using through = await watching(bed, bed.east, pods, { namespace: "bench" });
  await using direct = await watching(bed, bed.west, pods, { namespace: "direct" });
  const border: number[] = [];
  const reference: number[] = [];
  for (let i = 0; i < rounds; i++) {
    reference.push(await single(bed.west, direct, "direct", `one-${i}`));
    border.push(await single(bed.east, through, "bench", `one-${i}`));
  }
  const b = summarise(border);
  const ref = percentile(reference, 50);
  return [
    {
      name: "single pod through the border until Running is seen",
      unit: "ms",
      ...b,
      reference: ref,
      ratio: b.p50 / ref,
      target: "at most 40 ms more at p50",
      met: b.p50 - ref <= 40,
    },
  ];
};

const deployment = (namespace: string, replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "burst", namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: "burst" } },
    template: { metadata: { labels: { app: "burst" } }, spec },
  },
});
const deployments = {
  group: "apps",
  version: "v1",
  plural: "deployments",
  kind: "Deployment",
  namespaced: true,
};

const burst = async (
  s: Side,
  i: Informer<Pod>,
  namespace: string,
  n: number,
  atPeak?: () => Promise<void>,
): Promise<number> => {
  const startedAt = performance.now();
  await s.kube.create(deployments, deployment(namespace, n) as never);
  await seen(i, `${n} pods Running in ${namespace}`, () => i.size >= n && running(i) >= n, 300_000);
  const rate = n / ((performance.now() - startedAt) / 1000);
  await atPeak?.();
  await s.kube.delete(deployments, "burst", namespace, { propagation: "Background" });
  await seen(i, `burst of ${n} gone in ${namespace}`, () => i.size === 0, 600_000);
  return rate;
};

/** A Deployment of n replicas through the border against the same on west; rates in pods a second until Running. */
export const benchBurst = async (
  bed: Bed,
  label: string,
  sizes: { n: number; target: number; rounds: number }[],
  atPeak?: (n: number) => Promise<void>,
): Promise<Result[]> => {
  await using through = await watching(bed, bed.east, pods, { namespace: "bench" });
  await using direct = await watching(bed, bed.west, pods, { namespace: "direct" });
  const results: Result[] = [];
  for (const { n, target, rounds } of sizes) {
    const border: number[] = [];
    const reference: number[] = [];
    for (let i = 0; i < rounds; i++) {
      reference.push(await burst(bed.west, direct, "direct", n));
      border.push(await burst(bed.east, through, "bench", n, () => atPeak?.(n) ?? Promise.resolve()));
      bed.report(
        `burst of ${n} (${label}): ${border.at(-1)!.toFixed(0)}/s through the border, ${reference.at(-1)!.toFixed(0)}/s directly`,
      );
    }
    const b = summarise(border);
    const ref = percentile(reference, 50);
    const ratio = b.p50 / ref;
    results.push({
      name: `burst of ${n} pods, ${label}`,
      unit: "pods/s",
      ...b,
      reference: ref,
      ratio,
      target: target > 0 ? `ratio >= ${target}` : "none",
      met: ratio >= target,
    });
  }
  return results;
};
