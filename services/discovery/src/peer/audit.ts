/** Which of what happens to a ForeignCluster is a decision about a peer, for the audit. Pure. */
import { type ForeignCluster } from "@tideway/api";
import type { AuditRecord } from "@tideway/audit";
import type { Notice } from "../ports.ts";

const DECISIONS: Record<string, Pick<AuditRecord, "action" | "outcome">> = {
  PinConflict: { action: "announce", outcome: "DENIED" },
  JoinedByRule: { action: "join", outcome: "GRANTED" },
};

export const auditOf = (
  { metadata, spec }: Readonly<ForeignCluster>,
  { reason, message }: Notice,
): AuditRecord | undefined => {
  const decision = DECISIONS[reason];
  return (
    decision && {
      ...decision,
      peer: spec.clusterID,
      actor: { clusterID: spec.clusterID, clusterName: spec.clusterName },
      object: `ForeignCluster/${metadata.name}`,
      reason,
      message,
    }
  );
};
