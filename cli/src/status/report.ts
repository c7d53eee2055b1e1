import {
  findCondition,
  type ForeignCluster,
  type Identity,
  type NamespaceOffloading,
  ORIGIN,
  type ResourceOffer,
  type ResourceRequest,
  type ShadowPod,
  type Tenant,
  peerNamespace,
  tenantNamespace,
  type VirtualNode,
} from "@tideway/api";
import type { Namespace, Node, Pod } from "@tideway/k8s";
import { formatList, parseList, sumLists } from "@tideway/quantity";
import { formatQuantity, podRequests, type Resources } from "../quantity.ts";
import type {
  Capacity,
  Deployment,
  NamespaceStatus,
  NodeStatus,
  PeerStatus,
  ServiceStatus,
  StatusReport,
} from "./model.ts";

/** Everything that was read of a cluster. */
export interface Seen {
  clusterID: string;
  config: Record<string, string>;
  services: Deployment[];
  peers: ForeignCluster[];
  tenants: Tenant[];
  identities: Identity[];
  virtualNodes: VirtualNode[];
  nodes: Node[];
  offers: ResourceOffer[];
  requests: ResourceRequest[];
  /** Namespaces here that stand for a peer's: labelled with its cluster ID. */
  twins: Namespace[];
  shadowPods: ShadowPod[];
  offloadings: NamespaceOffloading[];
  /** Pods of this cluster that are bound to a virtual node. */
  pods: Pod[];
  problems: string[];
}

export const report = (seen: Seen): StatusReport => {
  const { apiServer, authEndpoint, clusterName } = seen.config;
  const offloaded = seen.offloadings
    .map(namespaceStatus)
    .sort((a, b) => a.namespace.localeCompare(b.namespace));
  return {
    cluster: {
      id: seen.clusterID,
      name: clusterName ?? "",
      ...(apiServer ? { apiServer } : {}),
      ...(authEndpoint ? { authEndpoint } : {}),
    },
    services: seen.services.map(serviceStatus).sort((a, b) => a.name.localeCompare(b.name)),
    peers: seen.peers.map((fc) => peerStatus(fc, seen)).sort((a, b) => a.name.localeCompare(b.name)),
    namespaces: offloaded,
    problems: seen.problems,
  };
};

const serviceStatus = (d: Deployment): ServiceStatus => {
  const desired = d.spec?.replicas ?? 1;
  const ready = d.status?.readyReplicas ?? 0;
  const bad = d.status?.conditions?.find((c) => c.type === "Available" && c.status !== "True");
  return {
    name: d.metadata.name,
    ready,
    desired,
    ...(ready < desired && bad?.message ? { message: bad.message } : {}),
  };
};

const namespaceStatus = (nso: NamespaceOffloading): NamespaceStatus => {
  const ready = findCondition(nso.status?.conditions, "Ready");
  return {
    namespace: nso.metadata.namespace ?? "",
    strategy: nso.spec.podOffloadingStrategy ?? "LocalAndRemote",
    ready: ready?.status ?? "Unknown",
    reason: ready?.reason ?? "",
    message: ready?.message ?? "",
    peers: (nso.status?.remoteNamespaces ?? []).map((t) => ({
      peer: t.peer,
      twin: t.namespace,
      ready: t.ready,
      message: t.message ?? "",
    })),
  };
};

const isOver = (phase: string | undefined): boolean => phase === "Succeeded" || phase === "Failed";

const capacity = (offered: Record<string, string> | undefined, running: Resources[]): Capacity => {
  const used: Resources = {};
  for (const r of running) for (const [name, n] of Object.entries(r)) used[name] = (used[name] ?? 0) + n;
  const quantities = Object.entries(used).map(([name, n]) => [name, formatQuantity(name, n)] as const);
  return { offered: offered ?? {}, used: Object.fromEntries(quantities), pods: running.length };
};

