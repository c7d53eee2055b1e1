import {
  CLUSTER_CONFIG_MAP,
  foreignClusters,
  identities,
  namespaceOffloadings,
  ORIGIN,
  resourceOffers,
  resourceRequests,
  shadowPods,
  SYSTEM_NAMESPACE,
  tenants,
  VIRTUAL_NODE,
  virtualNodes,
} from "@tideway/api";
import { describeError } from "@tideway/errors";
import {
  configMaps,
  type Kube,
  type KubeObject,
  type ListOptions,
  namespaces,
  nodes,
  pods,
  type Resource,
} from "@tideway/k8s";
import { CliError } from "../exit.ts";
import { deployments, statefulSets, type StatusReport } from "./model.ts";
import { report, type Seen } from "./report.ts";

export interface Ask {
  /** One peer only, by its name. */
  peer?: string;
  now: number;
  signal: AbortSignal;
}

/** Reads a cluster. What may not be read is named in `problems`; without ForeignClusters there is nothing to say. */
export const statusOf = async (kube: Kube, ask: Ask): Promise<StatusReport> => {
  const { signal } = ask;
  const problems: string[] = [];
  const lists = async <T extends KubeObject>(r: Resource<T>, o: ListOptions = {}): Promise<T[]> => {
    try {
      return await kube.list(r, { ...o, signal });
    } catch (err) {
      if (signal.aborted) throw err;
      problems.push(`${r.plural}: ${describeError(err)}`);
      return [];
    }
  };
  const all = await kube.list(foreignClusters, { signal });
  const peers = ask.peer === undefined ? all : all.filter((p) => p.metadata.name === ask.peer);
  if (ask.peer !== undefined && peers.length === 0)
    throw new CliError(`there is no peer "${ask.peer}" here`, {
      next:
        all.length > 0
          ? `peers here: ${all.map((p) => p.metadata.name).join(", ")}`
          : "there are no peers at all; make one: tideway peer",
    });

  const isVirtual = { labelSelector: VIRTUAL_NODE };
  const isPart = { namespace: SYSTEM_NAMESPACE };
  const onNode = (name: string): Promise<Seen["pods"]> =>
    lists(pods, { fieldSelector: `spec.nodeName=${name}` });
  const standing = await lists(virtualNodes);
  const vns = standing.filter((v) => peers.some((p) => p.spec.clusterID === v.spec.clusterID));
  const [
    kubeSystem,
    config,
    services,
    sets,
    ts,
    ids,
    ns,
    offers,
    requests,
    twins,
    shadows,
    offloaded,
    borrowed,
  ] = await Promise.all([
    kube.find(namespaces, "kube-system", undefined, { signal }).catch(() => undefined),
    kube.find(configMaps, CLUSTER_CONFIG_MAP, SYSTEM_NAMESPACE, { signal }).catch(() => undefined),
    lists(deployments, isPart),
    lists(statefulSets, isPart),
    lists(tenants),
    lists(identities),
    lists(nodes, isVirtual),
    lists(resourceOffers),
    lists(resourceRequests),
    lists(namespaces, { labelSelector: ORIGIN }),
    lists(shadowPods),
    lists(namespaceOffloadings),
    Promise.all([...new Set([...peers, ...vns].map((o) => o.metadata.name))].map(onNode)),
  ]);
  return report({
    clusterID: kubeSystem?.metadata.uid ?? "",
    config: config?.data ?? {},
    services: [...services, ...sets],
    peers,
    tenants: ts,
    identities: ids,
    virtualNodes: vns,
    nodes: ns,
    offers,
    requests,
    twins,
    shadowPods: shadows,
    offloadings: offloaded,
    pods: borrowed.flat(),
    problems,
  });
};
