import { CLAIM_UID, mergeConditions, CLAIM, PROVISIONED, sameConditions, setCondition } from "@tideway/api";
import { isAlreadyExists, isConflict, isInvalid, isNotFound } from "@tideway/errors";
import { persistentVolumeClaims, persistentVolumes } from "@tideway/k8s";
import type { Deps } from "../ports.ts";
import { isoOf, type Tell } from "../tell.ts";
import type { Effect, Saying } from "./decide.ts";
import { secondOf, volumeOf } from "./manifests.ts";
import { type Claim, FIELD_MANAGER, FINALIZER, secondName, SELECTED_NODE, uidOf } from "./model.ts";

export interface PerformDeps extends Deps {
  tell: Tell;
}

/** What is gone, or not as it was seen, is looked at again when the cache shows it. */
const ifStill = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) throw err;
  }
};
const ifNew = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
  }
};

type ClaimCondition = NonNullable<NonNullable<Claim["status"]>["conditions"]>[number];

/** The condition, and an Event where it says something new. */
const say = async (d: PerformDeps, claim: Claim, s: Saying, signal: AbortSignal): Promise<void> => {
  const existing = (claim.status?.conditions ?? []) as never;
  const condition = setCondition(existing, { type: PROVISIONED, ...s }, isoOf(d.clock));
  if (sameConditions(mergeConditions(existing, [condition]), existing)) return;
  const { name, namespace = "", uid = "" } = claim.metadata;
  const status = { conditions: [condition as ClaimCondition] };
  await ifStill(
    d.kube.apply(
      persistentVolumeClaims,
      { metadata: { name, namespace, uid }, status },
      { fieldManager: FIELD_MANAGER, subresource: "status", signal },
    ),
  );
  const type = s.status === "True" ? "Normal" : "Warning";
  await d.tell.event(claim, { type, reason: s.reason, message: s.message });
};

/** JSON patch: only the volume that was seen, in the version that was seen. */
const repoint = (claim: Claim, e: Effect & { do: "repoint" }): object[] => [
  { op: "test", path: "/metadata/uid", value: e.uid },
  { op: "test", path: "/metadata/resourceVersion", value: e.version },
  {
    op: "add",
    path: "/spec/claimRef",
    value: {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      namespace: claim.metadata.namespace,
      name: claim.metadata.name,
      uid: uidOf(claim),
    },
  },
];

/** One effect; each may be repeated at any time, also by a process that knows nothing of the first. */
export const perform = async (
  d: PerformDeps,
  claim: Claim,
  e: Effect,
  signal: AbortSignal,
): Promise<void> => {
  const { name, namespace = "" } = claim.metadata;
  const uid = uidOf(claim);
  const patchClaim = (body: object, type: "merge" | "strategic" = "merge"): Promise<void> =>
    ifStill(d.kube.patch(persistentVolumeClaims, name, namespace, body, { type, signal }));
  const patchVolume = (volume: string, body: object): Promise<void> =>
    ifStill(d.kube.patch(persistentVolumes, volume, undefined, body, { signal }));
  switch (e.do) {
    case "hold":
      return patchClaim({ metadata: { uid, finalizers: [FINALIZER] } }, "strategic");
    case "unhold":
      return patchClaim(
        { metadata: { uid, "$deleteFromPrimitiveList/finalizers": [FINALIZER] } },
        "strategic",
      );
    case "publish":
      return d.publish("volume", { peer: e.peer, id: uid }, e.fact);
    case "makeVolume": {
      const peerName = d.heard.peers.get(e.peer)?.data.name ?? e.peer;
      const volume = volumeOf(claim, { ...e, name: peerName });
      return ifNew(d.kube.create(persistentVolumes, volume, { signal }));
    }
    case "makeSecond": {
      const second = secondOf(claim, { ...e, namespace: d.storageNamespace });
      return ifNew(d.kube.create(persistentVolumeClaims, second, { signal }));
    }
    case "dropSecond":
      return d.kube.delete(persistentVolumeClaims, secondName(uid), d.storageNamespace, {
        uid: e.uid,
        signal,
      });
    case "retain":
      return patchVolume(e.volume, {
        metadata: {
          uid: e.uid,
          labels: { [CLAIM_UID]: uid },
          annotations: { [CLAIM]: `${namespace}/${name}` },
        },
        spec: { persistentVolumeReclaimPolicy: "Retain" },
      });
    case "repoint":
      try {
        await d.kube.patch(persistentVolumes, e.volume, undefined, repoint(claim, e), {
          type: "json",
          signal,
        });
      } catch (err) {
        // a test that fails is an invalid patch: the volume is not as it was seen
        if (!isNotFound(err) && !isConflict(err) && !isInvalid(err)) throw err;
      }
      return;
    case "reclaim":
    case "discard":
      return patchVolume(e.volume, {
        metadata: { uid: e.uid },
        spec: { persistentVolumeReclaimPolicy: "Delete" },
      });
    case "reschedule":
      return patchClaim({ metadata: { uid, annotations: { [SELECTED_NODE]: null } } });
    case "tell":
      return say(d, claim, e.saying, signal);
    case "warn":
      return d.tell.event(claim, { type: "Warning", reason: e.reason, message: e.message });
  }
};
