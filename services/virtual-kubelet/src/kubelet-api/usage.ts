import { type KubeObject, pathOf, type Pod, resource } from "@tideway/k8s";
import { isQuantity, parse, toNumber } from "@tideway/quantity";
import type { PeerConnection } from "../ports.ts";
import { createCache } from "./cache.ts";

/** One container's use, as the provider's metrics server last measured it. */
export interface ContainerUsage {
  name: string;
  /** Cores, averaged over the metrics server's window. */
  cpu: number;
  memoryBytes: number;
}

export interface PodUsage {
  pod: Readonly<Pod>;
  /** RFC 3339. */
  at: string;
  containers: ContainerUsage[];
}

interface PodMetrics extends KubeObject {
  timestamp: string;
  containers: { name: string; usage: { cpu?: string; memory?: string } }[];
}
const podMetrics = resource<PodMetrics>("metrics.k8s.io", "v1beta1", "pods", "PodMetrics");

/** Where the numbers come from. `none`: the provider serves no metrics, or does not let us read them. */
export type Source = "provider" | "none";
export interface Usage {
  source: Source;
  pods: PodUsage[];
}

/** Metrics servers measure every 15 s or more seldom. */
const FRESH_MS = 10_000;
const ANSWER_MS = 5_000;

const number = (text: string | undefined): number => (isQuantity(text) ? toNumber(parse(text)) : 0);

const measured = (pod: Readonly<Pod>, m: PodMetrics): PodUsage => ({
  pod,
  at: m.timestamp,
  containers: m.containers.map((c) => ({
    name: c.name,
    cpu: number(c.usage.cpu),
    memoryBytes: number(c.usage.memory),
  })),
});

const read = async (peer: PeerConnection, twin: string): Promise<Map<string, PodMetrics> | undefined> => {
  const answer = await peer.kube.request({
    method: "GET",
    path: pathOf(podMetrics, twin),
    headersTimeoutMs: ANSWER_MS,
    bodyTimeoutMs: ANSWER_MS,
  });
  if (answer.status !== 200) {
    await answer.body.dump();
    return undefined;
  }
  const { items = [] } = (await answer.body.json()) as { items?: PodMetrics[] };
  return new Map(items.map((m) => [m.metadata.name, m]));
};

/** What the pods of one virtual node use. Never fails: a provider that does not answer has no numbers. */
export type ReadUsage = (peer: PeerConnection, pods: readonly Readonly<Pod>[]) => Promise<Usage>;

export const usageReader = (now: () => number): ReadUsage => {
  const cache = createCache<Map<string, PodMetrics> | undefined>(FRESH_MS, 1024, now);
  return async (peer, pods) => {
    const ofNamespace = async ([namespace, list]: [string, Readonly<Pod>[]]): Promise<
      PodUsage[] | undefined
    > => {
      const twin = peer.twinNamespace(namespace);
      if (!twin) return undefined;
      const metrics = await cache
        .get(`${peer.clusterID}/${twin}`, () => read(peer, twin))
        .catch(() => undefined);
      if (!metrics) return undefined;
      return list.flatMap((pod) => {
        const found = metrics.get(pod.metadata.name);
        return found ? [measured(pod, found)] : [];
      });
    };
    const lists = await Promise.all(
      [...Map.groupBy(pods, (p) => p.metadata.namespace ?? "")].map(ofNamespace),
    );
    const known = lists.filter((l) => l !== undefined);
    return { source: known.length > 0 ? "provider" : "none", pods: known.flat() };
  };
};
