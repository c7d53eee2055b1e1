import {
  type ConfigMap,
  configMaps,
  type EndpointSlice,
  endpointSlices,
  type Informer,
  informer,
  type Ingress,
  ingresses,
  type Kube,
  type KubeObject,
  type Secret,
  secrets,
  type Service,
  services,
} from "@tideway/k8s";
import type { Copied } from "./names.ts";
import type { NetworkKind } from "./network/kinds.ts";

export interface SourceCaches {
  configmaps: Informer<ConfigMap>;
  secrets: Informer<Secret>;
}

/** What pods reach by name; watched in every namespace that has a twin. */
export interface NetworkCaches {
  services: Informer<Service>;
  endpointslices: Informer<EndpointSlice>;
  ingresses: Informer<Ingress>;
}

/** Objects of local namespaces that are copied to providers. */
export interface Sources {
  /** ConfigMaps and Secrets, watched only where a pod on a virtual node refers to one. */
  of(namespace: string): SourceCaches;
  /** Opened by the first twin of the namespace. */
  network(namespace: string): NetworkCaches;
  /** The same, where they are open: work that is left over must not open them again. */
  openNetwork(namespace: string): NetworkCaches | undefined;
  /** The namespace is not offloaded any more. */
  drop(namespace: string): void;
  onChange(handler: (kind: Copied, namespace: string, name: string) => void): () => void;
  onNetworkChange(handler: (kind: NetworkKind, namespace: string, name: string) => void): () => void;
}

/** Releases of Helm are large, many, and never referred to by a pod. */
const NOT_HELM = "type!=helm.sh/release.v1";
const BACKOFF_MS = { first: 20, max: 1_000 };

/** Caches by namespace, opened when first asked for. */
const byNamespace = <C extends object>(
  signal: AbortSignal,
  make: (namespace: string) => C,
  onChange: (kind: keyof C & string, namespace: string, name: string) => void,
) => {
  const open = new Map<string, { caches: C; stop: AbortController }>();
  const start = (namespace: string): { caches: C; stop: AbortController } => {
    const stop = new AbortController();
    const caches = make(namespace);
    for (const [kind, cache] of Object.entries(caches) as [keyof C & string, Informer<KubeObject>][]) {
      cache.onChange((key) => onChange(kind, namespace, key.slice(key.indexOf("/") + 1)));
      cache.start(AbortSignal.any([stop.signal, signal]));
    }
    return { caches, stop };
  };
  return {
    of: (namespace: string): C => {
      let found = open.get(namespace);
      if (!found) open.set(namespace, (found = start(namespace)));
      return found.caches;
    },
    peek: (namespace: string): C | undefined => open.get(namespace)?.caches,
    drop: (namespace: string): void => {
      open.get(namespace)?.stop.abort();
      open.delete(namespace);
    },
  };
};

type Handlers<K> = Set<(kind: K, namespace: string, name: string) => void>;
const tell =
  <K>(handlers: Handlers<K>) =>
  (kind: K, namespace: string, name: string): void => {
    for (const handler of handlers) handler(kind, namespace, name);
  };
const subscribe =
  <K>(handlers: Handlers<K>) =>
  (handler: (kind: K, namespace: string, name: string) => void): (() => void) => {
    handlers.add(handler);
    return () => handlers.delete(handler);
  };

export const createSources = (kube: Kube, signal: AbortSignal): Sources => {
  const handlers: Handlers<Copied> = new Set();
  const networkHandlers: Handlers<NetworkKind> = new Set();
  const configs = byNamespace<SourceCaches>(
    signal,
    (namespace) => ({
      configmaps: informer(kube, configMaps, { namespace, backoffMs: BACKOFF_MS }),
      secrets: informer(kube, secrets, { namespace, fieldSelector: NOT_HELM, backoffMs: BACKOFF_MS }),
    }),
    tell(handlers),
  );
  const networks = byNamespace<NetworkCaches>(
    signal,
    (namespace) => ({
      services: informer(kube, services, { namespace, backoffMs: BACKOFF_MS }),
      endpointslices: informer(kube, endpointSlices, { namespace, backoffMs: BACKOFF_MS }),
      ingresses: informer(kube, ingresses, { namespace, backoffMs: BACKOFF_MS }),
    }),
    tell(networkHandlers),
  );
  return {
    of: configs.of,
    network: networks.of,
    openNetwork: networks.peek,
    drop: (namespace) => {
      configs.drop(namespace);
      networks.drop(namespace);
    },
    onChange: subscribe(handlers),
    onNetworkChange: subscribe(networkHandlers),
  };
};
