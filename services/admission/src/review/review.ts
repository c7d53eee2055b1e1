import type { KubeObject } from "@tideway/k8s";

/** admission.k8s.io/v1, as far as it is read here. */
export interface AdmissionRequest<T extends KubeObject = KubeObject> {
  uid: string;
  kind: { group: string; version: string; kind: string };
  operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  name?: string;
  namespace?: string;
  userInfo: { username: string; uid?: string; groups?: string[] };
  object?: T;
  oldObject?: T;
  dryRun?: boolean;
}

export interface JsonPatchOp {
  op: "add" | "replace";
  path: string;
  value: unknown;
}

/** Why something was denied; a closed set, counted by reason. */
export const DENIALS = [
  "NotKnownYet",
  "CannotCross",
  "BadSelector",
  "SystemNamespace",
  "NotATwin",
  "NotTheTenant",
  "FieldRefused",
  "Immutable",
  "InvalidObject",
] as const;
export type Denial = (typeof DENIALS)[number];

export interface Cause {
  field: string;
  message: string;
}

export type Verdict =
  | { allowed: true; patch?: JsonPatchOp[]; warnings?: string[] }
  | { allowed: false; reason: Denial; message: string; causes?: Cause[]; retryAfterSeconds?: number };

export const ALLOWED: Verdict = { allowed: true };
export const deny = (reason: Denial, message: string, causes?: Cause[]): Verdict => ({
  allowed: false,
  reason,
  message,
  ...(causes ? { causes } : {}),
});
/** Denied for now: clients and controllers of Kubernetes try a 503 again by themselves. */
export const denyForNow = (message: string): Verdict => ({
  allowed: false,
  reason: "NotKnownYet",
  message,
  retryAfterSeconds: 1,
});

/** HTTP code and reason by which a client of the API server tells kinds of denial apart. */
const STATUS: Record<Denial, { code: number; reason: string }> = {
  NotKnownYet: { code: 503, reason: "ServiceUnavailable" },
  CannotCross: { code: 422, reason: "Invalid" },
  BadSelector: { code: 422, reason: "Invalid" },
  SystemNamespace: { code: 403, reason: "Forbidden" },
  NotATwin: { code: 403, reason: "Forbidden" },
  NotTheTenant: { code: 403, reason: "Forbidden" },
  FieldRefused: { code: 422, reason: "Invalid" },
  Immutable: { code: 422, reason: "Invalid" },
  InvalidObject: { code: 422, reason: "Invalid" },
};

const statusOf = (v: Verdict & { allowed: false }): object => {
  const causes = v.causes?.map((c) => ({
    reason: "FieldValueForbidden",
    field: c.field,
    message: c.message,
  }));
  const details = {
    ...(causes ? { causes } : {}),
    ...(v.retryAfterSeconds !== undefined ? { retryAfterSeconds: v.retryAfterSeconds } : {}),
  };
  return { ...STATUS[v.reason], message: v.message, ...(Object.keys(details).length > 0 ? { details } : {}) };
};

export const responseTo = (uid: string, v: Verdict): object => {
  const head = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" };
  if (!v.allowed) return { ...head, response: { uid, allowed: false, status: statusOf(v) } };
  const patch =
    v.patch && v.patch.length > 0
      ? { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(v.patch)).toString("base64") }
      : {};
  return {
    ...head,
    response: { uid, allowed: true, ...patch, ...(v.warnings?.length ? { warnings: v.warnings } : {}) },
  };
};
