import { type Invitation, type Tenant } from "@tideway/api";
import {
  type AuthenticateRequest,
  type AuthenticateResponse,
  type Denial,
  DeniedError,
} from "@tideway/authclient";
import { describeError, isInvalid } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import {
  checkCsr,
  hashToken,
  isToken,
  parseCertificate,
  type CheckedCsr,
  type NonceCache,
} from "@tideway/pki";
import type { AuthAudit, Caller } from "../audit.ts";
import type { FailureLimiter } from "../door/limiter.ts";
import type { CallContext } from "../door/server.ts";
import type { Clock, Peers, Self } from "../ports.ts";
import { type Applicant, findInvitation, refuse } from "./admit.ts";
import { consume } from "./consume.ts";
import { checkApplicant } from "./request.ts";
import type { Credentials, Issue } from "./issue.ts";
import { requireTokens, requireVersion } from "./version.ts";

/** What has to stand here before a cluster is told that it is a tenant. */
export interface Tenancy<Place = unknown> {
  /** Reads only, so that it may run beside the check that decides. */
  find(applicant: TenantFacts): Promise<Place>;
  /** The same from the API server and not from caches, for who may have become a tenant a moment ago. */
  findAgain(applicant: TenantFacts): Promise<Place>;
  grant(applicant: TenantFacts, at: Place): Promise<{ tenant: Tenant; namespace: string }>;
}
export interface TenantFacts {
  clusterID: string;
  clusterName: string;
  authEndpoint: string;
  pins: string[];
  /** This cluster uses it as well, by the invitation that it came with. */
  isUsedToo?: boolean;
}

export interface AuthenticateDeps<Place> {
  kube: Kube;
  self: Self;
  clock: Clock;
  log: Logger;
  skewMs: number;
  nonces: NonceCache;
  limiter: FailureLimiter;
  /** From the cache; with `fresh` from the API server, for an invitation made a moment ago. */
  invitations(fresh: boolean): Promise<readonly Invitation[]>;
  peers: Peers;
  tenantOf(clusterID: string): Tenant | undefined;
  /** By its key alone. */
  isVouchedFor(clusterID: string, provenPin: string): Promise<boolean>;
  issue: Issue;
  /** The API server takes tokens in place of certificates. */
  byToken: boolean;
  tenancy: Tenancy<Place>;
  /** After the answer is ready: status, fact, Event. Must not throw. */
  granted(by: Caller, tenant: Tenant, notAfter: string, invitation: string | undefined): void;
  denied: AuthAudit["denied"];
}

/** Who is let in, by which invitation, as what. */
interface Admitted {
  who: Caller;
  /** Undefined: it came by its key alone. */
  invitation: Invitation | undefined;
  facts: TenantFacts;
  csr: CheckedCsr;
}

const asDenial = (reason: Denial, err: unknown): DeniedError =>
  new DeniedError(reason, describeError(err), { cause: err });

const checkedCsr = (r: AuthenticateRequest): CheckedCsr => {
  try {
    return checkCsr(r.csr, r.clusterId);
  } catch (err) {
    throw isInvalid(err) ? asDenial("InvalidCsr", err) : err;
  }
};

const factsOf = (r: AuthenticateRequest, invitation: Invitation | undefined): TenantFacts => ({
  clusterID: r.clusterId,
  clusterName: r.clusterName,
  authEndpoint: r.authEndpoint,
  pins: [...r.pins],
  ...(invitation?.spec.bidirectional ? { isUsedToo: true } : {}),
});

/**
 * A consumer becomes a tenant. All checks that need no write come first; then the token is given to this cluster and
 * its key, by one write that only one cluster can win; then the tenancy and the certificate are made side by side.
 * Whatever goes wrong from there on, the same cluster may call again and gets its answer then.
 */
