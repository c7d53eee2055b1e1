import { foreignClusters, ORIGIN, sameConditions, type Tenant, tenantNamespace, tenants } from "@tideway/api";
import type { Reconcile, ReconcileContext } from "@tideway/controller";
import { isNotFound } from "@tideway/errors";
import type { Kube, Namespace, RoleBinding } from "@tideway/k8s";
import type { AuthAudit } from "../audit.ts";
import type { ConditionWriter } from "../foreign-cluster.ts";
import type { Clock, Peers, PublishIdentity, Tell } from "../ports.ts";
import { closeInvitations } from "../provider/consume.ts";
import { dropAccount } from "../provider/token.ts";
import { decide, factOf, type Plan, REVOKED } from "./decide.ts";
import {
  bindPeer,
  dropForeignCluster,
  dropHome,
  ensureHome,
  FINALIZER,
  isPeerBound,
  MANAGER,
  unbindPeer,
} from "./objects.ts";

export interface TenantDeps {
  kube: Kube;
  clock: Clock;
  graceMs: number;
  /** Peers come with tokens of an account in their namespace. */
  byToken: boolean;
  /** Where this service runs. */
  systemNamespace: string;
  peers: Peers;
  /** By cluster ID, from the cache. */
  tenantOf(clusterID: string): Tenant | undefined;
  owns(clusterID: string): boolean;
  /** A namespace that this service made, from the cache. */
  homeAt(namespace: string): Pick<Namespace, "metadata"> | undefined;
  /** Of the peer in a namespace, from the cache. */
  bindingAt(namespace: string): RoleBinding | undefined;
  /** This cluster uses the peer too, or is about to: its ForeignCluster is needed for that. */
  consumes(clusterID: string): boolean;
  publish: PublishIdentity;
  /** The name in the last fact about this tenant, where that says something else than GONE. */
  published(clusterID: string): string | undefined;
  conditions: ConditionWriter;
  tell: Tell;
  audit: AuthAudit;
}

/** How soon to look again at a namespace that is being deleted, beside the watch on it. */
const GOING_MS = 1000;
/** A tenant older than this has its ForeignCluster. */
const SETTLED_MS = 10_000;

