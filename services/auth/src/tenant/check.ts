import { type Tenant, tenants } from "@tideway/api";
import { type connect, PEERING } from "@tideway/authclient";
import type { Reconcile } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { AuthAudit } from "../audit.ts";
import type { Peers, Tell } from "../ports.ts";

export interface CheckDeps {
  kube: Kube;
  selfID: string;
  intervalMs: number;
  random: () => number;
  tenantOf(clusterID: string): Tenant | undefined;
  owns(clusterID: string): boolean;
  peers: Peers;
  connect: typeof connect;
  tell: Tell;
  audit: AuthAudit;
  checked(answer: "wanted" | "notWanted" | "unknown" | "unreachable"): void;
}

/** A "no" is asked for twice, a second apart: a consumer that has just started may not have all its facts yet. */
const CONFIRM_MS = 1_000;
const NOT_WANTED = "the consumer does not want the peering any more";

/**
 * Asks a tenant whether it still wants the peering, so that a consumer that left while this cluster was away is
 * cleaned up. Only a certain "no" over a pinned connection counts; silence never does. Key: the tenant's cluster ID.
 */
export const createPeeringCheck = (d: CheckDeps): Reconcile => {
  const doubted = new Map<string, string | undefined>();
  const pause = (): number => Math.round(d.intervalMs * (0.8 + d.random() * 0.4));

  const ask = async (t: Tenant, signal: AbortSignal): Promise<"wanted" | "notWanted" | "unknown"> => {
    const peer = d.peers.get(t.spec.clusterID);
    const endpoint = (peer?.present ? peer.authEndpoint : undefined) ?? t.spec.authEndpoint ?? "";
    const client = await d.connect({ endpoint, pins: t.spec.pins ?? [], timeoutMs: 5_000, signal });
    const { state } = await client.checkPeering({ clusterId: d.selfID });
    return state === PEERING.NOT_WANTED ? "notWanted" : state === PEERING.WANTED ? "wanted" : "unknown";
  };

  return async (clusterID, { signal, log }) => {
    const tenant = d.tenantOf(clusterID);
    if (!tenant || tenant.metadata.deletionTimestamp || !d.owns(clusterID)) {
      doubted.delete(clusterID);
      return {};
    }
    if (!tenant.spec.authEndpoint || tenant.spec.revoked) return {}; // a revocation outlives the tenancy
    try {
      const answer = await ask(tenant, signal);
      d.checked(answer);
      if (answer !== "notWanted") doubted.delete(clusterID);
      else if (doubted.get(clusterID) !== tenant.metadata.uid) {
        doubted.set(clusterID, tenant.metadata.uid);
        return { requeueAfterMs: CONFIRM_MS };
      } else {
        doubted.delete(clusterID);
        d.audit.decided("check-peering", tenant, "ENDED", "NotWanted", NOT_WANTED);
        d.tell(
          {
            apiVersion: "authentication.tideway.dev/v1alpha1",
            kind: "Tenant",
            name: tenant.metadata.name,
            ...(tenant.metadata.uid ? { uid: tenant.metadata.uid } : {}),
          },
          "Normal",
          "NotWanted",
          NOT_WANTED,
        );
        await d.kube.delete(
          tenants,
          tenant.metadata.name,
          undefined,
          tenant.metadata.uid ? { uid: tenant.metadata.uid } : {},
        );
      }
    } catch (err) {
      d.checked("unreachable");
      log.debug({ tenant: tenant.metadata.name, reason: describeError(err) }, "consumer not reached");
    }
    return { requeueAfterMs: pause() };
  };
};
