import type { Tenant } from "@tideway/api";
import {
  type AuthenticateResponse,
  DeniedError,
  type ReleaseResponse,
  type Signed,
} from "@tideway/authclient";
import { describeError, isForbidden, isInvalid } from "@tideway/errors";
import {
  checkCsr,
  checkPeerCertificate,
  type Claims,
  ClockSkewError,
  type NonceCache,
  type Purpose,
  verifyPayload,
} from "@tideway/pki";
import type { X509Certificate } from "node:crypto";
import type { AuthAudit, Caller } from "../audit.ts";
import type { CallContext } from "../door/server.ts";
import type { Clock, Peers, Self } from "../ports.ts";
import { responseOf } from "./authenticate.ts";
import type { Issue } from "./issue.ts";
import { revocationOf } from "../tenant/decide.ts";
import { requireVersion } from "./version.ts";

export interface HeldDeps {
  self: Self;
  clock: Clock;
  skewMs: number;
  nonces: NonceCache;
  /** Those that sign peers' certificates. */
  authorities(): Promise<X509Certificate[]>;
  peers: Peers;
  /** From the cache, and from the API server when it is not there. */
  tenantOf(clusterID: string): Promise<Tenant | undefined>;
  namespaceOf(tenant: Tenant): string;
  issue: Issue;
  renewed(by: Caller, tenant: Tenant, notAfter: string): void;
  /** Deletes the Tenant; the rest follows by its finalizer. */
  release(by: Caller, tenant: Tenant): Promise<void>;
  denied: AuthAudit["denied"];
}

/** Calls of those who already hold an identity: they prove it with the key of their current certificate. */
export const createHeldCalls = (d: HeldDeps) => {
  const prove = async (s: Signed, purpose: Purpose): Promise<Claims> => {
    const now = d.clock.now();
    const authorities = await d.authorities(); // what goes wrong here says nothing of the caller
    try {
      const { clusterID, publicKey } = checkPeerCertificate(s.certificate, {
        authorities,
        now,
        skewMs: d.skewMs,
      });
      const claims = verifyPayload(s, {
        publicKey,
        purpose,
        audience: d.self.pin,
        now,
        skewMs: d.skewMs,
        nonces: d.nonces,
      });
      if (claims.clusterID !== clusterID)
        throw new DeniedError("IdentityInvalid", "payload.clusterID: is not the certificate's");
      return claims;
    } catch (err) {
      if (err instanceof DeniedError || !(isInvalid(err) || isForbidden(err))) throw err;
      const reason = err instanceof ClockSkewError ? "ClockSkewed" : "IdentityInvalid";
      throw new DeniedError(reason, describeError(err), { cause: err });
    }
  };

  const guarded = async <T>(
    ctx: CallContext,
    action: Purpose & ("renew" | "release"),
    work: (who: Caller) => Promise<T>,
  ): Promise<T> => {
    const who: Caller = { clusterID: "", clusterName: "", source: ctx.source };
    try {
      if (action === "renew") requireVersion("the caller", ctx);
      return await work(who);
    } catch (err) {
      if (err instanceof DeniedError) d.denied(who, action, err.reason, err.message);
      throw err;
    }
  };

  const renew = (s: Signed, ctx: CallContext): Promise<AuthenticateResponse> =>
    guarded(ctx, "renew", async (who) => {
      const claims = await prove(s, "renew");
      who.clusterID = claims.clusterID;
      const tenant = await d.tenantOf(claims.clusterID);
      if (!tenant || tenant.metadata.deletionTimestamp || tenant.metadata.uid !== claims.tenant)
        throw new DeniedError(
          "TenantUnknown",
          "this cluster has no such tenant any more; a new invitation is needed",
        );
      who.clusterName = tenant.spec.clusterName;
      const revoked = revocationOf(tenant, d.peers.get(claims.clusterID));
      if (revoked !== undefined) throw new DeniedError("IncomingRefused", revoked);
      const csr = ((): ReturnType<typeof checkCsr> => {
        try {
          return checkCsr(Buffer.from(claims.body, "base64"), claims.clusterID);
        } catch (err) {
          throw isInvalid(err) ? new DeniedError("InvalidCsr", describeError(err), { cause: err }) : err;
        }
      })();
      const namespace = d.namespaceOf(tenant);
      const credentials = await d.issue(csr, Promise.resolve({ tenant, namespace }));
      const response = responseOf(d.self, credentials, namespace, tenant);
      d.renewed(who, tenant, response.notAfter);
      return response;
    });

  const release = (s: Signed, ctx: CallContext): Promise<ReleaseResponse> =>
    guarded(ctx, "release", async (who) => {
      const claims = await prove(s, "release");
      who.clusterID = claims.clusterID;
      const tenant = await d.tenantOf(claims.clusterID);
      if (!tenant || tenant.metadata.uid !== claims.tenant) return { released: false };
      who.clusterName = tenant.spec.clusterName;
      await d.release(who, tenant);
      return { released: true };
    });

  return { renew, release };
};
