import type { AuditRecord } from "@tideway/audit";
import { expect, it } from "vitest";
import { auditDenials } from "./audit.ts";
import type { AdmissionRequest } from "./review/review.ts";

const EAST = "11111111-1111-1111-1111-111111111111";
const told = (username: string): AuditRecord[] => {
  const records: AuditRecord[] = [];
  const request: AdmissionRequest = {
    uid: "r",
    kind: { group: "offloading.tideway.dev", version: "v1alpha1", kind: "ShadowPod" },
    operation: "CREATE",
    namespace: "tideway-east--shop",
    name: "web",
    userInfo: { username },
  };
  const denial = { allowed: false, reason: "FieldRefused", message: "spec.pod.hostPID: no" } as const;
  auditDenials({ record: (r) => void records.push(r) })("shadowpods", request, denial);
  return records;
};

it("what a peer is denied is a record of the audit, with field and reason", () =>
  expect(told(`tideway:${EAST}`)).toMatchObject([
    {
      peer: EAST,
      action: "create-shadowpod",
      object: "ShadowPod/tideway-east--shop/web",
      outcome: "DENIED",
      reason: "FieldRefused",
      message: "spec.pod.hostPID: no",
    },
  ]));
it("nor does it matter by which way the peer proved itself", () =>
  expect(told(`system:serviceaccount:tideway-tenant-east:tideway-${EAST}`)).toMatchObject([{ peer: EAST }]));
it.each(["kubernetes-admin", "tideway:", "tideway:../x", `system:serviceaccount:shop:tideway-${EAST}`])(
  "what %j is denied is not",
  (user) => expect(told(user)).toEqual([]),
);
