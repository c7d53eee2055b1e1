/** Words by which services, CLI and people know the volumes of Tideway. */

/** Provisioner of the virtual storage classes. */
export const STORAGE_PROVISIONER = "storage.tideway.dev";
/** Name of the storage class that comes with Tideway. */
export const STORAGE_CLASS = "tideway";
/** Namespace of the second claims, in a real class of this cluster. */
export const STORAGE_NAMESPACE = "tideway-storage";

/** Parameters of a virtual storage class: the real class on this cluster's nodes; absent: the cluster's default. */
export const LOCAL_CLASS = "localClass";
/** ... and at a peer: one that it offers; absent: the default of its offer. */
export const REMOTE_CLASS = "remoteClass";

/** Annotation of a claim, or parameter of its class: regions, separated by commas, that its data may lie in. */
export const KEEP_IN = "storage.tideway.dev/keep-in";
export const KEEP_IN_PARAMETER = "keepIn";
/** Where a node says its region. */
export const REGION = "topology.kubernetes.io/region";
/** Prefix of labels by which a provider with nodes in several regions says them, one label a region, at its virtual node. */
export const REGION_PREFIX = "region.tideway.dev/";
/** Annotation of a volume at such a peer: regions, separated by commas, that its data was to lie in. */
export const REGIONS = "storage.tideway.dev/regions";

/** Label of a volume, and of the second claim it came from: UID of the claim that it is for. */
export const CLAIM_UID = "storage.tideway.dev/claim-uid";
/** Annotation of the same: `namespace/name` of that claim. */
export const CLAIM = "storage.tideway.dev/claim";
/** Annotation of a volume at a peer: the peer's own volume, once there is one. */
export const REMOTE_VOLUME = "storage.tideway.dev/remote-volume";
/** Annotation of a volume at a peer, "true": its data may go with the peering or the offloading. */
export const DELETE_DATA = "storage.tideway.dev/delete-data";
/** ... and "true" once the peer has heard that. */
export const DELETE_DATA_ACCEPTED = "storage.tideway.dev/delete-data-accepted";
/** Annotation of a provider's volume that its owner has taken from the consumer. */
export const EVICTED = "storage.tideway.dev/evicted";
/** Condition of a claim: what its volume waits for, or why there will be none. */
export const PROVISIONED = "tideway.dev/Provisioned";

/** Label of everything that a VolumeMove makes: its name. */
export const MOVE = "storage.tideway.dev/move";
/** Scheduling gate of pods that mount a claim whose data is on its last way: they start when it has arrived. */
export const MOVE_GATE = "storage.tideway.dev/move";
