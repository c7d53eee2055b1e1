import {
  ORIGIN,
  PEER,
  REMOTE_CLUSTER_ID,
  type Tenant,
  type ForeignCluster,
  foreignClusters,
  tenantNamespace,
  tenants,
  peerName,
} from "@tideway/api";
import { DeniedError } from "@tideway/authclient";
import { isAlreadyExists, isNotFound, TidewayError } from "@tideway/errors";
import { type Kube, type Namespace, namespaces, roleBindings } from "@tideway/k8s";
import { userOf } from "@tideway/pki";
import type { GrantTenancy, TenantFacts } from "../provider/authenticate.ts";
import { AUTH, MADE_BY } from "../provider/sign.ts";

/** Finalizer of a Tenant: everything that stands here for it goes before it. */
export const FINALIZER = "authentication.tideway.dev/tenant";
/** ClusterRole, and RoleBinding in the tenant namespace, of what a tenant may do while it negotiates. */
export const PEER_ROLE = "tideway-peer";
/** Field manager of what this service applies for a peering in which this cluster provides. */
export const MANAGER = "auth";
export const TENANT_MANAGER = "auth-tenant";

const labelsOf = (peer: string, clusterID: string): Record<string, string> => ({
  "app.kubernetes.io/part-of": "tideway",
  [MADE_BY]: AUTH,
  [PEER]: peer,
  [REMOTE_CLUSTER_ID]: clusterID,
});

/** A namespace is ours when this service has labelled it for this peer. */
export const isHomeOf = (ns: Pick<Namespace, "metadata">, clusterID: string): boolean =>
  ns.metadata.labels?.[MADE_BY] === AUTH && ns.metadata.labels[REMOTE_CLUSTER_ID] === clusterID;

/**
 * The namespace that both roles of a peering share on one side. Throws when something else has that name, or while
 * an earlier one is still going away.
 */
export const ensureHome = async (
  kube: Kube,
  peer: string,
  clusterID: string,
  known?: Pick<Namespace, "metadata">,
): Promise<string> => {
  const name = tenantNamespace(peer);
  if (known && isHomeOf(known, clusterID) && !known.metadata.deletionTimestamp) return name;
  const labels = { ...labelsOf(peer, clusterID), "pod-security.kubernetes.io/enforce": "restricted" };
  try {
    await kube.create(namespaces, { metadata: { name, labels } } as Namespace, { fieldManager: MANAGER });
    return name;
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
  }
  const there = await kube.get(namespaces, name);
  if (!isHomeOf(there, clusterID))
    throw new DeniedError(
      "NamespaceTaken",
      `namespace ${name} exists and was not made for this peer; rename the ForeignCluster or remove the namespace`,
    );
  if (there.metadata.deletionTimestamp)
    throw new TidewayError(`namespace ${name} of an earlier peering is still being deleted`);
  return name;
};

export const bindPeer = async (kube: Kube, namespace: string, tenant: Tenant): Promise<void> => {
  await kube.apply(
    roleBindings,
    {
      metadata: {
        name: PEER_ROLE,
        namespace,
        labels: { [MADE_BY]: AUTH, [ORIGIN]: tenant.spec.clusterID, [PEER]: tenant.metadata.name },
      },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: PEER_ROLE },
      subjects: [
        { kind: "User", apiGroup: "rbac.authorization.k8s.io", name: userOf(tenant.spec.clusterID) },
      ],
    },
    { fieldManager: TENANT_MANAGER },
  );
};

export const unbindPeer = (kube: Kube, namespace: string): Promise<void> =>
  kube.delete(roleBindings, PEER_ROLE, namespace);

const ownForeignCluster = (fc: ForeignCluster): boolean => fc.metadata.labels?.[MADE_BY] === AUTH;

/** What a consumer is called here, so that reversing the peering is one flag. One that a person made stays as it is. */
export const ensureForeignCluster = async (kube: Kube, peer: string, facts: TenantFacts): Promise<void> => {
  if (!facts.authEndpoint) return; // without an address there is nothing to reverse to
  const there = await kube.find(foreignClusters, peer);
  if (there && !ownForeignCluster(there)) return;
  await kube.apply(
    foreignClusters,
    {
      metadata: {
        name: peer,
        labels: { [MADE_BY]: AUTH },
        ...(there?.metadata.uid ? { uid: there.metadata.uid } : {}),
      },
      spec: {
        clusterID: facts.clusterID,
        clusterName: facts.clusterName,
        authEndpoint: facts.authEndpoint,
        pins: facts.pins,
      },
    },
    { fieldManager: MANAGER },
  );
};

