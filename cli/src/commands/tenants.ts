import {
  ORIGIN,
  PEER,
  type TenantQuota,
  tenantQuotas,
  workloadPolicies,
  WORKLOAD_POLICY_NAME,
} from "@tideway/api";
import { namespaces } from "@tideway/k8s";
import { type Cli, startDeadline } from "../cli.ts";
import { isForMachines, renderDocument, renderTable } from "../output.ts";
import { usedOf } from "../usage/render.ts";

const DEFAULT_TIMEOUT_MS = 30_000;
/** Only twins have it: the namespaces in which a peer's pods run. */
const SOURCE_NAMESPACE = "offloading.tideway.dev/source-namespace";

interface Tenant {
  peer: string;
  clusterID: string;
  offer: string;
  namespaces: string[];
  used: Record<string, string>;
  hard: Record<string, string>;
  /** Name of the WorkloadPolicy that its pods go by; empty: none. */
  policy: string;
  state: string;
}

const tenantOf = (q: TenantQuota, twins: string[], policies: ReadonlySet<string>): Tenant => ({
  peer: q.spec.peer,
  clusterID: q.spec.clusterID,
  offer: q.metadata.name,
  namespaces: twins,
  used: q.status?.used ?? {},
  hard: q.spec.hard,
  policy: [q.spec.peer, WORKLOAD_POLICY_NAME].find((name) => policies.has(name)) ?? "",
  state: q.status?.conditions?.find((c) => c.type === "Ready")?.reason ?? "",
});

export const run = async (cli: Cli): Promise<void> => {
  const { io, globals } = cli;
  const { signal, explain } = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const kube = await cli.kube();
  const [quotas, twins, policies] = await Promise.all([
    kube.list(tenantQuotas, { signal }),
    kube.list(namespaces, { labelSelector: `${ORIGIN},${SOURCE_NAMESPACE}`, signal }),
    kube.list(workloadPolicies, { signal }),
  ]).catch((err: unknown) => {
    throw explain(err, "the cluster to answer");
  });
  const names = new Set(policies.map((p) => p.metadata.name));
  const list = quotas.map((q) => {
    const own = twins.filter((n) => n.metadata.labels?.[PEER] === q.spec.peer).map((n) => n.metadata.name);
    return tenantOf(q, own, names);
  });
  if (isForMachines(globals.format)) return io.out(await renderDocument(list, globals.format));
  if (list.length === 0) return io.err("no peer may run anything here");
  const isWide = globals.format === "wide";
  const head = ["PEER", "OFFER", "NAMESPACES", "PODS", "CPU", "MEMORY", "POLICY", "STATE"];
  const rows = list.map((t) => [
    t.peer,
    t.offer,
    isWide ? t.namespaces.join(",") : t.namespaces.length,
    ...["pods", "cpu", "memory"].map((name) => usedOf(name, t.used, t.hard)),
    t.policy,
    t.state,
    ...(isWide ? [usedOf("requests.storage", t.used, t.hard), t.clusterID] : []),
  ]);
  io.out(renderTable(isWide ? [...head, "STORAGE", "CLUSTER-ID"] : head, rows));
};
