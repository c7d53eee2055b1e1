/**
 * The provider's half: what peers placed here. Twin namespaces from their NamespaceMaps, and a Pod from each
 * ShadowPod. Stateless: everything is read again at start, and the finalizer of the pods holds what must last.
 */
import { namespaceMaps, ORIGIN, shadowPods, tenantQuotas, workloadPolicies } from "@tideway/api";
import { startController } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import {
  type Informer,
  informer,
  type KubeObject,
  namespaces,
  networkPolicies,
  pods,
  roleBindings,
  serviceAccounts,
} from "@tideway/k8s";
import { createLedger } from "@tideway/quota";
import { watchNetworks } from "../network/networks.ts";
import { type Local, type Part, systemClock } from "../ports.ts";
import { prepareClaims } from "./claims/index.ts";
import { watchOffers } from "./claims/offers.ts";
import { prepareEndpointSlices } from "./endpoint-slices/index.ts";
import { TWIN_SELECTOR } from "./labels.ts";
import { DEFAULT_DENY, OPEN, isCurrent, WORKLOAD_BINDING } from "./namespaces/manifests.ts";
import { makeNamespaceReconciler } from "./namespaces/reconciler.ts";
import { podBuilder } from "./pod-builder.ts";
import { policiesOf } from "./policies.ts";
import { watchPools } from "./pools.ts";
import type { ProviderOptions } from "./ports.ts";
import { makeQuotaReconciler } from "./quotas/reconciler.ts";
import { createRoom, isOver } from "./quotas/room.ts";
import { remember } from "./shadow-pods/memory.ts";
import { makeShadowPodReconciler } from "./shadow-pods/reconciler.ts";
import { trimPod } from "./shadow-pods/trim.ts";
import { startWorkloadPolicies } from "./workload-policies/index.ts";

export type { ProviderOptions } from "./ports.ts";