/** Only what this service made, and only while this cluster does not use the peer itself. */
export const dropForeignCluster = async (kube: Kube, peer: string, clusterID: string): Promise<void> => {
  const fc = await kube.find(foreignClusters, peer);
  if (!fc || !ownForeignCluster(fc) || fc.spec.clusterID !== clusterID || fc.spec.outgoingPeering === "Yes")
    return;
  await kube.delete(foreignClusters, peer, undefined, fc.metadata.uid ? { uid: fc.metadata.uid } : {});
};

export interface GrantDeps {
  kube: Kube;
  tenantOf(clusterID: string): Tenant | undefined;
  /** Name under which this cluster already knows the cluster, from its ForeignCluster. */
  knownAs(clusterID: string): string | undefined;
  /** Whether another cluster has this peer name, as far as the caches know. */
  isTaken(name: string, clusterID: string): boolean;
  homeOf(peer: string): Pick<Namespace, "metadata"> | undefined;
}

export const createGrant = (d: GrantDeps): GrantTenancy => {
  /** A name nobody else has: the caches propose, the API server decides. */
  const createTenant = async (f: TenantFacts): Promise<Tenant> => {
    const known = d.knownAs(f.clusterID);
    const taken = new Set<string>();
    const spec: Tenant["spec"] = {
      clusterID: f.clusterID,
      clusterName: f.clusterName,
      pins: f.pins,
      ...(f.authEndpoint ? { authEndpoint: f.authEndpoint } : {}),
    };
    for (let tries = 0; tries < 10; tries++) {
      const name =
        known ?? peerName(f.clusterName, f.clusterID, (n) => taken.has(n) || d.isTaken(n, f.clusterID));
      taken.add(name);
      const cluster = known ? undefined : await d.kube.find(foreignClusters, name);
      if (cluster && cluster.spec.clusterID !== f.clusterID) continue;
      try {
        const labels = { [ORIGIN]: f.clusterID };
        return await d.kube.create(
          tenants,
          { metadata: { name, labels, finalizers: [FINALIZER] }, spec },
          { fieldManager: MANAGER },
        );
      } catch (err) {
        if (!isAlreadyExists(err)) throw err;
        const there = await d.kube.get(tenants, name);
        if (there.spec.clusterID === f.clusterID) return there;
        if (known) throw err;
      }
    }
    throw new TidewayError(`no free peer name for cluster ${f.clusterName}`);
  };

  /** The tenant is back with another address or name: its pins never change here, they are how it is known. */
  const refresh = async (t: Tenant, f: TenantFacts): Promise<Tenant> => {
    if (t.spec.clusterName === f.clusterName && (t.spec.authEndpoint ?? "") === f.authEndpoint) return t;
    const patch = {
      metadata: { uid: t.metadata.uid },
      spec: { clusterName: f.clusterName, authEndpoint: f.authEndpoint || null },
    };
    return d.kube.patch(tenants, t.metadata.name, undefined, patch, { fieldManager: MANAGER });
  };

  return async (facts) => {
    const old = d.tenantOf(facts.clusterID);
    const tenant = old ? await refresh(old, facts) : await createTenant(facts);
    if (tenant.metadata.deletionTimestamp)
      throw new DeniedError(
        "TenantLeaving",
        "the previous peering is still being taken down; try again in a moment",
      );
    const peer = tenant.metadata.name;
    const home = async (): Promise<string> => {
      const namespace = await ensureHome(d.kube, peer, facts.clusterID, d.homeOf(peer));
      await bindPeer(d.kube, namespace, tenant);
      return namespace;
    };
    const [namespace] = await Promise.all([home(), ensureForeignCluster(d.kube, peer, facts)]);
    return { tenant, namespace };
  };
};

/** Deletes the namespace unless this cluster uses the peer from it too. True when it is gone. */
export const dropHome = async (kube: Kube, peer: string, clusterID: string): Promise<boolean> => {
  const name = tenantNamespace(peer);
  const there = await kube.find(namespaces, name);
  if (!there || !isHomeOf(there, clusterID)) return true;
  if (there.metadata.deletionTimestamp) return false;
  try {
    await kube.delete(namespaces, name, undefined, there.metadata.uid ? { uid: there.metadata.uid } : {});
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
  return false;
};
