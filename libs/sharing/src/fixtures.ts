/** Builders for tests: a case names only what matters to it. */
import {
  APPROVE,
  make,
  ORIGIN,
  ORIGIN_UID,
  type ResourceRequest,
  resourceRequests,
  type SharingPolicy,
  sharingPolicies,
} from "@tideway/api";
import { compilePolicy, type Policy } from "./policy.ts";

/** As the replicator brings it from cluster east. */
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

export const policy = (spec: SharingPolicy["spec"] = {}, generation = 1): Policy =>
  compilePolicy(make(sharingPolicies, { metadata: { name: "default", uid: "p", generation }, spec }));