/** Key: the cluster ID of a tenant. */
export const createTenantReconciler = (d: TenantDeps): Reconcile => {
  const about = (t: Tenant) => ({
    apiVersion: "authentication.tideway.dev/v1alpha1",
    kind: "Tenant",
    name: t.metadata.name,
    ...(t.metadata.uid ? { uid: t.metadata.uid } : {}),
  });

  const cleanUp = async (
    t: Tenant,
    plan: Plan,
    c: ReconcileContext,
  ): Promise<{ requeueAfterMs?: number }> => {
    const { name } = t.metadata;
    const id = t.spec.clusterID;
    if (!t.metadata.finalizers?.includes(FINALIZER)) return {};
    const namespace = tenantNamespace(name);
    await unbindPeer(d.kube, namespace);
    d.publish("incoming", factOf(t, plan)); // others clean up now, beside us
    const [gone] = await Promise.all([
      dropHome(d.kube, namespace, id, { systemNamespace: d.systemNamespace, now: d.clock.now(), ...c }),
      d.consumes(id) ? undefined : dropForeignCluster(d.kube, name, id),
    ]);
    if (!gone) return { requeueAfterMs: GOING_MS };
    await d.conditions.write({ name, clusterID: id }, "incoming", undefined);
    await closeInvitations(d.kube, d.systemNamespace, id, d.clock.now());
    const finalizers = t.metadata.finalizers.filter((f) => f !== FINALIZER);
    try {
      await d.kube.patch(
        tenants,
        name,
        undefined,
        { metadata: { uid: t.metadata.uid, resourceVersion: t.metadata.resourceVersion, finalizers } },
        { fieldManager: MANAGER },
      );
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
    d.audit.decided("end-tenancy", t, "ENDED", plan.reason, "nothing of the tenant is left");
    return {};
  };

  const hold = (t: Tenant): Promise<unknown> => {
    const { uid, resourceVersion, finalizers = [] } = t.metadata;
    const metadata = { uid, resourceVersion, finalizers: [...finalizers, FINALIZER] };
    return d.kube.patch(tenants, t.metadata.name, undefined, { metadata }, { fieldManager: MANAGER });
  };

  const applyStatus = async (t: Tenant, plan: Plan): Promise<void> => {
    const namespace = tenantNamespace(t.metadata.name);
    if (t.status?.tenantNamespace === namespace && sameConditions(t.status.conditions, plan.conditions))
      return;
    const status = {
      tenantNamespace: namespace,
      conditions: plan.conditions,
      ...(t.metadata.generation !== undefined ? { observedGeneration: t.metadata.generation } : {}),
    };
    await d.kube.apply(
      tenants,
      { metadata: { name: t.metadata.name }, status },
      { fieldManager: MANAGER, subresource: "status" },
    );
  };

  /**
   * Asked only when the fact says that the peer may not come in or is gone: the fact alone could be of an earlier
   * peering. A tenant without an address never had a ForeignCluster made for it.
   */
  const isDisowned = async (t: Tenant): Promise<boolean> => {
    const peer = d.peers.get(t.spec.clusterID);
    if (!peer || (peer.present && peer.incoming)) return false;
    const fc = await d.kube.find(foreignClusters, t.metadata.name);
    if (fc) return fc.metadata.deletionTimestamp !== undefined;
    return (
      t.spec.authEndpoint !== undefined &&
      d.clock.now() - Date.parse(t.metadata.creationTimestamp ?? "") > SETTLED_MS
    );
  };

  return async (clusterID, c) => {
    if (!d.owns(clusterID)) return {};
    const tenant = d.tenantOf(clusterID);
    if (!tenant) {
      // Taken away behind our back? The cache may be a moment behind, and others destroy what is said to be gone.
      const name = d.published(clusterID);
      const gone =
        name !== undefined &&
        (await d.kube.list(tenants, { labelSelector: `${ORIGIN}=${clusterID}` })).length === 0;
      if (gone) d.publish("incoming", { clusterId: clusterID, name, state: "GONE", reason: "Released" });
      return {};
    }
    const plan = decide({
      tenant,
      peer: d.peers.get(clusterID),
      disowned: await isDisowned(tenant),
      now: d.clock.now(),
      graceMs: d.graceMs,
    });
    const { name } = tenant.metadata;
    const was = tenant.status?.conditions?.find((c) => c.type === "Ready")?.reason;
    switch (plan.step) {
      case "cleanUp":
        return cleanUp(tenant, plan, c);
      case "expire":
        d.tell(about(tenant), "Warning", plan.reason, plan.message);
        d.audit.decided("expire", tenant, "ENDED", plan.reason, plan.message);
        await d.kube.delete(
          tenants,
          name,
          undefined,
          tenant.metadata.uid ? { uid: tenant.metadata.uid } : {},
        );
        return {};
      case "revoke":
        await Promise.all([
          unbindPeer(d.kube, tenantNamespace(name)),
          d.byToken ? dropAccount(d.kube, tenantNamespace(name), clusterID) : undefined,
        ]);
        break;
      case "serve": {
        if (!tenant.metadata.finalizers?.includes(FINALIZER)) await hold(tenant); // before the first outside effect
        const namespace = tenantNamespace(name);
        await ensureHome(d.kube, { name: namespace, peer: name, clusterID }, d.homeAt(namespace));
        if (!isPeerBound(d.bindingAt(namespace), namespace, tenant)) {
          await bindPeer(d.kube, namespace, tenant);
          c.log.info({ tenant: name }, "the tenant's binding was written");
        }
        break;
      }
    }
    d.publish("incoming", factOf(tenant, plan));
    await applyStatus(tenant, plan);
    const { reason, message } = plan;
    if (plan.step === "revoke" && was !== reason)
      d.audit.decided("revoke", tenant, "REVOKED", reason, message);
    else if (plan.step === "serve" && was === REVOKED)
      d.audit.decided("restore", tenant, "GRANTED", reason, message);
    if (was !== undefined && was !== plan.reason)
      d.tell(about(tenant), plan.step === "revoke" ? "Warning" : "Normal", plan.reason, plan.message);
    await d.conditions.write({ name, clusterID }, "incoming", {
      status: plan.conditions[0]?.status ?? "Unknown",
      reason: `Tenant${plan.reason}`,
      message: plan.message,
    });
    return plan.requeueAfterMs === undefined
      ? {}
      : { requeueAfterMs: Math.min(plan.requeueAfterMs, 3_600_000) };
  };
};
