import {
  foreignClusters,
  CAPABILITIES,
  PROTOCOL_VERSION,
  invitations as invitationKind,
  type Tenant,
  tenantNamespace,
  tenants,
  ORIGIN,
} from "@tideway/api";
import { DeniedError, PEERING } from "@tideway/authclient";
import { describeError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { createNonceCache, type KeyPair } from "@tideway/pki";
import type { X509Certificate } from "node:crypto";
import type { AuthAudit, Caller } from "./audit.ts";
import type { Caches } from "./caches.ts";
import type { AuthConfig } from "./config.ts";
import { createFailureLimiter } from "./door/limiter.ts";
import type { DoorOptions } from "./door/server.ts";
import type { Facts } from "./facts.ts";
import type { AuthMetrics } from "./metrics.ts";
import type { Clock, Self, Tell } from "./ports.ts";
import { createAuthenticate } from "./provider/authenticate.ts";
import { createAuthorities } from "./provider/authorities.ts";
import { createHeldCalls } from "./provider/held.ts";
import { isVouchedFor } from "./provider/vouch.ts";
import { byCertificate, type Issue } from "./provider/issue.ts";
import { createSigner, type Sign } from "./provider/sign.ts";
import { byToken } from "./provider/token.ts";
import { createTenancy } from "./tenant/grant.ts";
import { grantedFact } from "./tenant/decide.ts";

export interface CallDeps {
  kube: Kube;
  caches: Caches;
  facts: Facts;
  self: Self;
  config: AuthConfig;
  clock: Clock;
  log: Logger;
  metrics: AuthMetrics;
  tell: Tell;
  audit: AuthAudit;
  /** This cluster's long-lived key, with its certificate. */
  door: { certificate: X509Certificate; keys: KeyPair };
}

/** Owns status.identityNotAfter alone, so that a reconciler with an older cache cannot take it back. */
const ISSUER = "auth-issuer";

/** The calls that this service answers, from the adapters. */
export const createHandlers = (d: CallDeps): Pick<DoorOptions, "handlers" | "unreadable"> => {
  const { kube, caches, facts, self, config, clock, log, metrics, audit } = d;
  const skewMs = config.clockSkewSeconds * 1000;
  const nonces = createNonceCache(2 * skewMs);
  const denied = createDenialReport(d);

  const tenantNow = async (clusterID: string): Promise<Tenant | undefined> =>
    (await kube.list(tenants, { labelSelector: `${ORIGIN}=${clusterID}` }))[0];

  const signer = createSigner({
    kube,
    requests: caches.requests,
    expirationSeconds: config.certificateSeconds,
  });
  const sign: Sign = async (csr) => {
    const startedAt = performance.now();
    const certificate = await signer(csr);
    metrics.signed((performance.now() - startedAt) / 1000);
    return certificate;
  };

  const isByToken = config.identities === "Token";
  const issue: Issue = isByToken
    ? byToken({ kube, clock, by: d.door, expirationSeconds: config.certificateSeconds })
    : byCertificate(sign);

  const issued =
    (kind: "first" | "renewal") =>
    (by: Caller, t: Tenant, notAfter: string, invitation?: string | undefined): void => {
      metrics.issued(kind);
      const { name, uid } = t.metadata;
      const why = invitation ? `by Invitation ${invitation}, ` : kind === "first" ? "by its key, " : "";
      audit.granted(by, kind === "first" ? "authenticate" : "renew", t, `${why}valid until ${notAfter}`);
      kube
        .apply(
          tenants,
          { metadata: { name }, status: { identityNotAfter: notAfter } },
          { fieldManager: ISSUER, subresource: "status" },
        )
        .catch((err: unknown) =>
          log.warn({ tenant: name, reason: describeError(err) }, "expiry of the identity not noted"),
        );
      const about = {
        apiVersion: "authentication.tideway.dev/v1alpha1",
        kind: "Tenant",
        name,
        ...(uid ? { uid } : {}),
      };
      d.tell(
        about,
        "Normal",
        kind === "first" ? "IdentityGranted" : "IdentityRenewed",
        `valid until ${notAfter}`,
      );
    };

  const authenticate = createAuthenticate({
    kube,
    self,
    clock,
    log,
    skewMs,
    nonces,
    issue,
    byToken: isByToken,
    denied,
    peers: facts.peers,
    tenantOf: caches.tenantOf,
    limiter: createFailureLimiter({
      burst: config.failureBurst,
      perMinute: config.failuresPerMinute,
      now: clock.now,
    }),
    invitations: async (fresh) =>
      fresh ? kube.list(invitationKind, { namespace: self.namespace }) : caches.invitations.list(),
    isVouchedFor: async (clusterID, provenPin) => {
      const peer = facts.peers.get(clusterID);
      return isVouchedFor({
        clusterID,
        provenPin,
        cluster: peer?.present ? await kube.find(foreignClusters, peer.name) : undefined,
        claimed: peer?.claimed ?? false,
        identity: caches.identityOf(clusterID),
        tenant: caches.tenantOf(clusterID),
      });
    },
    tenancy: createTenancy({
      kube,
      tenantNow,
      tenantOf: caches.tenantOf,
      knownAs: (clusterID) => {
        const peer = facts.peers.get(clusterID);
        return peer?.present ? peer.name : undefined;
      },
      isTaken: (name, clusterID) =>
        facts.peers.list().some((p) => p.present && p.name === name && p.clusterId !== clusterID) ||
        caches.tenants.list().some((t) => t.metadata.name === name && t.spec.clusterID !== clusterID),
      homeAt: caches.homes.get,
    }),
    granted: (by, t, notAfter, invitation) => {
      facts.publish("incoming", grantedFact(t, notAfter)); // the tenant's reconciler says it again, a moment later
      issued("first")(by, t, notAfter, invitation);
    },
  });

  const held = createHeldCalls({
    self,
    clock,
    skewMs,
    nonces,
    issue,
    denied,
    authorities: isByToken ? async () => [d.door.certificate] : createAuthorities(kube, clock.now),
    peers: facts.peers,
    tenantOf: async (clusterID) => caches.tenantOf(clusterID) ?? tenantNow(clusterID),
    namespaceOf: (t) => tenantNamespace(t.metadata.name),
    renewed: issued("renewal"),
    release: async (by, t) => {
      // A revocation outlives the tenancy: else who leaves would come back by a standing invitation.
      if (!t.spec.revoked)
        await kube.delete(tenants, t.metadata.name, undefined, t.metadata.uid ? { uid: t.metadata.uid } : {});
      audit.released(by, t);
    },
  });

  const handlers: DoorOptions["handlers"] = {
    describe: async () => ({
      clusterId: self.clusterID,
      clusterName: self.clusterName,
      timeMs: clock.now(),
      protocolVersion: PROTOCOL_VERSION,
      capabilities: [...CAPABILITIES],
    }),
    authenticate,
    renew: held.renew,
    release: held.release,
    checkPeering: async ({ clusterId }) => {
      const wanted = facts.peers.get(clusterId)?.outgoing || caches.identityOf(clusterId) !== undefined;
      return { state: wanted ? PEERING.WANTED : PEERING.NOT_WANTED };
    },
  };
  return {
    handlers,
    unreadable: (method, { source }, problem) => {
      const denial = new DeniedError("InvalidRequest", `the request cannot be read: ${problem}`);
      denied({ clusterID: "", clusterName: "", source }, method, denial.reason, denial.message);
      return denial;
    },
  };
};

/** One place that records, counts and tells of a denial. */
const createDenialReport =
  (d: CallDeps): AuthAudit["denied"] =>
  (by, action, reason, message) => {
    d.metrics.denied(reason);
    d.audit.denied(by, action, reason, message);
    if (reason === "RateLimited") return;
    const about = { apiVersion: "v1", kind: "Service", name: "auth", namespace: d.self.namespace };
    const who = by.clusterName || by.clusterID || "unknown";
    d.tell(about, "Warning", reason, `cluster ${who} at ${by.source} was denied: ${message}`);
  };
