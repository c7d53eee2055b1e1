import { CLAIM_UID, EVICTED, ORIGIN, PEER, type ShadowClaim } from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import {
  type Informer,
  type Kube,
  type Namespace,
  type PersistentVolume,
  type PersistentVolumeClaim,
  splitKey,
  type StorageClass,
} from "@tideway/k8s";
import type { Clock } from "../../ports.ts";
import { decide, type OfferedClass, type Report, shadowOf, type World } from "./decide.ts";
import { perform, type PerformDeps, type Refusal, type Target, writeReport } from "./perform.ts";
import type { Room } from "./room.ts";

export interface ClaimDeps {
  kube: Kube;
  clock: Clock;
  shadows: Informer<ShadowClaim>;
  claims: Informer<PersistentVolumeClaim>;
  /** Every volume of the cluster, indexed by "claim-uid". */
  volumes: Informer<PersistentVolume>;
  classes: Informer<StorageClass>;
  /** Namespaces matching TWIN_SELECTOR. */
  twins: Informer<Namespace>;
  room: Room;
  /** The key is to be looked at again. */
  wake(key: string): void;
  /** What this cluster offers to the consumer; undefined while that is not known. */
  offered(origin: string): readonly OfferedClass[] | undefined;
  owns(clusterID: string): boolean;
  /** How long a refused claim waits for its next attempt, in ms. */
  refusedRetryMs: number;
}

/** Key: `namespace/name` of a ShadowClaim and of its claim. */
export const makeClaimReconciler = (d: ClaimDeps): Reconcile => {
  const gather = (key: string, twin: Readonly<Namespace>): World => {
    const shadow = d.shadows.get(key);
    const claim = d.claims.get(key);
    const origin = twin.metadata.labels?.[ORIGIN] ?? "";
    const bound = claim?.spec?.volumeName;
    const kept = shadow
      ? d.volumes
          .byIndex("claim-uid", shadow.spec.originUID)
          .find((v) => v.metadata.labels?.[ORIGIN] === origin && v.metadata.name !== bound)
      : undefined;
    return {
      shadow,
      claim,
      volume: bound ? d.volumes.get(bound) : undefined,
      kept,
      namespace: twin.metadata.deletionTimestamp ? "terminating" : "twin",
      offered: d.offered(origin),
      classOf: (name) => d.classes.get(name),
      nowMs: d.clock.now(),
    };
  };

  /** `planned`: what would have been said without the refusal. */
  const tellRefusal = (p: PerformDeps, t: Target, r: Refusal, planned: Report | undefined): Promise<void> => {
    const report: Report = {
      ...planned,
      phase: r.phase,
      condition: {
        type: "Ready",
        status: r.phase === "Bound" ? "True" : "False",
        reason: r.reason,
        message: r.message.slice(0, 1024),
        ...(t.shadow?.metadata.generation ? { observedGeneration: t.shadow.metadata.generation } : {}),
      },
    };
    return writeReport(p, t, report);
  };

  return async (key, { signal }) => {
    const { namespace = "", name } = splitKey(key);
    const twin = d.twins.get(namespace);
    const labels = twin?.metadata.labels ?? {};
    const origin = labels[ORIGIN] ?? "";
    if (!twin || !d.owns(origin)) return {};
    const world = gather(key, twin);
    const { effects, recheckMs } = decide(world);
    const t: Target = { namespace, name, shadow: world.shadow, origin, peer: labels[PEER] ?? "" };
    const p: PerformDeps = { kube: d.kube, clock: d.clock, room: d.room, wake: () => d.wake(key), signal };
    const { claim } = world;
    if (claim && shadowOf(claim) !== undefined)
      d.room.count({
        peer: t.peer,
        uid: shadowOf(claim) ?? "",
        className: claim.spec?.storageClassName ?? "",
        size: claim.spec?.resources?.requests?.["storage"] ?? "0",
      });
    // Of a growth the refusal is the last word, so it is tried before what is so is said.
    const ordered = effects.toSorted((a, b) => Number(a.do === "report") - Number(b.do === "report"));
    for (const effect of ordered) {
      const refusal = await perform(p, t, effect);
      if (!refusal) continue;
      const said = effects.find((e) => e.do === "report");
      await tellRefusal(p, t, refusal, said?.report);
      return { requeueAfterMs: d.refusedRetryMs };
    }
    return recheckMs === undefined ? {} : { requeueAfterMs: recheckMs };
  };
};

/** Of the volumes of a whole cluster only what is looked at. */
export const slimVolume = (v: PersistentVolume): PersistentVolume => {
  const { name, uid, resourceVersion, labels, annotations, deletionTimestamp } = v.metadata;
  const { claimRef, persistentVolumeReclaimPolicy, storageClassName, capacity } = v.spec ?? {};
  const evicted = annotations?.[EVICTED];
  return {
    metadata: {
      name,
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(labels ? { labels } : {}),
      ...(evicted ? { annotations: { [EVICTED]: evicted } } : {}),
      ...(deletionTimestamp ? { deletionTimestamp } : {}),
    },
    spec: { claimRef, persistentVolumeReclaimPolicy, storageClassName, capacity },
    status: { phase: v.status?.phase },
  } as PersistentVolume;
};

export const byClaimUID = (v: Readonly<PersistentVolume>): string[] => {
  const uid = v.metadata.labels?.[CLAIM_UID];
  return uid ? [uid] : [];
};
