import {
  BY_AUTH,
  BY_DISCOVERY,
  MADE_BY,
  ORIGIN,
  PEER,
  REMOTE_CLUSTER_ID,
  type Tenant,
  type ForeignCluster,
  foreignClusters,
} from "@tideway/api";
import { DeniedError } from "@tideway/authclient";
import type { ReconcileContext } from "@tideway/controller";
import { isAlreadyExists, TidewayError } from "@tideway/errors";
import {
  endNamespace,
  type Kube,
  type Namespace,
  namespaces,
  type RoleBinding,
  roleBindings,
} from "@tideway/k8s";
import { accountOf, userOf } from "@tideway/pki";
import type { TenantFacts } from "../provider/authenticate.ts";
import { isBinding, RBAC, writeBinding } from "./binding.ts";

/** Finalizer of a Tenant: everything that stands here for it goes before it. */
export const FINALIZER = "authentication.tideway.dev/tenant";
/** ClusterRole, and RoleBinding in the tenant namespace, of what a tenant may do while it negotiates. */
export const PEER_ROLE = "tideway-peer";
/** Field manager of what this service applies for a peering in which this cluster provides. */
export const MANAGER = "auth";
/** ClusterRole with which this service looks into a tenant namespace that it ends; deploy/base/namespace-end. */
const END_ROLE = "tideway-namespace-end";
/** A namespace that is ending for longer than this is the namespace controller's, ms. */
const LEFT_ALONE_MS = 10_000;
export const TENANT_MANAGER = "auth-tenant";

const labelsOf = (peer: string, clusterID: string): Record<string, string> => ({
  "app.kubernetes.io/part-of": "tideway",
  [MADE_BY]: BY_AUTH,
  [PEER]: peer,
  [REMOTE_CLUSTER_ID]: clusterID,
});

/** A namespace is ours when this service has labelled it for this peer. */
export const isHomeOf = (ns: Pick<Namespace, "metadata">, clusterID: string): boolean =>
  ns.metadata.labels?.[MADE_BY] === BY_AUTH && ns.metadata.labels[REMOTE_CLUSTER_ID] === clusterID;

/** The namespace of one direction of a peering. */
export interface Home {
  name: string;
  peer: string;
  clusterID: string;
}

/** Throws when something else has that name, or while an earlier one is still going away. */
export const ensureHome = async (
  kube: Kube,
  { name, peer, clusterID }: Home,
  known?: Pick<Namespace, "metadata">,
): Promise<string> => {
  if (known && isHomeOf(known, clusterID) && !known.metadata.deletionTimestamp) return name;
  const labels = { ...labelsOf(peer, clusterID), "pod-security.kubernetes.io/enforce": "restricted" };
  try {
    await kube.create(namespaces, { metadata: { name, labels } }, { fieldManager: MANAGER });
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

const bindingOf = (namespace: string, { metadata, spec: { clusterID } }: Tenant): RoleBinding => ({
  metadata: {
    name: PEER_ROLE,
    namespace,
    labels: { [MADE_BY]: BY_AUTH, [ORIGIN]: clusterID, [PEER]: metadata.name },
  },
  roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: PEER_ROLE },
  subjects: [
    { kind: "User", apiGroup: RBAC, name: userOf(clusterID) },
    { kind: "ServiceAccount", name: accountOf(clusterID), namespace },
  ],
});

export const bindPeer = (kube: Kube, namespace: string, tenant: Tenant): Promise<void> =>
  writeBinding(kube, bindingOf(namespace, tenant), TENANT_MANAGER);

/** The peer may do here what it should, and nobody else may in its place. */
export const isPeerBound = (there: RoleBinding | undefined, namespace: string, tenant: Tenant): boolean =>
  isBinding(there, bindingOf(namespace, tenant));

export const unbindPeer = (kube: Kube, namespace: string): Promise<void> =>
  kube.delete(roleBindings, PEER_ROLE, namespace);

const ownForeignCluster = (fc: ForeignCluster): boolean => fc.metadata.labels?.[MADE_BY] === BY_AUTH;
/** Discovery made it of an announcement, which proves nothing; a consumer that authenticated has proven its key. */
const isFound = (fc: ForeignCluster): boolean => fc.metadata.labels?.[MADE_BY] === BY_DISCOVERY;

/** What a consumer is called here, so that reversing the peering is one flag. One that a person made stays as it is. */
export const ensureForeignCluster = async (
  kube: Kube,
  peer: string,
  facts: TenantFacts,
  there: ForeignCluster | undefined,
): Promise<void> => {
  if (!facts.authEndpoint) return; // without an address there is nothing to reverse to
  const isOurs = !there || ownForeignCluster(there) || isFound(there);
  if (isOurs) await applyForeignCluster(kube, peer, facts, there);
  // Not by the apply: a later one without it would take it back.
  if (facts.isUsedToo && there?.spec.outgoingPeering !== "Yes")
    await kube.patch(
      foreignClusters,
      peer,
      undefined,
      { spec: { outgoingPeering: "Yes" } },
      { fieldManager: MANAGER },
    );
};

const applyForeignCluster = (
  kube: Kube,
  peer: string,
  facts: TenantFacts,
  there: ForeignCluster | undefined,
): Promise<unknown> =>
  kube.apply(
    foreignClusters,
    {
      metadata: {
        name: peer,
        labels: { [MADE_BY]: BY_AUTH },
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

/** Only what this service made, and only while this cluster does not use the peer itself. */
export const dropForeignCluster = async (kube: Kube, peer: string, clusterID: string): Promise<void> => {
  const fc = await kube.find(foreignClusters, peer);
  if (!fc || !ownForeignCluster(fc) || fc.spec.clusterID !== clusterID || fc.spec.outgoingPeering === "Yes")
    return;
  await kube.delete(foreignClusters, peer, undefined, fc.metadata.uid ? { uid: fc.metadata.uid } : {});
};

export interface DropOptions {
  /** Where this service runs. */
  systemNamespace: string;
  now: number;
  signal: AbortSignal;
  log: ReconcileContext["log"];
}

/** Deletes the namespace and sees it to its end. True when it is gone. */
export const dropHome = async (
  kube: Kube,
  name: string,
  clusterID: string,
  o: DropOptions,
): Promise<boolean> => {
  const there = await kube.find(namespaces, name);
  if (!there || !isHomeOf(there, clusterID)) return true;
  const { uid, deletionTimestamp } = there.metadata;
  if (deletionTimestamp && o.now - Date.parse(deletionTimestamp) > LEFT_ALONE_MS) return false;
  const { ended } = await endNamespace(kube, name, {
    rights: { clusterRole: END_ROLE, serviceAccount: { name: "auth", namespace: o.systemNamespace } },
    ...(uid ? { uid } : {}),
    signal: o.signal,
    log: o.log,
  });
  return ended;
};
