import { CLAIM, DELETE_DATA, DELETE_DATA_ACCEPTED, REGIONS, REMOTE_VOLUME } from "@tideway/api";
import { compare, parse } from "@tideway/quantity";
import {
  type Answer,
  capacityOf,
  type Claim,
  type Class,
  held,
  isDeleted,
  peerOf,
  remoteClassOf,
  sizeOf,
  type Volume,
  type VolumeFactInput,
} from "../claim/model.ts";

export interface World {
  /** A volume whose data is at a peer. */
  volume: Volume;
  /** The claim that it is for, while that exists. */
  claim: Claim | undefined;
  class: Class | undefined;
  answer: Answer | undefined;
  /** The peering stands. */
  peered: boolean;
  /** Name of the peer. */
  peer: string;
}

export interface Saying {
  type: "Normal" | "Warning";
  reason: string;
  message: string;
}

export type Effect =
  | { do: "publish"; fact: VolumeFactInput }
  /** Note that there is data at the peer. */
  | { do: "note"; remoteVolume: string }
  /** Note that the peer has heard that the data may go. */
  | { do: "accept" }
  | { do: "grow"; capacity: string }
  /** The claim shows what the volume holds. */
  | { do: "showCapacity"; capacity: string }
  | { do: "tellClaim"; saying: Saying }
  | { do: "tellVolume"; saying: Saying }
  /** Delete it, and let it go. */
  | { do: "remove" };

const splitClaim = (v: Volume): { namespace: string; claim: string } => {
  const ref = v.spec?.claimRef;
  const [namespace = "", claim = ""] = (v.metadata.annotations?.[CLAIM] ?? "").split("/");
  return { namespace: ref?.namespace ?? namespace, claim: ref?.name ?? claim };
};

const isTrue = (v: Volume, annotation: string): boolean => v.metadata.annotations?.[annotation] === "true";

const fact = (w: World, state: VolumeFactInput["state"], reason: string): VolumeFactInput => {
  const { volume, claim } = w;
  return {
    state,
    clusterId: peerOf(volume),
    ...splitClaim(volume),
    volume: volume.metadata.name,
    class: w.class ? remoteClassOf(w.class) : "",
    size: claim ? sizeOf(claim) : capacityOf(volume),
    capacity: capacityOf(volume),
    accessModes: [...(volume.spec?.accessModes ?? [])],
    volumeMode: volume.spec?.volumeMode ?? "Filesystem",
    // the peer that has heard that the data goes need not look for it any more
    expectData:
      volume.metadata.annotations?.[REMOTE_VOLUME] !== undefined &&
      !(state === "DELETING" && isTrue(volume, DELETE_DATA_ACCEPTED)),
    deleteData: isTrue(volume, DELETE_DATA),
    regions: (volume.metadata.annotations?.[REGIONS] ?? "").split(",").filter(Boolean),
    reason,
  };
};

const say = (w: World, state: VolumeFactInput["state"], reason: string): Effect => ({
  do: "publish",
  fact: fact(w, state, reason),
});

const accepts = (w: World): boolean =>
  w.answer?.deleteData === true && !isTrue(w.volume, DELETE_DATA_ACCEPTED);

const inUse = (w: World, claim: Claim): Effect[] => {
  const { answer, volume } = w;
  const effects: Effect[] = [say(w, "BOUND", "Bound")];
  if (accepts(w)) effects.push({ do: "accept" });
  if (answer?.state === "LOST")
    effects.push({
      do: "tellClaim",
      saying: {
        type: "Warning",
        reason: answer.reason || "DataLost",
        message: `${w.peer}: ${answer.message}`,
      },
    });
  if (answer?.state === "REFUSED")
    effects.push({
      do: "tellClaim",
      saying: { type: "Warning", reason: answer.reason, message: `${w.peer}: ${answer.message}` },
    });
  if (answer?.state !== "BOUND") return effects;
  if (answer.volume && volume.metadata.annotations?.[REMOTE_VOLUME] !== answer.volume)
    effects.push({ do: "note", remoteVolume: answer.volume });
  if (answer.reason === "ResizeRefused")
    effects.push({
      do: "tellClaim",
      saying: { type: "Warning", reason: "ResizeRefused", message: `${w.peer}: ${answer.message}` },
    });
  const capacity = answer.capacity;
  if (!capacity) return effects;
  if (compare(parse(capacity), parse(capacityOf(volume))) > 0) effects.push({ do: "grow", capacity });
  if (compare(parse(capacity), parse(claim.status?.capacity?.["storage"] ?? "0")) > 0)
    effects.push({ do: "showCapacity", capacity });
  return effects;
};

/** Nobody claims it any more, and its data goes with it. */
const ending = (w: World): Effect[] => {
  const asked = say(w, "DELETING", "ClaimDeleted");
  if (w.answer?.state === "GONE") return [say(w, "GONE", "Deleted"), { do: "remove" }];
  if (w.peered) return accepts(w) ? [asked, { do: "accept" }] : [asked];
  const message = `the data is at ${w.peer}, with which there is no peering: it is deleted when there is one again; to forget it, remove the finalizer of volume ${w.volume.metadata.name}`;
  return [asked, { do: "tellVolume", saying: { type: "Warning", reason: "PeerAway", message } }];
};

/** What may go with the peering or the offloading is gone with it. */
const wentAlong = (w: World): boolean =>
  isTrue(w.volume, DELETE_DATA_ACCEPTED) && (!w.peered || w.answer?.reason === "NamespaceNotOffloaded");

/** One volume whose data is at a peer. */
export const decide = (w: World): Effect[] => {
  const { volume, claim } = w;
  const keeps = volume.spec?.persistentVolumeReclaimPolicy === "Retain";
  const released = volume.status?.phase === "Released" || volume.status?.phase === "Failed";
  if (claim === undefined && (released || isDeleted(volume)) && wentAlong(w))
    return [say(w, "GONE", "Deleted"), { do: "remove" }];
  if (isDeleted(volume) && claim === undefined) {
    if (!held(volume)) return [];
    return keeps ? [say(w, "GONE", "VolumeDeleted"), { do: "remove" }] : ending(w);
  }
  if (claim !== undefined && !released) return inUse(w, claim);
  if (!released) return []; // Kubernetes has not seen that its claim is gone
  return keeps ? [say(w, "KEPT", "ClaimDeleted")] : ending(w);
};
