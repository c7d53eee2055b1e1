import { type Informer, informer, keyOf, type Kube, type Pod, pods } from "@tideway/k8s";
import { slimLocal } from "../pods/slim.ts";

/** Pods of this cluster that are bound to any of some nodes. */
export interface LocalPods {
  get(key: string): Readonly<Pod> | undefined;
  list(): Readonly<Pod>[];
  /** Of one node. */
  of(nodeName: string): Readonly<Pod>[];
  readonly size: number;
  /** The pods of every node are known: what is not there does not exist. */
  readonly hasSynced: boolean;
  /** Resolves when that is so for the first time. */
  readonly synced: Promise<void>;
  /** Opens and closes watches until exactly the pods of these nodes are watched. */
  setNodes(names: Iterable<string>): void;
}

export interface LocalPodsOptions {
  onPod(key: string): void;
  /** Every node's pods are known; called again after a node came. */
  onSynced(): void;
  signal: AbortSignal;
}

interface Watched {
  cache: Informer<Pod>;
  stop(): void;
}

/** A watch a node, since a field selector knows no alternatives. */
export const watchLocalPods = (kube: Kube, o: LocalPodsOptions): LocalPods => {
  const nodes = new Map<string, Watched>();
  const { promise: synced, resolve } = Promise.withResolvers<void>();
  const hasSynced = (): boolean => nodes.size > 0 && [...nodes.values()].every((n) => n.cache.hasSynced);
  const list = (): Readonly<Pod>[] => [...nodes.values()].flatMap((n) => n.cache.list());

  const watch = (name: string): Watched => {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, o.signal]);
    const cache = informer(kube, pods, { fieldSelector: `spec.nodeName=${name}`, transform: slimLocal });
    cache.onChange((key) => o.onPod(key));
    cache.start(signal);
    void cache.synced.then(() => {
      if (signal.aborted) return;
      for (const pod of cache.list()) o.onPod(keyOf(pod));
      if (!hasSynced()) return;
      resolve();
      o.onSynced();
    });
    return { cache, stop: () => stop.abort() };
  };

  return {
    get: (key) => {
      for (const { cache } of nodes.values()) {
        const pod = cache.get(key);
        if (pod) return pod;
      }
      return undefined;
    },
    list,
    of: (name) => nodes.get(name)?.cache.list() ?? [],
    get size() {
      return [...nodes.values()].reduce((sum, n) => sum + n.cache.size, 0);
    },
    get hasSynced() {
      return hasSynced();
    },
    synced,
    setNodes: (names) => {
      const wanted = new Set(names);
      for (const [name, { stop, cache }] of [...nodes]) {
        if (wanted.has(name)) continue;
        stop();
        nodes.delete(name);
        for (const pod of cache.list()) o.onPod(keyOf(pod));
      }
      for (const name of wanted) if (!nodes.has(name)) nodes.set(name, watch(name));
    },
  };
};
