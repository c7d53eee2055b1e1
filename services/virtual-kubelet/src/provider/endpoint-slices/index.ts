/** EndpointSlices of peers: caches, the controller, and what wakes it. */
import { shadowEndpointSlices } from "@tideway/api";
import { type Controller, startController } from "@tideway/controller";
import {
  endpointSlices,
  type Informer,
  informer,
  keyOf,
  type KubeObject,
  type Namespace,
} from "@tideway/k8s";
import type { NetworkView } from "../../network/networks.ts";
import type { Clock, Local } from "../../ports.ts";
import { MANAGED_BY, MANAGER } from "./manifests.ts";
import { makeEndpointSliceReconciler } from "./reconciler.ts";

export interface EndpointSlicesOptions {
  local: Local;
  clock: Clock;
  log: Local["log"];
  /** Namespaces matching TWIN_SELECTOR, indexed by "origin". */
  twins: Informer<Namespace>;
  networks: NetworkView;
  workers: number;
}

export interface EndpointSlices {
  caches: Informer<KubeObject>[];
  /** Call when the caches have synced. */
  start(): Controller;
  enqueueNamespace(namespace: string): void;
}

export const prepareEndpointSlices = (o: EndpointSlicesOptions): EndpointSlices => {
  const { kube, metrics, signal, owns } = o.local;
  const { clock, log, twins, networks } = o;
  const shadows = informer(kube, shadowEndpointSlices);
  const slices = informer(kube, endpointSlices, {
    labelSelector: `${MANAGED_BY}=${MANAGER}`,
    metadataOnly: true,
  });
  for (const cache of [shadows, slices] as Informer<KubeObject>[])
    cache.index("namespace", (s) => [s.metadata.namespace ?? ""]);
  let controller: Controller | undefined;
  const enqueueNamespace = (namespace: string): void => {
    for (const shadow of shadows.byIndex("namespace", namespace)) controller?.enqueue(keyOf(shadow));
  };

  const start = (): Controller => {
    const { reconcile, seen } = makeEndpointSliceReconciler({
      kube,
      clock,
      shadows,
      slices,
      twins,
      networks,
      owns,
    });
    const work = startController({
      name: "endpoint-slices",
      workers: o.workers,
      log,
      metrics,
      signal,
      reconcile,
    });
    controller = work;
    shadows.onChange((key) => work.enqueue(key));
    slices.onChange((key, slice, old) => {
      seen(key, slice);
      const owner = (slice ?? old)?.metadata.ownerReferences?.[0]?.name;
      // One that somebody changed or deleted is made again.
      if (owner) work.enqueue(`${key.slice(0, key.indexOf("/"))}/${owner}`);
    });
    networks.onChange((id) => {
      for (const twin of twins.byIndex("origin", id)) enqueueNamespace(twin.metadata.name);
    });
    return work;
  };
  return { caches: [shadows, slices] as never, start, enqueueNamespace };
};
