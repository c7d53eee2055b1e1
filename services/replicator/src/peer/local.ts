import { informer, type Informer, type Kube } from "@tideway/k8s";
import type { CopyObject, End, Kind } from "../ports.ts";
import { makeEnd } from "./ends.ts";

/** The own cluster: one watch a kind for all peers, complete before the first peer appears. */
export interface Local {
  end(kind: Kind, namespace: string): End;
  readonly synced: boolean;
  /** Resolves when every kind has held a complete list. */
  readonly ready: Promise<void>;
  objects(kind: Kind, namespace: string): readonly Readonly<CopyObject>[];
  all(kind: Kind): readonly Readonly<CopyObject>[];
  get(kind: Kind, key: string): Readonly<CopyObject> | undefined;
  onChange(handler: (kind: Kind, namespace: string, name: string) => void): void;
}

const NAMESPACE = "namespace";

export const openLocal = (kube: Kube, kinds: readonly Kind[], signal: AbortSignal): Local => {
  const caches = new Map<Kind, Informer<CopyObject>>();
  for (const kind of kinds) {
    const cache = informer(kube, kind.resource, { backoffMs: { first: 100, max: 2_500 } });
    cache.index(NAMESPACE, (o) => [o.metadata.namespace ?? ""]);
    caches.set(kind, cache);
  }
  const cacheOf = (kind: Kind): Informer<CopyObject> => caches.get(kind)!;
  const objects = (kind: Kind, namespace: string): Readonly<CopyObject>[] =>
    cacheOf(kind).byIndex(NAMESPACE, namespace);
  for (const cache of caches.values()) cache.start(signal);
  return {
    end: (kind, namespace) =>
      makeEnd({ kind, kube, namespace, cache: cacheOf(kind), inNamespace: () => objects(kind, namespace) }),
    get synced() {
      return kinds.every((k) => cacheOf(k).hasSynced);
    },
    ready: Promise.all([...caches.values()].map((c) => c.synced)).then(() => undefined),
    objects,
    all: (kind) => cacheOf(kind).list(),
    get: (kind, key) => cacheOf(kind).get(key),
    onChange: (handler) => {
      for (const [kind, cache] of caches)
        cache.onChange((_key, obj, old) => {
          const { namespace, name } = (obj ?? old)!.metadata;
          handler(kind, namespace ?? "", name);
        });
    },
  };
};
