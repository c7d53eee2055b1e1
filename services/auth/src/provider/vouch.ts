/** Whom this cluster lets in by its key alone: no invitation is needed to turn a peering round. Pure. */
import { type ForeignCluster, isTrue, type Identity, type Tenant } from "@tideway/api";

export interface Known {
  clusterID: string;
  /** Pin of the key that the applicant has proven to hold. */
  provenPin: string;
  cluster: Pick<ForeignCluster, "metadata" | "spec"> | undefined;
  /** Its address and pins are its own claims, which nobody has confirmed. */
  claimed: boolean;
  /** This cluster's identity at the applicant. */
  identity: Pick<Identity, "status"> | undefined;
  tenant: Pick<Tenant, "metadata" | "spec"> | undefined;
}

/** It is a tenant by that key already, and comes back after its certificate has run out. */
const isTenantByThatKey = ({ tenant, provenPin }: Known): boolean =>
  tenant !== undefined &&
  tenant.metadata.deletionTimestamp === undefined &&
  (tenant.spec.pins ?? []).includes(provenPin);

/**
 * Its key is pinned here by somebody who meant it, and either this cluster uses it, so that it has shown that key on
 * its own endpoint and has let us in, or the owner has said `incomingPeering: "Yes"`, which `Auto` does not.
 */
const isPinnedAndWelcome = ({ cluster, clusterID, provenPin, claimed, identity }: Known): boolean =>
  cluster !== undefined &&
  !claimed &&
  cluster.metadata.deletionTimestamp === undefined &&
  cluster.spec.clusterID === clusterID &&
  cluster.spec.pins.includes(provenPin) &&
  (cluster.spec.incomingPeering === "Yes" ||
    (cluster.spec.outgoingPeering !== "No" && isTrue(identity?.status?.conditions, "Ready")));

export const isVouchedFor = (k: Known): boolean => isTenantByThatKey(k) || isPinnedAndWelcome(k);
