/** The only place that builds adapters: caches, facts, controllers, and what wakes what. */
import { CLAIM, CLAIM_UID, REMOTE_CLUSTER_ID } from "@tideway/api";
import type { Bus } from "@tideway/bus";
import { type Membership, type Reconcile, startController } from "@tideway/controller";
import {
  type Informer,
  informer,
  keyOf,
  type Kube,
  type KubeObject,
  nodes,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { controllerMetrics, type Metrics } from "@tideway/telemetry";
import { LOCAL } from "./claim/decide.ts";
import { claimUidOf, isAtPeer, isVirtual, type Said, SELECTED_NODE, uidOf } from "./claim/model.ts";
import { makeClaimReconciler, makeForgetReconciler } from "./claim/reconciler.ts";
import type { StorageFabricConfig } from "./config.ts";
import { storageFabricMetrics, type VolumeState } from "./metrics.ts";
import type { Deps, Objects } from "./ports.ts";
import { startMoves } from "./move/start.ts";
import { createTell } from "./tell.ts";
import { makeVolumeReconciler } from "./volume/reconciler.ts";

export interface Wiring {
  config: Pick<
    StorageFabricConfig,
    "namespace" | "storageNamespace" | "provisionerPatienceSeconds" | "rescheduleSeconds" | "moverImage"
  >;
  kube: Kube;
  bus: Bus;
  membership: Pick<Membership, "owns" | "onChange">;
  metrics: Metrics;
  log: Logger;
  signal: AbortSignal;
}

const WATCH_BACKOFF_MS = { first: 50, max: 2_000 };

const watchObjects = (w: Wiring): Objects => {
  const watch = <T extends KubeObject>(i: Informer<T>, what: string): Informer<T> => {
    i.onError((err) => w.log.warn({ err, what }, "watch interrupted"));
    i.start(w.signal);
    return i;
  };
  const o = { backoffMs: WATCH_BACKOFF_MS };
  const volumes = informer(w.kube, persistentVolumes, o);
  volumes.index("claim-uid", (v) => (v.metadata.labels?.[CLAIM_UID] ? [claimUidOf(v)] : []));
  return {
    claims: watch(informer(w.kube, persistentVolumeClaims, o), "persistentvolumeclaims"),
    volumes: watch(volumes, "persistentvolumes"),
    classes: watch(informer(w.kube, storageClasses, o), "storageclasses"),
    nodes: watch(informer(w.kube, nodes, o), "nodes"),
  };
};

/** What we said, by claim and peer. */
const indexSaid = (said: {
  onChange(h: (f: { peer: string; id?: string; data: Said }) => void): unknown;
}) => {
  const byUid = new Map<string, Map<string, Said>>();
  said.onChange((f) => {
    const of = byUid.get(f.id ?? "") ?? new Map<string, Said>();
    byUid.set(f.id ?? "", of);
    of.set(f.peer, f.data);
  });
  return (uid: string): ReadonlyMap<string, Said> => byUid.get(uid) ?? new Map<string, Said>();
};

/** Resolves when all caches are complete and the controllers run. */
export const wire = async (w: Wiring): Promise<void> => {
  const { kube, bus, log, signal, config } = w;
  const clock = { now: () => Date.now() };
  const objects = watchObjects(w);
  const { claims, volumes, classes, nodes: nodeCache } = objects;
  const [peers, answers, said, namespaces] = await Promise.all([
    bus.facts("peer"),
    bus.facts("claim"),
    bus.facts("volume"),
    bus.facts("namespace"),
  ]);
  const saidOf = indexSaid(said);
  await Promise.all([...Object.values(objects), peers, answers, said, namespaces].map((c) => c.synced));

  const metrics = storageFabricMetrics(w.metrics);
  const shared = controllerMetrics(w.metrics);
  const deps: Deps & { tell: ReturnType<typeof createTell>; saidOf: typeof saidOf } = {
    kube,
    clock,
    objects,
    heard: { peers, answers, said },
    publish: (...args) => bus.publish(...args),
    owns: (uid) => w.membership.owns(`claim/${uid}`),
    storageNamespace: config.storageNamespace,
    tell: createTell({ kube, clock, signal }),
    saidOf,
  };
  const start = (name: string, reconcile: Reconcile, workers = 32) =>
    startController({ name, reconcile, workers, log, signal, metrics: shared });
  const claiming = start(
    "claim",
    makeClaimReconciler({
      ...deps,
      patienceMs: config.provisionerPatienceSeconds * 1000,
      rescheduleMs: config.rescheduleSeconds * 1000,
      metrics,
    }),
  );
  const holding = start("volume", makeVolumeReconciler(deps));
  const forgetting = start("forget", makeForgetReconciler(deps), 4);

  const STATE: Partial<Record<Said["state"], VolumeState>> = {
    PENDING: "pending",
    BOUND: "bound",
    KEPT: "kept",
    DELETING: "deleting",
  };
  metrics.watch(() =>
    said.list().flatMap(({ peer, data }) => {
      const state = STATE[data.state];
      const name = peer === LOCAL ? LOCAL : (peers.get(peer)?.data.name ?? peer);
      return state ? [{ peer: name, class: data.class, state }] : [];
    }),
  );

  const isOurs = (c: Readonly<PersistentVolumeClaim>): boolean =>
    isVirtual(classes.get(c.spec?.storageClassName ?? ""));
  const wakeUid = (uid: string): void => {
    if (uid === "") return;
    forgetting.enqueue(uid);
    for (const v of volumes.byIndex("claim-uid", uid)) {
      holding.enqueue(v.metadata.name);
      const { namespace = "", name = "" } = v.spec?.claimRef ?? {};
      claiming.enqueue(`${namespace}/${name}`);
    }
    for (const { namespace, claim } of saidOf(uid).values()) claiming.enqueue(`${namespace}/${claim}`);
  };
  const wakeSecond = (second: Readonly<PersistentVolumeClaim>): void => {
    const key = second.metadata.annotations?.[CLAIM];
    if (key) claiming.enqueue(key);
  };
  const wakeClaims = (test: (c: Readonly<PersistentVolumeClaim>) => boolean): void => {
    for (const c of claims.list()) if (isOurs(c) && test(c)) claiming.enqueue(keyOf(c));
  };
  const wakeMoves = await startMoves({
    ...deps,
    metrics,
    moverImage: config.moverImage,
    account: { name: "storage-fabric", namespace: config.namespace },
    namespaces,
    start,
    log,
    signal,
  });
  const wakeAll = (): void => {
    wakeMoves();
    wakeClaims(() => true);
    for (const v of volumes.list()) if (isAtPeer(v)) holding.enqueue(v.metadata.name);
    for (const f of said.list()) forgetting.enqueue(f.id ?? "");
  };

  claims.onChange((key, now, old) => {
    const claim = now ?? old;
    if (!claim) return;
    if (claim.metadata.namespace === config.storageNamespace) wakeSecond(claim);
    else if (isOurs(claim)) {
      claiming.enqueue(key);
      if (!now) wakeUid(uidOf(claim));
      if (now?.spec?.volumeName) holding.enqueue(now.spec.volumeName);
    }
  });
  volumes.onChange((name, now, old) => {
    const v = now ?? old;
    if (!v) return;
    if (isAtPeer(v)) holding.enqueue(name);
    wakeUid(claimUidOf(v));
    const { namespace = "", name: claim = "" } = v.spec?.claimRef ?? {};
    const bound = claims.get(`${namespace}/${claim}`);
    if (bound && namespace === config.storageNamespace) wakeSecond(bound);
  });
  classes.onChange(() => wakeClaims((c) => c.status?.phase !== "Bound"));
  nodeCache.onChange((name, now, old) => {
    if (now && old && JSON.stringify(now.metadata.labels) === JSON.stringify(old.metadata.labels)) return;
    wakeClaims((c) => c.metadata.annotations?.[SELECTED_NODE] === name && c.status?.phase !== "Bound");
  });
  answers.onChange((f) => {
    wakeUid(f.id ?? "");
    claiming.enqueue(`${f.data.namespace}/${f.data.claim}`);
  });
  peers.onChange((f) => {
    for (const v of volumes.list())
      if (isAtPeer(v) && v.metadata.labels?.[REMOTE_CLUSTER_ID] === f.peer) holding.enqueue(v.metadata.name);
  });
  w.membership.onChange(wakeAll);
  bus.onReconnect(wakeAll);
  wakeAll();
};