export const createAuthenticate = <Place>(d: AuthenticateDeps<Place>) => {
  const invitationFor = async (tokenHash: string): Promise<Invitation | undefined> =>
    findInvitation(await d.invitations(false), tokenHash) ??
    findInvitation(await d.invitations(true), tokenHash);

  /** Notes the key that the caller has proven to hold as soon as it has. */
  const admit = async (
    r: AuthenticateRequest,
    who: Caller,
  ): Promise<{ applicant: Applicant; invitation: Invitation | undefined; csr: CheckedCsr }> => {
    const provenPin = checkApplicant(r, {
      audience: d.self.pin,
      now: d.clock.now(),
      skewMs: d.skewMs,
      nonces: d.nonces,
    });
    who.pin = provenPin;
    const applicant: Applicant = {
      clusterID: r.clusterId,
      clusterName: r.clusterName,
      provenPin,
      tokenHash: r.token === "" ? undefined : hashToken(r.token),
    };
    const { tokenHash } = applicant;
    const invitation =
      tokenHash !== undefined && isToken(r.token) ? await invitationFor(tokenHash) : undefined;
    const refusal = refuse({
      applicant,
      invitation,
      vouched: tokenHash === undefined && (await d.isVouchedFor(r.clusterId, provenPin)),
      peer: d.peers.get(r.clusterId),
      tenant: d.tenantOf(r.clusterId),
      self: d.self,
      now: d.clock.now(),
    });
    if (refusal) throw new DeniedError(refusal.reason, refusal.message);
    return { applicant, invitation, csr: checkedCsr(r) };
  };

  const grant = async (
    { who, invitation, facts, csr }: Admitted,
    at: Place,
  ): Promise<AuthenticateResponse> => {
    const standing = d.tenancy.grant(facts, at);
    const [credentials, { tenant, namespace }] = await Promise.all([d.issue(csr, standing), standing]);
    const response = responseOf(d.self, credentials, namespace, tenant);
    d.granted(who, tenant, response.notAfter, invitation?.metadata.name);
    return response;
  };

  return async (r: AuthenticateRequest, ctx: CallContext): Promise<AuthenticateResponse> => {
    const who: Caller = {
      clusterID: r.clusterId.slice(0, 63),
      clusterName: r.clusterName.slice(0, 63),
      source: ctx.source,
    };
    try {
      if (!d.limiter.allows(ctx.source))
        throw new DeniedError(
          "RateLimited",
          "too many failed attempts from this address; try again in a minute",
        );
      requireVersion(`cluster ${who.clusterName}`, ctx);
      if (d.byToken) requireTokens(`cluster ${who.clusterName}`, ctx);
      const { applicant, invitation, csr } = await admit(r, who);
      const facts = factsOf(r, invitation);
      const admitted: Admitted = { who, invitation, facts, csr };
      const finding = d.tenancy.find(facts);
      finding.catch(() => undefined); // awaited when the token is ours
      if (!invitation) return await grant(admitted, await finding);
      const time = await consume(d.kube, invitation, applicant, d.clock.now());
      if (time === "first") return await grant(admitted, await finding);
      d.log.info({ ...who, invitation: invitation.metadata.name }, "an unanswered call is repeated");
      return await grant(admitted, await d.tenancy.findAgain(facts));
    } catch (err) {
      if (err instanceof DeniedError) {
        if (err.reason !== "RateLimited") d.limiter.failed(ctx.source);
        d.denied(who, "authenticate", err.reason, err.message);
      }
      throw err;
    }
  };
};

export const responseOf = (
  self: Self,
  { certificate, token = "" }: Credentials,
  namespace: string,
  tenant: Tenant,
): AuthenticateResponse => {
  const { validFromDate, validToDate } = parseCertificate(certificate, "certificate");
  return {
    certificate,
    ca: self.ca,
    apiServer: self.apiServer,
    tenantNamespace: namespace,
    clusterId: self.clusterID,
    clusterName: self.clusterName,
    notBefore: validFromDate.toISOString(),
    notAfter: validToDate.toISOString(),
    tenantUid: tenant.metadata.uid ?? "",
    token,
  };
};
