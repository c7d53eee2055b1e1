import { CLAIM_UID, REGION, REGION_PREFIX, REMOTE_CLUSTER_ID, VIRTUAL_NODE } from "@tideway/api";
import type { Node } from "@tideway/k8s";
import type { World } from "./decide.ts";
import { type Answer, type Claim, type Class, FINALIZER, SELECTED_NODE, type Volume } from "./model.ts";

/** Builders for tables: each case says only what matters to it. */
export const WEST = "west-id";

export const claimOf = (
  o: {
    selected?: string;
    held?: boolean;
    deleted?: boolean;
    bound?: string;
    keepIn?: string;
    spec?: Partial<NonNullable<Claim["spec"]>>;
  } = {},
): Claim => ({
  metadata: {
    name: "data",
    namespace: "shop",
    uid: "u1",
    annotations: {
      ...(o.selected ? { [SELECTED_NODE]: o.selected } : {}),
      ...(o.keepIn === undefined ? {} : { "storage.tideway.dev/keep-in": o.keepIn }),
    },
    ...(o.held ? { finalizers: [FINALIZER] } : {}),
    ...(o.deleted ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  },
  spec: {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Gi" } },
    storageClassName: "tideway",
    ...(o.bound ? { volumeName: o.bound } : {}),
    ...o.spec,
  },
  status: { phase: o.bound ? "Bound" : "Pending" },
});

export const virtualClass = (more: Partial<Class> = {}): Class => ({
  metadata: { name: "tideway" },
  provisioner: "storage.tideway.dev",
  volumeBindingMode: "WaitForFirstConsumer",
  ...more,
});
export const realClass: Class = {
  metadata: { name: "disk", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "disk.example",
  volumeBindingMode: "WaitForFirstConsumer",
};

export const realNode = (name = "node-1", region?: string): Readonly<Node> => ({
  metadata: { name, labels: region === undefined ? {} : { [REGION]: region } },
});
/** `several`: its provider has nodes in these regions. */
export const virtualNode = (
  peer = WEST,
  region?: string,
  several: readonly string[] = [],
): Readonly<Node> => ({
  metadata: {
    name: peer,
    labels: {
      [VIRTUAL_NODE]: "true",
      [REMOTE_CLUSTER_ID]: peer,
      ...Object.fromEntries(several.map((r) => [REGION_PREFIX + r, "true"])),
      ...(region === undefined ? {} : { [REGION]: region }),
    },
  },
});

export const secondOf = (o: { node?: string; bound?: string; deleted?: boolean } = {}): Claim => ({
  metadata: {
    name: "claim-u1",
    namespace: "tideway-storage",
    uid: "s1",
    labels: { [CLAIM_UID]: "u1" },
    annotations: { [SELECTED_NODE]: o.node ?? "node-1" },
    ...(o.deleted ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  },
  spec: { storageClassName: "disk", ...(o.bound ? { volumeName: o.bound } : {}) },
  status: { phase: o.bound ? "Bound" : "Pending" },
});

export const volumeOf = (o: { owner?: string; retained?: boolean; marked?: boolean } = {}): Volume => ({
  metadata: {
    name: "pv-1",
    uid: "v1",
    resourceVersion: "7",
    labels: (o.marked ?? o.retained) ? { [CLAIM_UID]: "u1" } : {},
  },
  spec: {
    capacity: { storage: "1Gi" },
    persistentVolumeReclaimPolicy: o.retained ? "Retain" : "Delete",
    storageClassName: "disk",
    claimRef: { uid: o.owner ?? "s1" },
  },
});

export const answerOf = (state: Answer["state"], more: Partial<Answer> = {}): Answer => ({
  clusterId: WEST,
  state,
  namespace: "shop",
  claim: "data",
  volume: "",
  class: "",
  capacity: "",
  deleteData: false,
  reason: "Asked",
  message: "m",
  ...more,
});

export const worldOf = (more: Partial<World> = {}): World => ({
  claim: claimOf({ selected: "node-1", held: true }),
  class: virtualClass(),
  classes: [virtualClass(), realClass],
  node: realNode(),
  answer: undefined,
  second: undefined,
  volume: undefined,
  said: new Map(),
  waitedMs: 0,
  patienceMs: 60_000,
  rescheduleMs: 5_000,
  ...more,
});
