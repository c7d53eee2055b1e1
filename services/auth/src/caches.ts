import {
  BY_AUTH,
  MADE_BY,
  type Identity,
  identities,
  type Invitation,
  invitations,
  IDENTITY_NAME,
  isPeerName,
  PEER,
  peerNamespace,
  REMOTE_CLUSTER_ID,
  type Tenant,
  tenants,
} from "@tideway/api";
import {
  type CertificateSigningRequest,
  certificateSigningRequests,
  type Informer,
  informer,
  type Kube,
  type KubeObject,
  type Namespace,
  namespaces,
  type RoleBinding,
  roleBindings,
} from "@tideway/k8s";
import { describeError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import { READER_ROLE } from "./identity/store.ts";
import { PEER_ROLE } from "./tenant/objects.ts";

/** Local copies of what this service owns or has made. */
export interface Caches {
  tenants: Informer<Tenant>;
  invitations: Informer<Invitation>;
  identities: Informer<Identity>;
  /** Only those that this service made; metadata alone. */
  homes: Informer<Namespace>;
  requests: Informer<CertificateSigningRequest>;
  /** The two kinds of RoleBinding that this service makes, by name: of the peer, and of who reads the identity. */
  peerBindings: Informer<RoleBinding>;
  readerBindings: Informer<RoleBinding>;
  tenantOf(clusterID: string): Tenant | undefined;
  identityOf(clusterID: string): Identity | undefined;
  /** Name of the peer that this cluster uses, from the namespace of that. */
  usedAs(clusterID: string): string | undefined;
  start(signal: AbortSignal): Promise<void>;
}

const BY_CLUSTER = "clusterID";
const ours = `${MADE_BY}=${BY_AUTH}`;

export const clusterOfHome = (ns: Pick<Namespace, "metadata">): string =>
  ns.metadata.labels?.[REMOTE_CLUSTER_ID] ?? "";

export const createCaches = (kube: Kube, systemNamespace: string, log: Logger): Caches => {
  const tenantCache = informer(kube, tenants);
  const invitationCache = informer(kube, invitations, { namespace: systemNamespace });
  const identityCache = informer(kube, identities);
  const homes = informer(kube, namespaces, { labelSelector: ours, metadataOnly: true });
  const requests = informer(kube, certificateSigningRequests, { labelSelector: ours });
  // By name and not by label: also one whose labels were taken away is ours, and RBAC knows names only.
  const named = (name: string): Informer<RoleBinding> =>
    informer(kube, roleBindings, { fieldSelector: `metadata.name=${name}` });
  const peerBindings = named(PEER_ROLE);
  const readerBindings = named(READER_ROLE);
  tenantCache.index(BY_CLUSTER, (t) => [t.spec.clusterID]);
  identityCache.index(BY_CLUSTER, (i) => (i.metadata.name === IDENTITY_NAME ? [i.spec.clusterID] : []));
  homes.index(BY_CLUSTER, (n) => [clusterOfHome(n)]);
  const all: [string, Informer<KubeObject>][] = [
    ["tenants", tenantCache],
    ["invitations", invitationCache],
    ["identities", identityCache],
    ["namespaces", homes],
    ["certificatesigningrequests", requests],
    [`rolebindings ${PEER_ROLE}`, peerBindings],
    [`rolebindings ${READER_ROLE}`, readerBindings],
  ];
  return {
    tenants: tenantCache,
    invitations: invitationCache,
    identities: identityCache,
    homes,
    requests,
    peerBindings,
    readerBindings,
    tenantOf: (clusterID) => tenantCache.byIndex(BY_CLUSTER, clusterID)[0],
    identityOf: (clusterID) => identityCache.byIndex(BY_CLUSTER, clusterID)[0],
    usedAs: (clusterID) =>
      homes.byIndex(BY_CLUSTER, clusterID).flatMap(({ metadata }) => {
        const name = metadata.labels?.[PEER] ?? "";
        return isPeerName(name) && metadata.name === peerNamespace(name) ? [name] : [];
      })[0],
    start: async (signal) => {
      for (const [name, cache] of all) {
        cache.onError((err) => log.warn({ resource: name, reason: describeError(err) }, "cache is behind"));
        cache.start(signal);
      }
      await Promise.all(all.map(([, cache]) => cache.synced));
    },
  };
};
