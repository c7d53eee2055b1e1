import { CLAIM, CLAIM_UID, PEER, POOL, REGIONS, REMOTE_CLUSTER_ID, STORAGE_PROVISIONER } from "@tideway/api";
import type { PersistentVolume, PersistentVolumeClaim } from "@tideway/k8s";
import { type Claim, FINALIZER, secondName, SELECTED_NODE, sizeOf, uidOf, volumeName } from "./model.ts";

const keyOf = (claim: Claim): string => `${claim.metadata.namespace ?? ""}/${claim.metadata.name}`;

/** The claim in the real class; its volume becomes that of the first claim. */
export const secondOf = (
  claim: Claim,
  o: { namespace: string; className: string; node: string | undefined },
): PersistentVolumeClaim => ({
  metadata: {
    name: secondName(uidOf(claim)),
    namespace: o.namespace,
    labels: { [CLAIM_UID]: uidOf(claim) },
    annotations: { [CLAIM]: keyOf(claim), ...(o.node ? { [SELECTED_NODE]: o.node } : {}) },
  },
  spec: {
    accessModes: [...(claim.spec?.accessModes ?? [])],
    resources: { requests: { storage: sizeOf(claim) } },
    storageClassName: o.className,
    volumeMode: claim.spec?.volumeMode ?? "Filesystem",
  },
});

/** Stands for the data at the peer: pods that mount it are kept on the virtual node of that peer, and of that pool of it. */
export const volumeOf = (
  claim: Claim,
  o: {
    peer: string;
    name: string;
    capacity: string;
    reclaim: "Delete" | "Retain";
    regions: readonly string[];
    pool: string;
  },
): PersistentVolume => ({
  metadata: {
    name: volumeName(uidOf(claim)),
    labels: { [CLAIM_UID]: uidOf(claim), [REMOTE_CLUSTER_ID]: o.peer, [PEER]: o.name },
    annotations: {
      [CLAIM]: keyOf(claim),
      "pv.kubernetes.io/provisioned-by": STORAGE_PROVISIONER,
      ...(o.regions.length > 0 ? { [REGIONS]: o.regions.join(",") } : {}),
    },
    finalizers: [FINALIZER],
  },
  spec: {
    capacity: { storage: o.capacity },
    accessModes: [...(claim.spec?.accessModes ?? [])],
    volumeMode: claim.spec?.volumeMode ?? "Filesystem",
    persistentVolumeReclaimPolicy: o.reclaim,
    storageClassName: claim.spec?.storageClassName ?? "",
    claimRef: {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      namespace: claim.metadata.namespace ?? "",
      name: claim.metadata.name,
      uid: uidOf(claim),
    },
    // Nothing mounts it here: it says where the data is.
    local: { path: `/tideway/${o.peer}/${uidOf(claim)}` },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: REMOTE_CLUSTER_ID, operator: "In", values: [o.peer] },
              o.pool === ""
                ? { key: POOL, operator: "DoesNotExist" }
                : { key: POOL, operator: "In", values: [o.pool] },
            ],
          },
        ],
      },
    },
  },
});