const peerStatus = (fc: ForeignCluster, seen: Seen): PeerStatus => {
  const { name } = fc.metadata;
  const { clusterID } = fc.spec;
  const home = peerNamespace(name);
  const identity = seen.identities.find((i) => i.metadata.namespace === home);
  const tenant = seen.tenants.find((t) => t.spec.clusterID === clusterID);
  const isTenant = tenant !== undefined;
  const revoked = tenant?.spec.revoked && (tenant.spec.revoked.reason ?? "no reason given");
  const nodes = seen.virtualNodes
    .filter((v) => v.spec.clusterID === clusterID)
    .map((v) => nodeStatus(v, seen))
    .sort((a, b) => a.name.localeCompare(b.name));
  const borrowed = borrowedFrom(name, nodes, clusterID, home, seen);
  const lent = isTenant ? lentTo(clusterID, tenantNamespace(name), seen) : undefined;
  return {
    name,
    clusterID,
    clusterName: fc.spec.clusterName,
    authEndpoint: fc.spec.authEndpoint,
    outgoing: fc.spec.outgoingPeering ?? "No",
    incoming: fc.spec.incomingPeering ?? "Auto",
    isTenant,
    ...(revoked ? { revoked } : {}),
    unpeering: fc.metadata.deletionTimestamp !== undefined,
    ...(fc.metadata.creationTimestamp ? { createdAt: fc.metadata.creationTimestamp } : {}),
    ...(fc.status?.tenantNamespace ? { tenantNamespace: fc.status.tenantNamespace } : {}),
    ...(fc.status?.peerNamespace ? { peerNamespace: fc.status.peerNamespace } : {}),
    ...(fc.status?.apiServer ? { apiServer: fc.status.apiServer } : {}),
    ...(identity?.status?.notAfter ? { identityNotAfter: identity.status.notAfter } : {}),
    nodes,
    conditions: fc.status?.conditions ?? [],
    ...(borrowed ? { borrowed } : {}),
    ...(lent ? { lent } : {}),
    namespaces: seen.offloadings.flatMap((nso) =>
      (nso.status?.remoteNamespaces ?? [])
        .filter((t) => t.peer === name)
        .map((t) => ({
          namespace: nso.metadata.namespace ?? "",
          twin: t.namespace,
          ready: t.ready,
          message: t.message ?? "",
        })),
    ),
  };
};

/** What the pods on a node ask for. */
const runningOn = (node: string, seen: Seen): Resources[] =>
  seen.pods.filter((p) => p.spec?.nodeName === node && !isOver(p.status?.phase)).map(podRequests);

const nodeStatus = ({ metadata: { name }, spec }: VirtualNode, seen: Seen): NodeStatus => {
  const node = seen.nodes.find((n) => n.metadata.name === name);
  const ready = node?.status?.conditions?.find((c) => c.type === "Ready");
  return {
    name,
    pool: spec.pool ?? "",
    ready: ready?.status ?? "Unknown",
    reason: ready?.reason ?? "",
    message: ready?.message ?? "",
    cordoned: node?.spec?.unschedulable ?? false,
    borrowed: capacity(spec.resources, runningOn(name, seen)),
  };
};

const sum = (lists: readonly Readonly<Record<string, string>>[]): Record<string, string> =>
  formatList(sumLists(lists.map((l) => parseList(l))));

/** Of all its nodes; before there is one, what it offers. */
const borrowedFrom = (
  name: string,
  nodes: readonly NodeStatus[],
  clusterID: string,
  home: string,
  seen: Seen,
): Capacity | undefined => {
  const offers = seen.offers.filter((o) => o.metadata.namespace === home && o.spec.clusterID === clusterID);
  const running = [...new Set([name, ...nodes.map((n) => n.name)])].flatMap((n) => runningOn(n, seen));
  const offered =
    nodes.length > 0 ? nodes.map((n) => n.borrowed.offered) : offers.map((o) => o.spec.resources);
  return offered.length + running.length > 0 ? capacity(sum(offered), running) : undefined;
};

const lentTo = (clusterID: string, home: string, seen: Seen): PeerStatus["lent"] => {
  const offers = seen.offers.filter(
    (o) => o.metadata.namespace === home && o.spec.clusterID === seen.clusterID,
  );
  const request = seen.requests.find((r) => r.metadata.namespace === home && r.spec.clusterID === clusterID);
  const theirs = new Set(
    seen.twins.filter((n) => n.metadata.labels?.[ORIGIN] === clusterID).map((n) => n.metadata.name),
  );
  const running = seen.shadowPods.filter(
    (s) => theirs.has(s.metadata.namespace ?? "") && !isOver(s.status?.phase),
  );
  const { decision, reason } = request?.status ?? {};
  return {
    ...capacity(
      offers.length > 0 ? sum(offers.map((o) => o.spec.resources)) : undefined,
      running.map((s) => podRequests({ spec: s.spec.pod })),
    ),
    ...(decision ? { decision } : {}),
    ...(reason ? { reason } : {}),
  };
};
