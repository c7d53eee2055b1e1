import { Type, type Static } from "@sinclair/typebox";
import { commonConfig, loadConfig } from "@tideway/config";

/** Seconds unless the name says otherwise. */
const schema = Type.Object({
  ...commonConfig,
  /** https URL of this cluster's API server as peers reach it; from ConfigMap tideway-cluster. */
  apiServer: Type.String({ env: "TIDEWAY_API_SERVER", pattern: "^https://[^/\\s]+$" }),
  /** host:port of this service as peers reach it; empty: this cluster only consumes, and nobody can call back. */
  authEndpoint: Type.Optional(Type.String({ env: "TIDEWAY_AUTH_ENDPOINT" })),
  /** Port of the gRPC server; 0 takes a free one. */
  port: Type.Integer({ env: "AUTH_PORT", default: 8443, minimum: 0, maximum: 65535 }),
  /** How peers prove themselves to the API server; `Token` where it signs no client certificates. */
  identities: Type.Union([Type.Literal("Certificate"), Type.Literal("Token")], {
    env: "AUTH_IDENTITIES",
    default: "Certificate",
  }),
  /** Life of a peer's certificate or token; Kubernetes allows no less than 600. */
  certificateSeconds: Type.Integer({
    env: "AUTH_CERTIFICATE_SECONDS",
    default: 3600,
    minimum: 600,
    maximum: 31_536_000,
  }),
  /** How far the clocks of two clusters may be apart. */
  clockSkewSeconds: Type.Integer({ env: "AUTH_CLOCK_SKEW_SECONDS", default: 300, minimum: 1, maximum: 3600 }),
  /** How long used and expired invitations are kept. */
  invitationKeepSeconds: Type.Integer({
    env: "AUTH_INVITATION_KEEP_SECONDS",
    default: 3600,
    minimum: 0,
    maximum: 2_592_000,
  }),
  /** How long a tenant is kept after its identity expired. Its pods end with it. */
  tenantGraceSeconds: Type.Integer({
    env: "AUTH_TENANT_GRACE_SECONDS",
    default: 86_400,
    minimum: 1,
    maximum: 31_536_000,
  }),
  /** How often a tenant is asked whether it still wants the peering. */
  checkSeconds: Type.Integer({ env: "AUTH_CHECK_SECONDS", default: 10, minimum: 1, maximum: 3600 }),
  /** Failed attempts to authenticate from one address before it is refused, and how many a minute after that. */
  failureBurst: Type.Integer({ env: "AUTH_FAILURE_BURST", default: 20, minimum: 1, maximum: 10_000 }),
  failuresPerMinute: Type.Integer({
    env: "AUTH_FAILURES_PER_MINUTE",
    default: 30,
    minimum: 1,
    maximum: 10_000,
  }),
});

export type AuthConfig = Static<typeof schema>;
export const readConfig = (env: Record<string, string | undefined>): AuthConfig => loadConfig(schema, env);