/** Resolves when every cache has synced and the controllers run. */
export const startProvider = async (local: Local, o: ProviderOptions): Promise<Part> => {
  const { kube, signal } = local;
  const log = local.log.child({ part: "provider" });
  const clock = systemClock;
  const furniture = { labelSelector: TWIN_SELECTOR, metadataOnly: true };

  const [identities, networkFacts, offerFacts] = await Promise.all([
    local.bus.facts("identity"),
    local.bus.facts("network"),
    local.bus.facts("offer"),
  ]);
  const networks = watchNetworks(networkFacts);
  const pools = watchPools(offerFacts);
  const maps = informer(kube, namespaceMaps);
  const twins = informer(kube, namespaces, { labelSelector: TWIN_SELECTOR, metadataOnly: true });
  const policies = informer(kube, networkPolicies, furniture);
  const bindings = informer(kube, roleBindings, furniture);
  const accounts = informer(kube, serviceAccounts, furniture);
  const shadows = informer(kube, shadowPods);
  const made = informer(kube, pods, { labelSelector: ORIGIN, transform: trimPod });
  const policyCache = informer(kube, workloadPolicies);
  const policiesNow = policiesOf(policyCache, o.podSecurity ?? "baseline");
  const quotas = informer(kube, tenantQuotas, { metadataOnly: true });
  const furnishing = [maps, twins, policies, bindings, accounts];
  const ledger = o.ledger ?? createLedger({ kube, quotas, clock, log, signal, onKnown: o.teller.known });
  const claims = prepareClaims({
    local,
    clock,
    log,
    twins,
    offers: watchOffers(offerFacts),
    ledger,
    refusedRetryMs: o.refusedRetryMs ?? 5_000,
  });
  const slices = prepareEndpointSlices({ local, clock, log, twins, networks, workers: o.workers ?? 32 });
  const ofPods = [shadows, made, quotas, policyCache];
  const caches = [...furnishing, ...ofPods, ...slices.caches, ...claims.caches] as Informer<KubeObject>[];

  twins.index("origin", (n) => [n.metadata.labels?.[ORIGIN] ?? ""]);
  shadows.index("namespace", (s) => [s.metadata.namespace ?? ""]);
  made.index("namespace", (p) => [p.metadata.namespace ?? ""]);
  const memory = remember(shadows, made);
  const room = createRoom({
    ledger,
    wake: (key) => work.enqueue(key),
    clock,
    doubt: (twin) => quotaWork.enqueue(originOf(twin) ?? ""),
    stands: async ({ metadata: { name, namespace, uid } }) => {
      const pod = await kube.find(pods, name, namespace, { signal });
      return pod !== undefined && pod.metadata.uid === uid && !isOver(pod);
    },
  });
  for (const cache of caches) {
    cache.onError((err) => log.warn({ reason: describeError(err) }, "a watch broke; it is opened again"));
    cache.start(signal);
  }
  // absence in a cache that has not synced is not a fact
  await Promise.all([
    identities.synced,
    networkFacts.synced,
    offerFacts.synced,
    ...caches.map((c) => c.synced),
  ]);

  const policyOf = (ns: string) => policies.get(`${ns}/${DEFAULT_DENY}`)?.metadata;

  const peers = startController({
    name: "twin-namespaces",
    workers: 8,
    log,
    metrics: local.metrics,
    signal,
    reconcile: makeNamespaceReconciler({
      kube,
      clock,
      identities,
      maps,
      twins,
      openTo: (id) => {
        if (networks.isGone(id)) return [];
        const n = networks.of(id);
        return n && [n.remotePods.seen, n.remoteExternal.seen];
      },
      opened: (ns) => policyOf(ns)?.annotations?.[OPEN]?.split(",").filter(Boolean),
      furnished: (ns, open) =>
        isCurrent(policyOf(ns) ?? {}, open) &&
        bindings.get(`${ns}/${WORKLOAD_BINDING}`) !== undefined &&
        accounts.get(`${ns}/default`) !== undefined,
      owns: local.owns,
      policies: policiesNow,
      systemNamespace: local.namespace,
      shadows,
      pods: made,
      claims,
    }),
  });
  const work = startController({
    name: "shadow-pods",
    workers: o.workers ?? 48,
    log,
    metrics: local.metrics,
    signal,
    reconcile: makeShadowPodReconciler({
      kube,
      clock,
      builder: podBuilder,
      shadows,
      pods: made,
      twins,
      memory,
      room,
      policies: policiesNow,
      pools,
      audit: o.audit,
      owns: local.owns,
      refusedRetryMs: o.refusedRetryMs ?? 5_000,
    }),
  });

  const quotaWork = startController({
    name: "tenant-quotas",
    workers: 4,
    log,
    metrics: local.metrics,
    signal,
    reconcile: makeQuotaReconciler({
      kube,
      clock,
      identities,
      offers: offerFacts,
      quotas,
      ledger,
      twins,
      shadows,
      pods: made,
      owns: local.owns,
      isBusy: room.isBusy,
    }),
  });

  const policyWork = startWorkloadPolicies(local, {
    clock,
    log,
    policies: policyCache,
    policyOf: policiesNow,
    shadows,
    twins,
  });

  const sliceWork = slices.start();
  const claimWork = claims.start();

  const enqueueNamespace = (ns: string): void => {
    for (const cache of [shadows, made] as Informer<KubeObject>[])
      for (const { metadata } of cache.byIndex("namespace", ns)) work.enqueue(`${ns}/${metadata.name}`);
    slices.enqueueNamespace(ns);
    claims.enqueueNamespace(ns);
  };
  const originOf = (obj: Readonly<KubeObject> | undefined): string | undefined =>
    obj?.metadata.labels?.[ORIGIN];
  const wakePeer = (
    _key: string,
    obj: Readonly<KubeObject> | undefined,
    old: Readonly<KubeObject> | undefined,
  ): void => {
    const origin = originOf(obj) ?? originOf(old);
    if (origin) peers.enqueue(origin);
  };

  /** The last one of a namespace is gone: one that is being taken down need not be looked at by the clock. */
  const wakeEmptied = (key: string): void => {
    const ns = key.slice(0, key.indexOf("/"));
    const occupied = [shadows, made].some((cache) => cache.byIndex("namespace", ns).length > 0);
    if (!occupied && !claims.occupied(ns)) wakePeer(ns, twins.get(ns), undefined);
  };

  identities.onChange((fact) => {
    if (fact.id !== "incoming") return;
    peers.enqueue(fact.peer);
    quotaWork.enqueue(fact.peer);
  });
  offerFacts.onChange((fact) => {
    if (fact.id === "incoming") quotaWork.enqueue(fact.peer);
  });
  pools.onChange((id) => {
    for (const twin of twins.byIndex("origin", id)) enqueueNamespace(twin.metadata.name);
  });
  quotas.onChange((_key, quota, old) => {
    const origin = originOf(quota) ?? originOf(old);
    if (!origin || (quota && old)) return;
    if (old) o.teller.gone({ namespace: old.metadata.namespace ?? "", name: old.metadata.name });
    quotaWork.enqueue(origin);
    if (quota) for (const twin of twins.byIndex("origin", origin)) enqueueNamespace(twin.metadata.name); // what stands is counted
  });
  maps.onChange(wakePeer);
  for (const cache of [policies, bindings, accounts])
    cache.onChange((key, obj, old) => !obj && wakePeer(key, obj, old));
  twins.onChange((key, obj, old) => {
    wakePeer(key, obj, old);
    if (obj && !old) enqueueNamespace(key);
  });
  for (const cache of [shadows, made] as Informer<KubeObject>[])
    cache.onChange((key, obj) => {
      work.enqueue(key);
      if (!obj) wakeEmptied(key);
    });

  policyCache.onChange((_name, now, old) => {
    if (now && old && now.metadata.generation === old.metadata.generation) return; // its own status
    for (const twin of twins.list()) wakePeer("", twin, undefined);
  });
  networks.onChange((id) => peers.enqueue(id));

  const everything = (): void => {
    for (const fact of identities.list()) {
      if (fact.id !== "incoming") continue;
      peers.enqueue(fact.peer);
      quotaWork.enqueue(fact.peer);
    }
    for (const twin of twins.list()) {
      wakePeer("", twin, undefined);
      enqueueNamespace(twin.metadata.name);
    }
  };
  local.onOwnersChange(everything);
  everything();
  log.info({ twins: twins.size, shadowPods: shadows.size, pods: made.size }, "provider part started");

  return {
    stop: async () => {
      await Promise.all([
        peers.done,
        work.done,
        sliceWork.done,
        claimWork.done,
        quotaWork.done,
        policyWork.done,
      ]);
    },
  };
};
