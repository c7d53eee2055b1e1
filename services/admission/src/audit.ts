import type { Audit } from "@tideway/audit";
import { clusterOfUser } from "@tideway/pki";
import type { Webhook } from "./metrics.ts";
import type { AdmissionRequest, Verdict } from "./review/review.ts";

/** Told of every denial; a peer's is a record of the audit, a user's of this cluster is its own affair. */
export type OnDenied = (webhook: Webhook, r: AdmissionRequest, v: Verdict & { allowed: false }) => void;

export const auditDenials =
  (audit: Pick<Audit, "record">): OnDenied =>
  (_webhook, { userInfo, kind, namespace = "", name = "", operation }, { reason, message }) => {
    const clusterID = clusterOfUser(userInfo.username);
    if (clusterID === undefined) return;
    audit.record({
      peer: clusterID,
      actor: { clusterID },
      action: `${operation.toLowerCase()}-${kind.kind.toLowerCase()}`,
      object: `${kind.kind}/${namespace}/${name}`,
      outcome: "DENIED",
      reason,
      message,
    });
  };
