import {
  CLAIM_UID,
  KEEP_IN,
  KEEP_IN_PARAMETER,
  LOCAL_CLASS,
  REGION,
  REGION_PREFIX,
  REMOTE_CLASS,
  REMOTE_CLUSTER_ID,
  STORAGE_PROVISIONER,
  VIRTUAL_NODE,
} from "@tideway/api";
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from "@tideway/k8s";
import type { FactInput, FactOf } from "@tideway/protos";

export type Claim = Readonly<PersistentVolumeClaim>;
export type Volume = Readonly<PersistentVolume>;
export type Class = Readonly<StorageClass>;
export type Answer = Readonly<FactOf["claim"]>;
export type Said = Readonly<FactOf["volume"]>;
export type VolumeFactInput = FactInput<"volume">;

/** Written by the scheduler: where the first pod will run (KEP-490). */
export const SELECTED_NODE = "volume.kubernetes.io/selected-node";
/** Held on a claim from the first effect until it has its volume, and on volumes at peers until the data is settled. */
export const FINALIZER = "storage.tideway.dev/volume";
export const FIELD_MANAGER = "storage-fabric";
const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
const IS_DEFAULT = "storageclass.kubernetes.io/is-default-class";

export const uidOf = (o: { metadata: { uid?: string } }): string => o.metadata.uid ?? "";
export const isVirtual = (c: Class | undefined): boolean => c?.provisioner === STORAGE_PROVISIONER;
/** A volume whose data is at a peer. */
export const isAtPeer = (v: Volume): boolean =>
  v.metadata.annotations?.[PROVISIONED_BY] === STORAGE_PROVISIONER;
export const peerOf = (v: Volume): string => v.metadata.labels?.[REMOTE_CLUSTER_ID] ?? "";
export const claimUidOf = (o: { metadata: { labels?: Record<string, string> } }): string =>
  o.metadata.labels?.[CLAIM_UID] ?? "";
export const secondName = (claimUid: string): string => `claim-${claimUid}`;
/** As the provisioners of Kubernetes name theirs. */
export const volumeName = (claimUid: string): string => `pvc-${claimUid}`;
export const sizeOf = (c: Claim): string => c.spec?.resources?.requests?.["storage"] ?? "0";
export const capacityOf = (v: Volume): string => v.spec?.capacity?.["storage"] ?? "0";
export const held = (o: { metadata: { finalizers?: string[] } }): boolean =>
  o.metadata.finalizers?.includes(FINALIZER) ?? false;
export const isDeleted = (o: { metadata: { deletionTimestamp?: string } }): boolean =>
  o.metadata.deletionTimestamp !== undefined;
export const reclaimOf = (c: Class | undefined): "Delete" | "Retain" =>
  c?.reclaimPolicy === "Retain" ? "Retain" : "Delete";

/** Cluster ID of the peer that a virtual node stands for. */
export const peerOfNode = (n: Readonly<Node> | undefined): string | undefined =>
  n?.metadata.labels?.[VIRTUAL_NODE] === "true" ? n.metadata.labels[REMOTE_CLUSTER_ID] : undefined;

/** The real class of this cluster's nodes: named, or the cluster's default (of several the newest, as Kubernetes does). */
export const localClassOf = (
  c: Class,
  all: readonly Class[],
): { name: string | undefined; class: Class | undefined } => {
  const named = c.parameters?.[LOCAL_CLASS];
  if (named) return { name: named, class: all.find((x) => x.metadata.name === named && !isVirtual(x)) };
  const found = all
    .filter((x) => x.metadata.annotations?.[IS_DEFAULT] === "true" && !isVirtual(x))
    .toSorted((a, b) =>
      (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? ""),
    )[0];
  return { name: found?.metadata.name, class: found };
};
export const remoteClassOf = (c: Class): string => c.parameters?.[REMOTE_CLASS] ?? "";

/** Regions that the data may lie in; undefined: any. */
export const regionsOf = (claim: Claim, c: Class): string[] | undefined => {
  const rule = claim.metadata.annotations?.[KEEP_IN] ?? c.parameters?.[KEEP_IN_PARAMETER];
  if (rule === undefined) return undefined;
  return rule
    .split(",")
    .map((r) => r.trim())
    .filter(Boolean);
};
export const regionOf = (n: Readonly<Node>): string | undefined => n.metadata.labels?.[REGION];
/** Regions between which a virtual node's provider can be told to choose. */
const offeredRegions = (n: Readonly<Node>): string[] =>
  Object.keys(n.metadata.labels ?? {})
    .filter((key) => key.startsWith(REGION_PREFIX))
    .map((key) => key.slice(REGION_PREFIX.length));

/**
 * Where a rule lets data lie on a node: `anywhere` on it, in the regions of it that are named, or (undefined) nowhere.
 * A node that says one region and several is believed in the several.
 */
export const placeWithin = (
  regions: readonly string[] | undefined,
  n: Readonly<Node>,
): "anywhere" | string[] | undefined => {
  if (regions === undefined) return "anywhere";
  const several = offeredRegions(n);
  if (several.length === 0) return regions.includes(regionOf(n) ?? "") ? "anywhere" : undefined;
  const named = several.filter((r) => regions.includes(r)).toSorted();
  return named.length > 0 ? named : undefined;
};
