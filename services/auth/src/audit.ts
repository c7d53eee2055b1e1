import type { Tenant } from "@tideway/api";
import type { Audit, AuditRecord } from "@tideway/audit";
import type { Denial } from "@tideway/authclient";
import type { MethodName } from "./door/server.ts";

/** Who calls, as far as it is known when something is said of it. */
export interface Caller {
  /** What it gave itself; proven only with a pin. */
  clusterID: string;
  clusterName: string;
  /** Its address, without the port. */
  source: string;
  /** Of the key it has proven to hold. */
  pin?: string | undefined;
}

export type CallAction = MethodName;
/** What ends a tenancy or takes it back without a call of the tenant. */
export type OwnAction = "revoke" | "restore" | "expire" | "check-peering" | "end-tenancy";

/** What this service writes into the audit. */
export interface AuthAudit {
  granted(by: Caller, action: CallAction, tenant: Tenant, message: string): void;
  denied(by: Caller, action: CallAction, reason: Denial, message: string): void;
  released(by: Caller, tenant: Tenant): void;
  /** This cluster itself decided. */
  decided(
    action: OwnAction,
    tenant: Tenant,
    outcome: AuditRecord["outcome"],
    reason: string,
    message: string,
  ): void;
}

/** As actions are written: check-peering. */
const verbOf = (method: CallAction): string => method.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
const objectOf = (t: Tenant): string => `Tenant/${t.metadata.name}`;
const actorOf = ({ clusterID, clusterName, source, pin }: Caller): AuditRecord["actor"] => ({
  clusterID,
  clusterName,
  address: source,
  pin,
});

/** `knows`: this cluster ID is a peer or a tenant here; others stand in the audit as unknown. */
export const createAuthAudit = (
  audit: Audit,
  self: { clusterID: string; clusterName: string },
  knows: (clusterID: string) => boolean,
): AuthAudit => ({
  granted: (by, action, tenant, message) => {
    const isRenewal = action === "renew";
    audit.record({
      peer: tenant.spec.clusterID,
      actor: actorOf(by),
      action,
      object: objectOf(tenant),
      outcome: isRenewal ? "RENEWED" : "GRANTED",
      reason: isRenewal ? "IdentityRenewed" : "IdentityGranted",
      message,
    });
  },
  denied: (by, action, reason, message) =>
    audit.record({
      peer: knows(by.clusterID) ? by.clusterID : undefined,
      actor: actorOf(by),
      action: verbOf(action),
      outcome: "DENIED",
      reason,
      message,
    }),
  released: (by, tenant) =>
    audit.record({
      peer: tenant.spec.clusterID,
      actor: actorOf(by),
      action: "release",
      object: objectOf(tenant),
      outcome: "ENDED",
      reason: "Released",
      message: "the tenant leaves",
    }),
  decided: (action, tenant, outcome, reason, message) =>
    audit.record({
      peer: tenant.spec.clusterID,
      actor: self,
      action,
      object: objectOf(tenant),
      outcome,
      reason,
      message,
    }),
});
