import { binaries } from "./binaries.ts";
import { coreDns } from "./coredns.ts";
import { allowFlannel, startFlannel } from "./flannel.ts";
import { startKwok } from "./kwok.ts";
import { startLocalPath } from "./local-path.ts";
import type { ClusterPlace, NodePlace } from "./layout.ts";
import type { Cni, ClusterOptions } from "./record.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

export type Kubectl = (args: string[], input?: string) => Promise<string>;

export async function kubectlOf(p: Pick<ClusterPlace, "kubeconfig">): Promise<Kubectl> {
  const command = await binaries.kube("kubectl");
  return (args, input) =>
    run(command, ["--kubeconfig", p.kubeconfig, ...args], input === undefined ? {} : { input });
}

/** What a cluster has on top of its processes: pod ranges on the nodes, DNS, simulated nodes. */
export async function startAddons(
  p: ClusterPlace,
  nodes: readonly NodePlace[],
  o: ClusterOptions,
  report: (step: string) => void,
): Promise<void> {
  const k = await kubectlOf(p);
  await k(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(coreDns()));
  if (o.cni === "flannel") await allowFlannel(k);
  await Promise.all(nodes.map((n) => awaitNode(p, k, n, o.cni ?? "bridge")));
  report(`${nodes.length === 1 ? "node" : "nodes"} Ready`);
  await startLocalPath(p, nodes, k);
  if (o.kwokNodes) {
    await startKwok(p, nodes[0] as NodePlace, k, o.kwokNodes);
    report(`${o.kwokNodes} simulated nodes`);
  }
  await k(["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=60s"]);
  report("DNS");
}

interface NodeObject {
  spec: { podCIDR?: string };
  status: { conditions?: { type: string; status: string }[] };
}

/** Gives the node its pod range as soon as it has registered, and waits until it is Ready. */
export async function awaitNode(p: ClusterPlace, k: Kubectl, n: NodePlace, cni: Cni): Promise<void> {
  const explain = (): string => `see logs/${n.name}-kubelet.log`;
  const node = async (): Promise<NodeObject> =>
    JSON.parse(await k(["get", "node", n.name, "-o", "json"])) as NodeObject;
  const range = JSON.stringify({ spec: { podCIDR: n.podCidr, podCIDRs: [n.podCidr] } });
  const assigned = async (): Promise<boolean> => {
    if (!(await node()).spec.podCIDR) await k(["patch", "node", n.name, "-p", range]);
    return true;
  };
  await until(assigned, { what: `node ${n.name}`, everyMs: 200, explain });
  if (cni === "flannel") await startFlannel(p, n);
  const ready = async (): Promise<boolean> =>
    (await node()).status.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;
  await until(ready, { what: `node ${n.name} to be Ready`, everyMs: 200, explain });
}
