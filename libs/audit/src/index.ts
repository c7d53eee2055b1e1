export { createAudit, type AuditOptions } from "./audit.ts";
export type { Actor, Audit, AuditRecord, Outcome } from "./types.ts";
