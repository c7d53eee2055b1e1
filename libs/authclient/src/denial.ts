import { ForbiddenError } from "@tideway/errors";

/** Why an auth service says no. Closed: metrics, conditions and the wire use these words and no others. */
export const DENIALS = [
  "InvalidRequest",
  "InvalidCsr",
  "UnknownToken",
  "TokenExpired",
  "TokenUsed",
  "RateLimited",
  "VersionIncompatible",
  "ClockSkewed",
  "IncomingRefused",
  "ClusterKeyMismatch",
  "SelfPeering",
  "NamespaceTaken",
  "TenantUnknown",
  "TenantLeaving",
  "IdentityInvalid",
] as const;
export type Denial = (typeof DENIALS)[number];

export const isDenial = (s: unknown): s is Denial => (DENIALS as readonly unknown[]).includes(s);

/** A refusal with its machine reason; the message is for people and holds no secret. */
export class DeniedError extends ForbiddenError {
  readonly reason: Denial;
  constructor(reason: Denial, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The refusal inside an error, through the whole cause chain. */
export const denialOf = (err: unknown): DeniedError | undefined => {
  for (let e = err, depth = 0; e instanceof Error && depth < 16; e = e.cause, depth++)
    if (e instanceof DeniedError) return e;
  return undefined;
};

/** Trailing metadata that carries the reason. */
export const REASON_KEY = "tideway-reason";
