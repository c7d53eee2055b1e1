import { ORIGIN } from "@tideway/api";

export const FIELD_MANAGER = "tideway-virtual-kubelet";

/** Label of a twin namespace: the consumer's namespace. Tells twins from tenant namespaces, which have an origin too. */
export const SOURCE_NAMESPACE = "offloading.tideway.dev/source-namespace";
/** Selects the twin namespaces and what this service keeps in them. */
export const TWIN_SELECTOR = `${ORIGIN},${SOURCE_NAMESPACE}`;
/**
 * Held on every pod made for a peer until its end is written down in the ShadowPod. So a pod that the owner
 * of this cluster drains or deletes can never vanish unseen and be started a second time, even when this
 * service was away, and creating a pod needs no write beside the pod itself.
 */
export const POD_FINALIZER = "offloading.tideway.dev/shadow";
/** Annotations of a pod: the keys that came with the ShadowPod, so that one removed there goes here too. */
export const FORWARDED_LABELS = "offloading.tideway.dev/forwarded-labels";
export const FORWARDED_ANNOTATIONS = "offloading.tideway.dev/forwarded-annotations";

/** The ClusterRole bound to the consumer in each of its twin namespaces; deploy/base/virtual-kubelet/rbac-provider.yaml. */
export const WORKLOAD_ROLE = "tideway-peer-workload";
