import {
  type ForeignCluster,
  foreignClusters,
  ORIGIN,
  peerName,
  type Tenant,
  tenantNamespace,
  tenants,
} from "@tideway/api";
import { DeniedError } from "@tideway/authclient";
import { isAlreadyExists, TidewayError } from "@tideway/errors";
import type { Kube, Namespace } from "@tideway/k8s";
import type { Tenancy, TenantFacts } from "../provider/authenticate.ts";
import { bindPeer, ensureForeignCluster, ensureHome, FINALIZER, MANAGER } from "./objects.ts";

/** Under which name a cluster becomes a tenant, and what stands there already. */
export interface Place {
  name: string;
  tenant: Tenant | undefined;
  cluster: ForeignCluster | undefined;
}

export interface GrantDeps {
  kube: Kube;
  tenantOf(clusterID: string): Tenant | undefined;
  /** The same from the API server. */
  tenantNow(clusterID: string): Promise<Tenant | undefined>;
  /** Name under which this cluster already knows the cluster, from its ForeignCluster. */
  knownAs(clusterID: string): string | undefined;
  /** Whether another cluster has this peer name, as far as the caches know. */
  isTaken(name: string, clusterID: string): boolean;
  /** A namespace that this service made, from the cache. */
  homeAt(namespace: string): Pick<Namespace, "metadata"> | undefined;
}

const MAX_NAMES = 10;

export const createTenancy = (d: GrantDeps): Tenancy<Place> => {
  /** The caches propose a name, the API server says whether a ForeignCluster has it. */
  const findPlace = async (
    f: TenantFacts,
    taken: Set<string>,
    tenant = d.tenantOf(f.clusterID),
  ): Promise<Place> => {
    const known = tenant?.metadata.name ?? d.knownAs(f.clusterID);
    if (known) return { name: known, tenant, cluster: await d.kube.find(foreignClusters, known) };
    while (taken.size < MAX_NAMES) {
      const name = peerName(f.clusterName, f.clusterID, (n) => taken.has(n) || d.isTaken(n, f.clusterID));
      const cluster = await d.kube.find(foreignClusters, name);
      if (!cluster || cluster.spec.clusterID === f.clusterID) return { name, tenant, cluster };
      taken.add(name);
    }
    throw new TidewayError(`no free peer name for cluster ${f.clusterName}`);
  };

  const create = async (name: string, f: TenantFacts): Promise<Tenant | undefined> => {
    const spec: Tenant["spec"] = {
      clusterID: f.clusterID,
      clusterName: f.clusterName,
      pins: f.pins,
      ...(f.authEndpoint ? { authEndpoint: f.authEndpoint } : {}),
    };
    const metadata = { name, labels: { [ORIGIN]: f.clusterID }, finalizers: [FINALIZER] };
    try {
      return await d.kube.create(tenants, { metadata, spec }, { fieldManager: MANAGER });
    } catch (err) {
      if (!isAlreadyExists(err)) throw err;
    }
    const there = await d.kube.get(tenants, name);
    if (there.spec.clusterID !== f.clusterID) return undefined; // another cluster was quicker with this name
    if (!there.spec.pins?.some((p) => f.pins.includes(p)))
      throw new DeniedError(
        "ClusterKeyMismatch",
        "this cluster ID became a tenant a moment ago with another key",
      );
    return there;
  };

  const createSomewhere = async (f: TenantFacts, first: Place): Promise<[Tenant, Place]> => {
    const taken = new Set<string>();
    for (let place = first; ; place = await findPlace(f, taken)) {
      const tenant = await create(place.name, f);
      if (tenant) return [tenant, place];
      taken.add(place.name);
    }
  };

  /** The tenant is back with another address or name: its pins never change here, they are how it is known. */
  const refresh = (t: Tenant, f: TenantFacts): Promise<Tenant> | Tenant => {
    if (t.spec.clusterName === f.clusterName && (t.spec.authEndpoint ?? "") === f.authEndpoint) return t;
    const spec = { clusterName: f.clusterName, authEndpoint: f.authEndpoint || null };
    const patch = { metadata: { uid: t.metadata.uid }, spec };
    return d.kube.patch(tenants, t.metadata.name, undefined, patch, { fieldManager: MANAGER });
  };

  return {
    find: (facts) => findPlace(facts, new Set()),
    findAgain: async (facts) => findPlace(facts, new Set(), await d.tenantNow(facts.clusterID)),
    grant: async (facts, found) => {
      const [tenant, place] = found.tenant
        ? ([await refresh(found.tenant, facts), found] as const)
        : await createSomewhere(facts, found);
      if (tenant.metadata.deletionTimestamp)
        throw new DeniedError(
          "TenantLeaving",
          "the previous peering is still being taken down; try again in a moment",
        );
      const { name } = tenant.metadata;
      const home = async (): Promise<string> => {
        const namespace = tenantNamespace(name);
        const { clusterID } = facts;
        await ensureHome(d.kube, { name: namespace, peer: name, clusterID }, d.homeAt(namespace));
        await bindPeer(d.kube, namespace, tenant);
        return namespace;
      };
      const [namespace] = await Promise.all([
        home(),
        ensureForeignCluster(d.kube, name, facts, place.cluster),
      ]);
      return { tenant, namespace };
    },
  };
};
