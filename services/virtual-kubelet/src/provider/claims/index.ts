/** Claims of peers: caches, the controller, and what wakes it. */
import { CLAIM_UID, ORIGIN, shadowClaims } from "@tideway/api";
import { type Controller, startController } from "@tideway/controller";
import {
  type Informer,
  informer,
  keyOf,
  type KubeObject,
  type Namespace,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from "@tideway/k8s";
import type { Ledger } from "@tideway/quota";
import type { Clock, Local } from "../../ports.ts";
import { byClaimUID, makeClaimReconciler, slimVolume } from "./reconciler.ts";
import { createRoom } from "./room.ts";
import type { Offers } from "./offers.ts";

export interface ClaimsOptions {
  local: Local;
  clock: Clock;
  log: Local["log"];
  twins: Informer<Namespace>;
  offers: Offers;
  ledger: Ledger;
  refusedRetryMs: number;
}

export interface Claims {
  caches: Informer<KubeObject>[];
  /** Names of the ShadowClaims in a namespace. */
  shadowsOf(namespace: string): string[];
  /** Call when the caches have synced. */
  start(): Controller;
  enqueueNamespace(namespace: string): void;
  occupied(namespace: string): boolean;
}

export const prepareClaims = (o: ClaimsOptions): Claims => {
  const { kube, signal } = o.local;
  const shadows = informer(kube, shadowClaims);
  const claims = informer(kube, persistentVolumeClaims, { labelSelector: `${ORIGIN},${CLAIM_UID}` });
  const volumes = informer(kube, persistentVolumes, { transform: slimVolume });
  const classes = informer(kube, storageClasses);
  volumes.index("claim-uid", byClaimUID);
  for (const cache of [shadows, claims] as Informer<KubeObject>[])
    cache.index("namespace", (s) => [s.metadata.namespace ?? ""]);
  shadows.index("origin-uid", (s) => [s.spec.originUID]);

  const originOf = (namespace = ""): string => o.twins.get(namespace)?.metadata.labels?.[ORIGIN] ?? "";
  const room = createRoom(o.ledger);

  const start = (): Controller => {
    const controller = startController({
      name: "shadow-claims",
      workers: 32,
      log: o.log,
      metrics: o.local.metrics,
      signal,
      reconcile: makeClaimReconciler({
        kube,
        clock: o.clock,
        shadows,
        claims,
        volumes,
        classes,
        twins: o.twins,
        room,
        wake: (key) => enqueueAll(key),
        offered: (origin) => o.offers.of(origin),
        owns: o.local.owns,
        refusedRetryMs: o.refusedRetryMs,
      }),
    });
    const wake = (key: string): void => controller.enqueue(key);
    const wakeOf = (origin?: string): void => {
      for (const s of shadows.list())
        if (origin === undefined || originOf(s.metadata.namespace) === origin) wake(keyOf(s));
    };
    shadows.onChange(wake);
    claims.onChange(wake);
    volumes.onChange((_key, now, old) => {
      const { claimRef } = (now ?? old)?.spec ?? {};
      const bound = `${claimRef?.namespace ?? ""}/${claimRef?.name ?? ""}`;
      if (claims.get(bound) ?? shadows.get(bound)) wake(bound);
      for (const uid of byClaimUID((now ?? old) as never))
        for (const s of shadows.byIndex("origin-uid", uid)) wake(keyOf(s));
    });
    classes.onChange(() => wakeOf());
    o.offers.onChange(wakeOf);
    enqueueAll = wake;
    for (const s of [...shadows.list(), ...claims.list()]) wake(keyOf(s));
    return controller;
  };
  let enqueueAll: (key: string) => void = () => undefined;

  return {
    shadowsOf: (ns) => shadows.byIndex("namespace", ns).map((s) => s.metadata.name),
    caches: [shadows, claims, volumes, classes] as never,
    start,
    enqueueNamespace: (ns) => {
      for (const cache of [shadows, claims] as Informer<KubeObject>[])
        for (const c of cache.byIndex("namespace", ns)) enqueueAll(keyOf(c));
    },
    occupied: (ns) =>
      [shadows, claims].some((cache) => (cache as Informer<KubeObject>).byIndex("namespace", ns).length > 0),
  };
};
