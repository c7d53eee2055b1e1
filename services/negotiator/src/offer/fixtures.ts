/** Builders for the tests of this folder: a case names only what matters to it. */
import {
  APPROVE,
  make,
  ORIGIN,
  ORIGIN_UID,
  type ResourceOffer,
  resourceOffers,
  type ResourceRequest,
  resourceRequests,
  type SharingPolicy,
  sharingPolicies,
} from "@tideway/api";
import { parseList } from "@tideway/quantity";
import type { World } from "./decide.ts";

const NOW = "2026-01-02T00:00:00.000Z";

export const request = (
  spec: Partial<ResourceRequest["spec"]> = {},
  approve?: string,
  status?: ResourceRequest["status"],
): ResourceRequest => ({
  ...make(resourceRequests, {
    metadata: {
      name: "request",
      namespace: "tideway-tenant-east",
      uid: "r",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
      labels: { [ORIGIN]: "east-id" },
      annotations: { [ORIGIN_UID]: "x", ...(approve === undefined ? {} : { [APPROVE]: approve }) },
    },
    spec: { clusterID: "east-id", ...spec },
  }),
  ...(status ? { status } : {}),
});

export const policy = (spec: SharingPolicy["spec"] = {}): SharingPolicy =>
  make(sharingPolicies, { metadata: { name: "default", uid: "p", generation: 1 }, spec });

export const offer = (resources: Record<string, string>, basis = "r/1/p/1"): ResourceOffer =>
  make(resourceOffers, {
    metadata: {
      name: "offer",
      namespace: "tideway-tenant-east",
      uid: "o",
      creationTimestamp: "2026-01-01T00:00:01Z",
      annotations: { "sharing.tideway.dev/basis": basis },
    },
    spec: { clusterID: "own-id", resources, labels: {}, storageClasses: [] },
  });

/** Ten cores, ten Gi, a hundred pods; nothing used, nothing kept, everybody accepted. */
export const world = (over: Partial<World> = {}): World => ({
  clusterID: "own-id",
  peer: { id: "east-id", name: "east" },
  namespace: "tideway-tenant-east",
  identity: "GRANTED",
  incomingAllowed: true,
  request: request(),
  offer: undefined,
  policy: policy({ reserve: { percent: 0 }, defaultAction: "accept" }),
  capacity: { allocatable: parseList({ cpu: 10, memory: "10Gi", pods: 100 }), used: parseList({}) },
  grants: [],
  labels: {},
  storageClasses: [],
  now: NOW,
  ...over,
});
