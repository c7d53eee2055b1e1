import {
  type ConfigMap,
  configMaps,
  type Informer,
  informer,
  type Kube,
  type Secret,
  secrets,
} from "@tideway/k8s";
import type { Copied } from "./names.ts";

export interface SourceCaches {
  configmaps: Informer<ConfigMap>;
  secrets: Informer<Secret>;
}

/** ConfigMaps and Secrets of local namespaces, watched only where a pod on a virtual node refers to one. */
export interface Sources {
  of(namespace: string): SourceCaches;
  /** The namespace is not offloaded any more. */
  drop(namespace: string): void;
  onChange(handler: (kind: Copied, namespace: string, name: string) => void): () => void;
}

/** Releases of Helm are large, many, and never referred to by a pod. */
const NOT_HELM = "type!=helm.sh/release.v1";
const BACKOFF_MS = { first: 20, max: 1_000 };

export const createSources = (kube: Kube, signal: AbortSignal): Sources => {
  const open = new Map<string, { caches: SourceCaches; stop: AbortController }>();
  const handlers = new Set<(kind: Copied, namespace: string, name: string) => void>();

  const start = (namespace: string): { caches: SourceCaches; stop: AbortController } => {
    const stop = new AbortController();
    const caches: SourceCaches = {
      configmaps: informer(kube, configMaps, { namespace, backoffMs: BACKOFF_MS }),
      secrets: informer(kube, secrets, { namespace, fieldSelector: NOT_HELM, backoffMs: BACKOFF_MS }),
    };
    for (const kind of ["configmaps", "secrets"] as const) {
      const tell = (key: string): void => {
        for (const handler of handlers) handler(kind, namespace, key.slice(key.indexOf("/") + 1));
      };
      caches[kind].onChange(tell);
      caches[kind].start(AbortSignal.any([stop.signal, signal]));
    }
    return { caches, stop };
  };

  return {
    of: (namespace) => {
      let found = open.get(namespace);
      if (!found) open.set(namespace, (found = start(namespace)));
      return found.caches;
    },
    drop: (namespace) => {
      open.get(namespace)?.stop.abort();
      open.delete(namespace);
    },
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
  };
};
