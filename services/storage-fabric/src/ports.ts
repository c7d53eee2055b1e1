/** What storage-fabric needs of the world; `wire.ts` builds it, tests can. */
import type { Bus, Fact } from "@tideway/bus";
import type {
  Informer,
  Kube,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from "@tideway/k8s";
import type { FactName } from "@tideway/protos";

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** What others say; absence means not existing. */
export interface Facts<F extends FactName> {
  get(peer: string, id?: string): Fact<F> | undefined;
  list(): Fact<F>[];
}

/** Complete before any reconciler runs. */
export interface Objects {
  /** Every claim of the cluster, slim. */
  claims: Informer<PersistentVolumeClaim>;
  /** Those of Tideway are indexed by "claim-uid", all by name. */
  volumes: Informer<PersistentVolume>;
  classes: Informer<StorageClass>;
  nodes: Informer<Node>;
}

export interface Heard {
  peers: Facts<"peer">;
  /** What peers answer. */
  answers: Facts<"claim">;
  /** Our own, as the bus holds them. */
  said: Facts<"volume">;
}

export interface Deps {
  kube: Kube;
  clock: Clock;
  objects: Objects;
  heard: Heard;
  publish: Bus["publish"];
  owns(key: string): boolean;
  /** Namespace of the second claims. */
  storageNamespace: string;
}
