import { CLAIM, CLAIM_UID, ORIGIN, PEER, type ShadowClaim } from "@tideway/api";
import type { PersistentVolumeClaim } from "@tideway/k8s";
import { CLAIM_FINALIZER } from "./decide.ts";

export interface Tenant {
  /** Cluster ID and peer name of the consumer. */
  origin: string;
  peer: string;
}

export const labelsOf = (t: Tenant, originUID: string): Record<string, string> => ({
  [ORIGIN]: t.origin,
  [PEER]: t.peer,
  [CLAIM_UID]: originUID,
});

/** `namespace/name` of the consumer's claim; for people, who look at volumes whose claim is gone. */
const sourceOf = (shadow: Readonly<ShadowClaim>): string =>
  `${shadow.spec.originNamespace}/${shadow.metadata.name}`;

export const claimOf = (
  shadow: Readonly<ShadowClaim>,
  t: Tenant,
  o: { className: string; size: string; volumeName?: string },
): PersistentVolumeClaim => {
  const { name, namespace, uid } = shadow.metadata;
  const { originUID, accessModes, volumeMode } = shadow.spec;
  return {
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      labels: labelsOf(t, originUID),
      annotations: { [CLAIM]: sourceOf(shadow) },
      finalizers: [CLAIM_FINALIZER],
      ownerReferences: [
        {
          apiVersion: "offloading.tideway.dev/v1alpha1",
          kind: "ShadowClaim",
          name,
          uid: uid ?? "",
          controller: true,
        },
      ],
    },
    spec: {
      accessModes: [...accessModes],
      resources: { requests: { storage: o.size } },
      storageClassName: o.className,
      volumeMode: volumeMode ?? "Filesystem",
      ...(o.volumeName ? { volumeName: o.volumeName } : {}),
    },
  };
};
