import { DELETE_DATA_ACCEPTED, REMOTE_VOLUME } from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import { isConflict, isNotFound } from "@tideway/errors";
import { persistentVolumeClaims, persistentVolumes } from "@tideway/k8s";
import { claimUidOf, FINALIZER, isAtPeer, peerOf, uidOf } from "../claim/model.ts";
import type { Deps } from "../ports.ts";
import type { Tell } from "../tell.ts";
import { decide, type Effect, type World } from "./decide.ts";

export interface VolumeDeps extends Deps {
  tell: Tell;
}

const unlessGone = async (work: Promise<unknown>): Promise<void> => {
  try {
    await work;
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) throw err; // gone, or another one of the name
  }
};

export const observe = (d: Deps, name: string): World | undefined => {
  const volume = d.objects.volumes.get(name);
  if (!volume || !isAtPeer(volume)) return undefined;
  const ref = volume.spec?.claimRef;
  const claim = d.objects.claims.get(`${ref?.namespace ?? ""}/${ref?.name ?? ""}`);
  const clusterID = peerOf(volume);
  const peer = d.heard.peers.get(clusterID)?.data;
  return {
    volume,
    claim: claim && uidOf(claim) === ref?.uid ? claim : undefined,
    class: d.objects.classes.get(volume.spec?.storageClassName ?? ""),
    answer: d.heard.answers.get(clusterID, claimUidOf(volume))?.data,
    peered: peer?.phase === "PRESENT" && peer.outgoing,
    peer: peer?.name ?? volume.metadata.labels?.["tideway.dev/peer"] ?? clusterID,
  };
};

export const perform = async (d: VolumeDeps, w: World, e: Effect, signal: AbortSignal): Promise<void> => {
  const { name } = w.volume.metadata;
  const uid = uidOf(w.volume);
  const patch = (body: object): Promise<void> =>
    unlessGone(d.kube.patch(persistentVolumes, name, undefined, body, { signal }));
  switch (e.do) {
    case "publish":
      return d.publish("volume", { peer: peerOf(w.volume), id: claimUidOf(w.volume) }, e.fact);
    case "note":
      return patch({ metadata: { uid, annotations: { [REMOTE_VOLUME]: e.remoteVolume } } });
    case "accept":
      return patch({ metadata: { uid, annotations: { [DELETE_DATA_ACCEPTED]: "true" } } });
    case "grow":
      return patch({ metadata: { uid }, spec: { capacity: { storage: e.capacity } } });
    case "showCapacity":
      return unlessGone(
        d.kube.patch(
          persistentVolumeClaims,
          w.claim?.metadata.name ?? "",
          w.claim?.metadata.namespace,
          { metadata: { uid: w.claim?.metadata.uid }, status: { capacity: { storage: e.capacity } } },
          { subresource: "status", signal },
        ),
      );
    case "tellClaim":
      return w.claim && d.tell.event(w.claim, e.saying);
    case "tellVolume":
      return d.tell.event(w.volume, e.saying);
    case "remove":
      await d.kube.delete(persistentVolumes, name, undefined, { uid, signal });
      return unlessGone(
        d.kube.patch(
          persistentVolumes,
          name,
          undefined,
          { metadata: { uid, "$deleteFromPrimitiveList/finalizers": [FINALIZER] } },
          { type: "strategic", signal },
        ),
      );
  }
};

/** Key: name of a volume. */
export const makeVolumeReconciler =
  (d: VolumeDeps): Reconcile =>
  async (name, { signal }) => {
    const w = observe(d, name);
    if (!w || !d.owns(claimUidOf(w.volume))) return {};
    for (const effect of decide(w)) await perform(d, w, effect, signal);
    return {};
  };
