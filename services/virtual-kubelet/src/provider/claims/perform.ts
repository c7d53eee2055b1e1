import { CLAIM, sameConditions, type ShadowClaim, shadowClaims, setCondition } from "@tideway/api";
import {
  describeError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
} from "@tideway/errors";
import { bindAgain, type Kube, persistentVolumeClaims, persistentVolumes } from "@tideway/k8s";
import { type Clock, nowIso } from "../../ports.ts";
import { FIELD_MANAGER } from "../labels.ts";
import { CLAIM_FINALIZER, type Effect, type Report } from "./decide.ts";
import { claimOf, labelsOf, type Tenant } from "./manifests.ts";
import type { Room } from "./room.ts";

/** Reason and message of what the provider says to an effect that it does not do. */
export type Refusal = { reason: string; message: string; phase: "Refused" | "Bound" };

export interface PerformDeps {
  kube: Kube;
  clock: Clock;
  room: Room;
  /** There is room now for what was refused. */
  wake: () => void;
  signal: AbortSignal;
}
export interface Target extends Tenant {
  namespace: string;
  name: string;
  shadow: Readonly<ShadowClaim> | undefined;
}

/** What is gone, or another one of the name, needs nothing any more: the caches will tell. */
const unlessGone = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) throw err;
  }
};

const patchVolume = (d: PerformDeps, name: string, patch: object): Promise<void> =>
  unlessGone(d.kube.patch(persistentVolumes, name, undefined, patch, { signal: d.signal }));

const finalizers = (d: PerformDeps, t: Target, wanted: string[]): Promise<void> =>
  unlessGone(
    d.kube.apply(
      shadowClaims,
      {
        metadata: {
          name: t.name,
          namespace: t.namespace,
          finalizers: wanted,
          ...(t.shadow?.metadata.uid ? { uid: t.shadow.metadata.uid } : {}),
        },
      },
      { fieldManager: FIELD_MANAGER, signal: d.signal },
    ),
  );

const createClaim = async (
  d: PerformDeps,
  t: Target,
  e: Effect & { do: "createClaim" },
): Promise<Refusal | undefined> => {
  const { shadow } = t;
  if (!shadow) return undefined;
  const uid = shadow.metadata.uid ?? "";
  const { className, size } = e;
  const verdict = await d.room.take({ peer: t.peer, uid, className, size }, d.wake);
  if (!verdict.granted) return { phase: "Refused", reason: verdict.reason, message: verdict.message };
  try {
    await d.kube.create(persistentVolumeClaims, claimOf(shadow, t, e), d);
  } catch (err) {
    if (isAlreadyExists(err) || isNotFound(err)) return undefined;
    d.room.giveBack(t.peer, uid);
    if (!isInvalid(err) && !isForbidden(err)) throw err;
    return { phase: "Refused", reason: "ClaimRejected", message: describeError(err) };
  }
  return undefined;
};

const grow = async (d: PerformDeps, t: Target, e: Effect & { do: "grow" }): Promise<Refusal | undefined> => {
  const uid = t.shadow?.metadata.uid ?? "";
  const verdict = await d.room.take({ peer: t.peer, uid, className: e.className, size: e.size }, d.wake);
  if (!verdict.granted)
    return { phase: "Bound", reason: "ResizeRefused", message: `${verdict.reason}: ${verdict.message}` };
  const patch = { spec: { resources: { requests: { storage: e.size } } } };
  try {
    await d.kube.patch(persistentVolumeClaims, t.name, t.namespace, patch, { signal: d.signal });
  } catch (err) {
    if (isNotFound(err)) return undefined;
    if (!isInvalid(err) && !isForbidden(err)) throw err;
    return { phase: "Bound", reason: "ResizeRefused", message: describeError(err) };
  }
  return undefined;
};

/** One effect; each may be repeated at any time. A refusal is to be reported in place of what follows. */
export const perform = async (d: PerformDeps, t: Target, e: Effect): Promise<Refusal | undefined> => {
  switch (e.do) {
    case "hold":
      await finalizers(d, t, [CLAIM_FINALIZER]);
      return undefined;
    case "letGo":
      if (t.shadow) d.room.giveBack(t.peer, t.shadow.metadata.uid ?? "");
      await unlessGone(
        d.kube.patch(
          shadowClaims,
          t.name,
          t.namespace,
          {
            metadata: {
              uid: t.shadow?.metadata.uid,
              resourceVersion: t.shadow?.metadata.resourceVersion,
              finalizers: (t.shadow?.metadata.finalizers ?? []).filter((f) => f !== CLAIM_FINALIZER),
            },
          },
          { signal: d.signal },
        ),
      );
      return undefined;
    case "createClaim":
      return createClaim(d, t, e);
    case "adopt": {
      const claimRef = {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: t.namespace,
        name: t.name,
        uid: null,
        resourceVersion: null,
      };
      await patchVolume(d, e.volume, {
        metadata: { uid: e.uid, resourceVersion: e.version },
        spec: { claimRef },
      });
      return undefined;
    }
    case "keep":
      await patchVolume(d, e.volume, {
        metadata: {
          uid: e.uid,
          labels: labelsOf(t, e.originUID),
          annotations: { [CLAIM]: e.source },
        },
        spec: { persistentVolumeReclaimPolicy: "Retain" },
      });
      return undefined;
    case "condemn":
      await patchVolume(d, e.volume, {
        metadata: { uid: e.uid },
        spec: { persistentVolumeReclaimPolicy: "Delete" },
      });
      return undefined;
    case "grow":
      return grow(d, t, e);
    case "bindAgain":
      await unlessGone(
        d.kube.patch(persistentVolumeClaims, t.name, t.namespace, bindAgain(d.clock.now()), {
          signal: d.signal,
        }),
      );
      return undefined;
    case "deleteClaim":
      await d.kube.delete(persistentVolumeClaims, t.name, t.namespace, { uid: e.uid, signal: d.signal });
      return undefined;
    case "releaseClaim":
      await unlessGone(
        d.kube.patch(
          persistentVolumeClaims,
          t.name,
          t.namespace,
          { metadata: { uid: e.uid, "$deleteFromPrimitiveList/finalizers": [CLAIM_FINALIZER] } },
          { type: "strategic", signal: d.signal },
        ),
      );
      return undefined;
    case "report":
      await writeReport(d, t, e.report);
      return undefined;
  }
};

/** Written where it says something new. */
export const writeReport = async (d: PerformDeps, t: Target, r: Report): Promise<void> => {
  const { shadow } = t;
  if (!shadow) return;
  const { condition, ...said } = r;
  const conditions = [setCondition(shadow.status?.conditions, condition, nowIso(d.clock))];
  const before = shadow.status ?? {};
  const same = (["phase", "storageClassName", "volumeName", "capacity"] as const).every(
    (k) => before[k] === said[k],
  );
  if (same && sameConditions(before.conditions, conditions)) return;
  const { uid, generation } = shadow.metadata;
  await unlessGone(
    d.kube.apply(
      shadowClaims,
      {
        metadata: { name: t.name, namespace: t.namespace, ...(uid ? { uid } : {}) },
        status: { ...said, conditions, ...(generation ? { observedGeneration: generation } : {}) },
      },
      { fieldManager: FIELD_MANAGER, subresource: "status", signal: d.signal },
    ),
  );
};
