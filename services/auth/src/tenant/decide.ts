import { type Condition, setCondition, type Tenant, tenantNamespace } from "@tideway/api";
import type { IdentityState, PeerView } from "../ports.ts";

export interface World {
  tenant: Tenant;
  peer: PeerView | undefined;
  /** The ForeignCluster was deleted here: its owner wants nothing more to do with the peer. */
  disowned: boolean;
  now: number;
  /** How long after its identity expired a tenant that nobody hears of is kept. */
  graceMs: number;
}

/** `cleanUp` and `serve` are whole states; `expire` asks for the deletion, which comes back as `cleanUp`. */
export type Step = "cleanUp" | "expire" | "revoke" | "serve";

export interface Plan {
  step: Step;
  state: IdentityState["state"];
  reason: string;
  message: string;
  conditions: Condition[];
  requeueAfterMs?: number;
}

interface Verdict {
  step: Step;
  status: Condition["status"];
  state: IdentityState["state"];
  reason: string;
  message: string;
  requeueAfterMs?: number;
}
type Check = (w: World) => Verdict | undefined;

const expiryOf = ({ tenant }: World): number | undefined => {
  const at = Date.parse(tenant.status?.identityNotAfter ?? tenant.metadata.creationTimestamp ?? "");
  return Number.isNaN(at) ? undefined : at;
};

const leaving: Check = ({ tenant }) =>
  tenant.metadata.deletionTimestamp
    ? {
        step: "cleanUp",
        status: "False",
        state: "GONE",
        reason: "Released",
        message: "the peering is being taken down",
      }
    : undefined;

const disowned: Check = (w) =>
  w.disowned
    ? {
        step: "expire",
        status: "False",
        state: "GONE",
        reason: "Disowned",
        message: "the ForeignCluster was deleted here",
      }
    : undefined;

const forgotten: Check = (w) => {
  const expiry = expiryOf(w);
  return expiry !== undefined && w.now > expiry + w.graceMs
    ? {
        step: "expire",
        status: "False",
        state: "GONE",
        reason: "Forgotten",
        message: `the identity expired at ${new Date(expiry).toISOString()} and was not renewed since`,
      }
    : undefined;
};

/** Reason of the condition of a tenant that may do nothing here. */
export const REVOKED = "Revoked";

/** Why a cluster may not use this one now, for people; undefined: it may. */
export const revocationOf = (tenant: Tenant | undefined, peer: PeerView | undefined): string | undefined => {
  const { revoked } = tenant?.spec ?? {};
  if (revoked) return `revoked by the owner of this cluster${revoked.reason ? `: ${revoked.reason}` : ""}`;
  return peer?.present && !peer.incoming
    ? `incomingPeering of ForeignCluster ${peer.name} is "No"`
    : undefined;
};

const revoked: Check = ({ tenant, peer }) => {
  const why = revocationOf(tenant, peer);
  if (why === undefined) return undefined;
  const message = `${why}; the tenant may do nothing here`;
  return { step: "revoke", status: "False", state: "REVOKED", reason: REVOKED, message };
};

const stale: Check = (w) => {
  const notAfter = w.tenant.status?.identityNotAfter;
  const expiry = expiryOf(w);
  if (notAfter === undefined || expiry === undefined || w.now < expiry) return undefined;
  return {
    step: "serve",
    status: "False",
    state: "GRANTED",
    reason: "IdentityExpired",
    message: `the identity expired at ${notAfter}; the tenant is removed at ${new Date(expiry + w.graceMs).toISOString()} unless it comes back`,
    requeueAfterMs: expiry + w.graceMs - w.now + 1000,
  };
};

const GRANTED = {
  state: "GRANTED",
  reason: "Granted",
  message: "the tenant may negotiate in its namespace",
} as const;

const granted: Check = (w) => {
  const expiry = expiryOf(w);
  return {
    step: "serve",
    status: "True",
    ...GRANTED,
    ...(expiry !== undefined ? { requeueAfterMs: Math.max(1000, expiry - w.now + 1000) } : {}),
  };
};

const CHECKS: readonly Check[] = [leaving, disowned, revoked, forgotten, stale, granted];

/** Pure: World in, Plan out. */
export const decide = (w: World): Plan => {
  const { status, ...verdict } = CHECKS.reduce<Verdict | undefined>(
    (found, check) => found ?? check(w),
    undefined,
  ) as Verdict;
  const { reason, message } = verdict;
  const generation = w.tenant.metadata.generation;
  const condition = {
    type: "Ready",
    status,
    reason,
    message,
    ...(generation !== undefined ? { observedGeneration: generation } : {}),
  };
  return {
    ...verdict,
    conditions: [setCondition(w.tenant.status?.conditions, condition, new Date(w.now).toISOString())],
  };
};

/** What others are told of a tenant. */
export const factOf = (
  t: Tenant,
  p: Pick<Plan, "state" | "reason" | "message">,
  notAfter = t.status?.identityNotAfter ?? "",
): IdentityState => ({
  clusterId: t.spec.clusterID,
  name: t.metadata.name,
  state: p.state,
  localNamespace: tenantNamespace(t.metadata.name),
  notAfter,
  reason: p.reason,
  message: p.message,
  ...(p.state === "REVOKED" && t.spec.revoked?.pods === "Keep" ? { podsKept: true } : {}),
});

export const grantedFact = (t: Tenant, notAfter: string): IdentityState => factOf(t, GRANTED, notAfter);
