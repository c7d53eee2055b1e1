import { CLAIM, CLAIM_UID, EVICTED, ORIGIN, PEER, REMOTE_CLUSTER_ID } from "@tideway/api";
import type { PersistentVolume } from "@tideway/k8s";

/** One row of `tideway volume list`. */
export interface VolumeRow {
  volume: string;
  /** `namespace/name` of the claim, in the cluster whose data it is. */
  claim: string;
  /** Kubernetes quantity. */
  size: string;
  class: string;
  /** Where the data lies: `here`, or a peer. */
  at: string;
  /** Whose data it is: `ours`, or a peer's. */
  of: string;
  state: "in use" | "unused" | "kept" | "evicted" | "deleting";
}

const stateOf = (v: Readonly<PersistentVolume>): VolumeRow["state"] => {
  if (v.metadata.annotations?.[EVICTED] === "true") return "evicted";
  if (v.metadata.deletionTimestamp !== undefined) return "deleting";
  if (v.status?.phase === "Bound") return "in use";
  const isKept = v.spec?.persistentVolumeReclaimPolicy === "Retain";
  return v.status?.phase === "Released" ? (isKept ? "kept" : "deleting") : "unused";
};

export const isTideways = (v: Readonly<PersistentVolume>): boolean =>
  v.metadata.labels?.[CLAIM_UID] !== undefined;
/** Data of this cluster at a peer. */
export const isAway = (v: Readonly<PersistentVolume>): boolean =>
  isTideways(v) && v.metadata.labels?.[REMOTE_CLUSTER_ID] !== undefined;
/** Data of a peer in this cluster. */
export const isGuest = (v: Readonly<PersistentVolume>): boolean =>
  isTideways(v) && v.metadata.labels?.[ORIGIN] !== undefined;

export const rowOf = (v: Readonly<PersistentVolume>): VolumeRow => {
  const peer = v.metadata.labels?.[PEER] ?? "";
  const ref = v.spec?.claimRef;
  return {
    volume: v.metadata.name,
    claim: v.metadata.annotations?.[CLAIM] ?? `${ref?.namespace ?? ""}/${ref?.name ?? ""}`,
    size: v.spec?.capacity?.["storage"] ?? "",
    class: v.spec?.storageClassName ?? "",
    at: isAway(v) ? peer : "here",
    of: isGuest(v) ? peer : "ours",
    state: stateOf(v),
  };
};

const order = (r: VolumeRow): string => [r.of === "ours" ? "" : r.of, r.at, r.claim, r.volume].join("\u0000");

/** `peer`: only what that peer holds of us, or we of it. */
export const rowsOf = (volumes: readonly Readonly<PersistentVolume>[], peer?: string): VolumeRow[] =>
  volumes
    .filter(isTideways)
    .map(rowOf)
    .filter((r) => peer === undefined || r.at === peer || r.of === peer)
    .toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
