import { randomBytes } from "node:crypto";
import { make, MOVE_GATE, sameConditions, setCondition, type VolumeMove, volumeMoves } from "@tideway/api";
import { isAlreadyExists, isConflict, isNotFound } from "@tideway/errors";
import {
  bindAgain,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  roleBindings,
  secrets,
  services,
  type PersistentVolumeClaim,
} from "@tideway/k8s";
import { FIELD_MANAGER, uidOf } from "../claim/model.ts";
import type { Deps } from "../ports.ts";
import { isoOf, type Tell } from "../tell.ts";
import { passwordOf, permission, receiver, receiverService, sender, targetClaim } from "./manifests.ts";
import { type Move, MOVE_FINALIZER } from "./model.ts";
import type { Effect } from "./plan.ts";

export interface MovePerformDeps extends Deps {
  tell: Tell;
  /** Image with rsync. */
  moverImage: string;
  /** The service account that this runs as. */
  account: { name: string; namespace: string };
}

const KIND = { apiVersion: `${volumeMoves.group}/${volumeMoves.version}`, kind: volumeMoves.kind };

const ifStill = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) throw err; // the caches will tell
  }
};
const ifNew = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
  }
};

const typed = (m: Move, body: object): VolumeMove =>
  make(volumeMoves, {
    metadata: { name: m.metadata.name, namespace: m.metadata.namespace ?? "", uid: uidOf(m) },
    ...body,
  } as VolumeMove);

/** Status belongs to one manager, so what stays is said again; an Event where the reason is new. */
const tell = async (
  d: MovePerformDeps,
  m: Move,
  e: Effect & { do: "say" },
  signal: AbortSignal,
): Promise<void> => {
  const { conditions: before = [], ...rest } = m.status ?? {};
  const condition = setCondition(
    before,
    {
      type: "Ready",
      ...e.saying,
      ...(m.metadata.generation ? { observedGeneration: m.metadata.generation } : {}),
    },
    isoOf(d.clock),
  );
  const status = {
    ...rest,
    ...e.status,
    phase: e.phase,
    conditions: [condition],
    ...(m.metadata.generation ? { observedGeneration: m.metadata.generation } : {}),
  };
  const same = sameConditions(before, status.conditions) && rest.phase === e.phase && !e.status;
  if (same) return;
  await ifStill(
    d.kube.apply(volumeMoves, typed(m, { status }), {
      fieldManager: FIELD_MANAGER,
      subresource: "status",
      signal,
    }),
  );
  if (before[0]?.reason === e.saying.reason) return;
  const bad = e.phase === "Refused" || e.saying.reason !== e.phase;
  const { reason, message } = e.saying;
  await d.tell.event(m, { type: bad ? "Warning" : "Normal", reason, message }, KIND);
};

const finalizers = (d: MovePerformDeps, m: Move, wanted: string[], signal: AbortSignal): Promise<void> =>
  ifStill(
    d.kube.apply(
      volumeMoves,
      {
        metadata: {
          name: m.metadata.name,
          namespace: m.metadata.namespace ?? "",
          uid: uidOf(m),
          finalizers: wanted,
        },
      },
      { fieldManager: FIELD_MANAGER, signal },
    ),
  );

const remade = (m: Move, volume: string): PersistentVolumeClaim => {
  const was = m.status?.claim as PersistentVolumeClaim;
  const { uid: _, ...metadata } = was.metadata;
  return { ...was, metadata, spec: { ...was.spec, volumeName: volume } };
};

/** One effect; each may be repeated at any time. */
export const perform = async (d: MovePerformDeps, m: Move, e: Effect, signal: AbortSignal): Promise<void> => {
  const namespace = m.metadata.namespace ?? "";
  const { kube } = d;
  const patchVolume = (name: string, body: object): Promise<void> =>
    ifStill(kube.patch(persistentVolumes, name, undefined, body, { signal }));
  switch (e.do) {
    case "hold":
      // what it makes goes with the move by its owner; the finalizer says that all of it was done
      await ifNew(kube.create(roleBindings, permission(m, d.account), { signal }));
      return finalizers(d, m, [MOVE_FINALIZER], signal);
    case "unhold":
      return finalizers(d, m, [], signal);
    case "makeTarget":
      await ifNew(kube.create(secrets, passwordOf(m, randomBytes(24).toString("base64url")), { signal }));
      return ifNew(kube.create(persistentVolumeClaims, targetClaim(m, e.claim), { signal }));
    case "makeReceiver":
      await ifNew(kube.create(services, receiverService(m), { signal }));
      return ifNew(kube.create(pods, receiver(m, d.moverImage, e.nodes), { signal }));
    case "makeSender":
      return ifNew(kube.create(pods, sender(m, { ...e, image: d.moverImage }), { signal }));
    case "deletePod":
      return kube.delete(pods, e.name, namespace, { uid: e.uid, signal });
    case "openPod":
      return ifStill(
        kube.patch(
          pods,
          e.name,
          namespace,
          {
            metadata: { uid: e.uid },
            spec: { schedulingGates: [{ $patch: "delete", name: MOVE_GATE }] },
          },
          { type: "strategic", signal },
        ),
      );
    case "retain":
      return patchVolume(e.volume, {
        metadata: { uid: e.uid },
        spec: { persistentVolumeReclaimPolicy: "Retain" },
      });
    case "reclaim":
      return patchVolume(e.volume, {
        metadata: { uid: e.uid },
        spec: { persistentVolumeReclaimPolicy: e.policy },
      });
    case "point":
      return patchVolume(e.volume, {
        metadata: { uid: e.uid, resourceVersion: e.version },
        spec: {
          claimRef: {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            namespace,
            name: e.name,
            uid: e.claimUid ?? null,
            resourceVersion: null,
          },
        },
      });
    case "dropClaim":
      return kube.delete(persistentVolumeClaims, e.name, namespace, { uid: e.uid, signal });
    case "makeClaim":
      return ifNew(kube.create(persistentVolumeClaims, remade(m, e.volume), { signal }));
    case "bindAgain":
      return ifStill(
        kube.patch(persistentVolumeClaims, e.name, namespace, bindAgain(d.clock.now()), { signal }),
      );
    case "publish":
      return d.publish("move", { peer: "local", id: uidOf(m) }, e.fact);
    case "say":
      return tell(d, m, e, signal);
  }
};
