/** Builders for the tests of this folder: a case names only what matters to it. */
import { make, type ResourceOffer, resourceOffers } from "@tideway/api";
import { parseList } from "@tideway/quantity";
import { policy, request } from "@tideway/sharing/fixtures";
import { decide as decideWorld, type Plan, type PoolWorld, type World } from "./decide.ts";

export { policy, request };

export const NOW = "2026-01-02T00:00:00.000Z";

export const offer = (
  resources: Record<string, string>,
  basis = "r/1/p/1",
  spec: Partial<ResourceOffer["spec"]> = {},
): ResourceOffer =>
  make(resourceOffers, {
    metadata: {
      name: spec.pool ? `offer-${spec.pool}` : "offer",
      namespace: "tideway-tenant-east",
      uid: "o",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:01Z",
      annotations: { "sharing.tideway.dev/basis": basis },
    },
    spec: {
      clusterID: "own-id",
      resources,
      labels: {},
      storageClasses: [],
      expiresAt: "2026-01-02T01:00:00.000Z",
      ...spec,
    },
  });

/** A world with the nodes in no pool only. */
export type Flat = Omit<World, "pools"> & Omit<PoolWorld, "name">;

/** Ten cores, ten Gi, a hundred pods; nothing used, nothing kept, everybody accepted. */
export const world = (over: Partial<Flat> = {}): Flat => ({
  clusterID: "own-id",
  peer: { id: "east-id", name: "east" },
  namespace: "tideway-tenant-east",
  identity: "GRANTED",
  incomingAllowed: true,
  request: request(),
  offer: undefined,
  policy: policy({ reserve: { percent: 0 }, defaultAction: "accept" }),
  capacity: { allocatable: parseList({ cpu: 10, memory: "10Gi", pods: 100 }), used: parseList({}) },
  used: parseList({}),
  grants: [],
  labels: {},
  now: NOW,
  ...over,
});

export const decide = ({ offer: o, capacity, used, labels, ...w }: Flat): Plan =>
  decideWorld({ ...w, pools: [{ name: "", offer: o, capacity, used, labels }] });
