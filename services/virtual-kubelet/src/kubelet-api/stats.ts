import type { Pod } from "@tideway/k8s";
import type { PodUsage } from "./usage.ts";

const NANO = 1e9;
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

const cpuAt = (time: string, cores: number): object => ({ time, usageNanoCores: Math.round(cores * NANO) });
const memoryAt = (time: string, bytes: number): object => ({
  time,
  usageBytes: bytes,
  workingSetBytes: bytes,
});

const refOf = (pod: Readonly<Pod>): object => {
  const { name, namespace, uid } = pod.metadata;
  return { name, namespace, uid };
};

const startOf = (pod: Readonly<Pod>): string => pod.status?.startTime ?? pod.metadata.creationTimestamp ?? "";

/** Start of a container that runs; of one that does not, the pod's. */
const containerStart = (pod: Readonly<Pod>, name: string): string => {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return statuses.find((c) => c.name === name)?.state?.running?.startedAt ?? startOf(pod);
};

const podSummary = ({ pod, at, containers }: PodUsage): object => ({
  podRef: refOf(pod),
  startTime: startOf(pod),
  containers: containers.map((c) => ({
    name: c.name,
    startTime: containerStart(pod, c.name),
    cpu: cpuAt(at, c.cpu),
    memory: memoryAt(at, c.memoryBytes),
  })),
  cpu: cpuAt(at, sum(containers.map((c) => c.cpu))),
  memory: memoryAt(at, sum(containers.map((c) => c.memoryBytes))),
});

const totals = (pods: readonly PodUsage[]): { cpu: number; memory: number } => {
  const containers = pods.flatMap((p) => p.containers);
  return { cpu: sum(containers.map((c) => c.cpu)), memory: sum(containers.map((c) => c.memoryBytes)) };
};

/** `/stats/summary`. The node is the sum of its pods: nothing else of the provider is ours to tell. */
export const summary = (
  nodeName: string,
  pods: readonly PodUsage[],
  startTime: string,
  nowIso: string,
): object => {
  const { cpu, memory } = totals(pods);
  return {
    node: { nodeName, startTime, cpu: cpuAt(nowIso, cpu), memory: memoryAt(nowIso, memory) },
    pods: pods.map(podSummary),
  };
};

/**
 * The seconds of CPU that scrapers want, from the rates that the provider tells: each rate is taken to hold
 * until the next measurement. Forgets what is not told any more.
 */
export interface CpuClock {
  seconds(key: string, cores: number, atMs: number): number;
  keepOnly(keys: ReadonlySet<string>): void;
}

export const createCpuClock = (): CpuClock => {
  const counters = new Map<string, { atMs: number; cores: number; seconds: number }>();
  return {
    seconds: (key, cores, atMs) => {
      const last = counters.get(key);
      const elapsed = last ? Math.max(0, atMs - last.atMs) / 1000 : 0;
      const seconds = (last?.seconds ?? 0) + elapsed * cores;
      counters.set(key, { atMs: Math.max(atMs, last?.atMs ?? 0), cores, seconds });
      return seconds;
    },
    keepOnly: (keys) => {
      for (const key of counters.keys()) if (!keys.has(key)) counters.delete(key);
    },
  };
};

const escape = (v: string): string =>
  v.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
const labelled = (labels: Record<string, string>): string =>
  Object.keys(labels).length === 0
    ? ""
    : `{${Object.entries(labels)
        .map(([k, v]) => `${k}="${escape(v)}"`)
        .join(",")}}`;

interface Sample {
  labels: Record<string, string>;
  value: number;
  atMs?: number;
}
const family = (name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples
    .map(
      (s) =>
        `${name}${labelled(s.labels)} ${s.value}${s.atMs === undefined ? "" : ` ${Math.round(s.atMs)}`}\n`,
    )
    .join("")}`;

/** `/metrics/resource`, in the families and labels of the kubelet, which metrics-server reads. */
export const resourceMetrics = (
  nodeName: string,
  pods: readonly PodUsage[],
  clock: CpuClock,
  nowMs: number,
): string => {
  const keys = new Set<string>([nodeName]);
  const containers = pods.flatMap(({ pod, at, containers: list }) =>
    list.map((c) => {
      const labels = { container: c.name, namespace: pod.metadata.namespace ?? "", pod: pod.metadata.name };
      const key = `${pod.metadata.uid}/${c.name}`;
      keys.add(key);
      const atMs = Date.parse(at);
      const start = Date.parse(containerStart(pod, c.name)) / 1000;
      return {
        labels,
        atMs,
        start,
        memory: c.memoryBytes,
        seconds: clock.seconds(key, c.cpu, atMs),
        uid: pod.metadata.uid,
      };
    }),
  );
  const perPod = [...Map.groupBy(containers, (c) => c.uid).values()].map((list) => {
    const { container: _, ...labels } = list[0]?.labels ?? { container: "", namespace: "", pod: "" };
    const atMs = list[0]?.atMs ?? nowMs;
    return { labels, atMs, seconds: sum(list.map((c) => c.seconds)), memory: sum(list.map((c) => c.memory)) };
  });
  const { cpu, memory } = totals(pods);
  clock.keepOnly(keys);
  const node = (value: number): Sample[] => [{ labels: {}, value, atMs: nowMs }];
  const at = <T extends { labels: Record<string, string>; atMs: number }>(
    list: readonly T[],
    value: (t: T) => number,
  ): Sample[] => list.map((t) => ({ labels: t.labels, value: value(t), atMs: t.atMs }));
  return [
    family(
      "container_cpu_usage_seconds_total",
      "counter",
      "Cumulative cpu time consumed by the container in core-seconds",
      at(containers, (c) => c.seconds),
    ),
    family(
      "container_memory_working_set_bytes",
      "gauge",
      "Current working set of the container in bytes",
      at(containers, (c) => c.memory),
    ),
    family(
      "container_start_time_seconds",
      "gauge",
      "Start time of the container since unix epoch in seconds",
      containers.filter((c) => Number.isFinite(c.start)).map((c) => ({ labels: c.labels, value: c.start })),
    ),
    family(
      "node_cpu_usage_seconds_total",
      "counter",
      "Cumulative cpu time consumed by the node in core-seconds",
      node(clock.seconds(nodeName, cpu, nowMs)),
    ),
    family(
      "node_memory_working_set_bytes",
      "gauge",
      "Current working set of the node in bytes",
      node(memory),
    ),
    family(
      "pod_cpu_usage_seconds_total",
      "counter",
      "Cumulative cpu time consumed by the pod in core-seconds",
      at(perPod, (p) => p.seconds),
    ),
    family(
      "pod_memory_working_set_bytes",
      "gauge",
      "Current working set of the pod in bytes",
      at(perPod, (p) => p.memory),
    ),
    family(
      "resource_scrape_error",
      "gauge",
      "1 if there was an error while getting container metrics, 0 otherwise",
      [{ labels: {}, value: 0 }],
    ),
  ].join("");
};
