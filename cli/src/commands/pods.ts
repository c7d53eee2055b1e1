import { ORIGIN, PEER, REMOTE_CLUSTER_ID, VIRTUAL_NODE } from "@tideway/api";
import { nodes, type Pod, pods } from "@tideway/k8s";
import { type Cli, startDeadline } from "../cli.ts";
import { CliError } from "../exit.ts";
import { isForMachines, renderDocument, renderTable } from "../output.ts";
import { formatQuantity, podRequests } from "../quantity.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

interface Row {
  namespace: string;
  name: string;
  peer: string;
  /** Cluster ID of the peer. */
  cluster: string;
  node: string;
  phase: string;
  requests: Record<string, number>;
}

const rowOf = (p: Pod, peer: string, cluster: string): Row => ({
  namespace: p.metadata.namespace ?? "",
  name: p.metadata.name,
  peer,
  cluster,
  node: p.spec?.nodeName ?? "",
  phase: p.status?.phase ?? "",
  requests: podRequests(p),
});

type Gather = (cli: Cli, signal: AbortSignal) => Promise<Row[]>;

/** Pods of peers that run here: what virtual-kubelet made carries whose it is. */
const foreign: Gather = async (cli, signal) => {
  const all = await (await cli.kube()).list(pods, { labelSelector: ORIGIN, signal });
  return all.map((p) => rowOf(p, p.metadata.labels?.[PEER] ?? "", p.metadata.labels?.[ORIGIN] ?? ""));
};

/** Pods of this cluster that run at peers: those on virtual nodes. */
const away: Gather = async (cli, signal) => {
  const kube = await cli.kube();
  const virtual = await kube.list(nodes, { labelSelector: VIRTUAL_NODE, signal });
  const lists = virtual.map(async ({ metadata: { name, labels } }) => {
    const there = await kube.list(pods, { fieldSelector: `spec.nodeName=${name}`, signal });
    return there.map((p) => rowOf(p, name, labels?.[REMOTE_CLUSTER_ID] ?? ""));
  });
  return (await Promise.all(lists)).flat();
};

export const run = async (cli: Cli, [peer]: string[], options: { foreign?: boolean }): Promise<void> => {
  const { io, globals } = cli;
  const { signal, explain } = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const all = await (options.foreign ? foreign : away)(cli, signal).catch((err: unknown) => {
    throw explain(err, "the cluster to answer");
  });
  const list = all.filter((r) => peer === undefined || r.peer === peer || r.cluster === peer);
  if (peer !== undefined && list.length === 0)
    throw new CliError(
      options.foreign ? `no pod of "${peer}" runs here` : `no pod of this cluster runs at "${peer}"`,
    );
  if (isForMachines(globals.format)) return io.out(await renderDocument(list, globals.format));
  if (list.length === 0)
    return io.err(options.foreign ? "no pod of a peer runs here" : "no pod runs at a peer");
  const isWide = globals.format === "wide";
  const of = (name: string) => (r: Row) => formatQuantity(name, r.requests[name] ?? 0);
  const [cpu, memory] = [of("cpu"), of("memory")];
  io.out(
    renderTable(
      ["NAMESPACE", "NAME", "PEER", "STATUS", "CPU", "MEMORY", "NODE", ...(isWide ? ["CLUSTER-ID"] : [])],
      list.map((r) => [
        r.namespace,
        r.name,
        r.peer,
        r.phase,
        cpu(r),
        memory(r),
        r.node,
        ...(isWide ? [r.cluster] : []),
      ]),
    ),
  );
};
