import { type Condition, type Invitation, setCondition } from "@tideway/api";
import { isExpired } from "../provider/admit.ts";

export interface World {
  invitation: Invitation;
  now: number;
  /** How long a used or expired invitation is kept, so that people can see what became of it. */
  keepMs: number;
}
export interface Plan {
  step: "keep" | "delete";
  conditions: Condition[];
  requeueAfterMs?: number;
}

/**
 * Since when the invitation is of no use; undefined while it is good. One that was used is, until it expires or the
 * peering ends: the cluster that used it may have lost the answer and ask again.
 */
const spentAt = ({ spec, status }: Invitation, now: number): number | undefined => {
  if (!spec.standing && status?.closedAt) return Date.parse(status.closedAt);
  if (!spec.standing && status?.usedAt && spec.expiresAt === undefined) return Date.parse(status.usedAt);
  return spec.expiresAt !== undefined && now >= Date.parse(spec.expiresAt)
    ? Date.parse(spec.expiresAt)
    : undefined;
};

const verdict = (i: Invitation, now: number): Pick<Condition, "status" | "reason" | "message"> => {
  if (!i.spec.standing && i.status?.usedAt)
    return {
      status: "False",
      reason: "Used",
      message: `used by cluster ${i.status.usedBy ?? "unknown"} at ${i.status.usedAt}`,
    };
  if (isExpired(i, now))
    return { status: "False", reason: "Expired", message: `expired at ${i.spec.expiresAt}` };
  const until = i.spec.expiresAt ? ` until ${i.spec.expiresAt}` : "";
  return {
    status: "True",
    reason: "Open",
    message: i.spec.standing ? `good for any number of clusters${until}` : `good for one cluster${until}`,
  };
};

export const decide = ({ invitation, now, keepMs }: World): Plan => {
  const spent = spentAt(invitation, now);
  if (spent !== undefined && now >= spent + keepMs) return { step: "delete", conditions: [] };
  const generation = invitation.metadata.generation;
  const condition = {
    type: "Ready",
    ...verdict(invitation, now),
    ...(generation !== undefined ? { observedGeneration: generation } : {}),
  };
  const conditions = [setCondition(invitation.status?.conditions, condition, new Date(now).toISOString())];
  const next =
    spent !== undefined
      ? spent + keepMs
      : invitation.spec.expiresAt
        ? Date.parse(invitation.spec.expiresAt)
        : undefined;
  return {
    step: "keep",
    conditions,
    ...(next !== undefined ? { requeueAfterMs: Math.max(next - now, 0) + 50 } : {}),
  };
};
