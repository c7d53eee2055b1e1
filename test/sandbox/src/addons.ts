import { join } from "node:path";
import { binaries } from "./binaries.ts";
import type { ClusterOptions } from "./cluster.ts";
import { coreDns } from "./coredns.ts";
import type { ClusterPlace, NodePlace } from "./layout.ts";
import { startKwok } from "./kwok.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

/** What a cluster has on top of its processes: pod ranges on the nodes, DNS, simulated nodes. */
export async function startAddons(
  p: ClusterPlace,
  nodes: readonly NodePlace[],
  o: ClusterOptions,
  report: (step: string) => void,
): Promise<void> {
  const kubectl = await binaries.kube("kubectl");
  const k = (args: string[], input?: string): Promise<string> =>
    run(kubectl, ["--kubeconfig", p.kubeconfig, ...args], input === undefined ? {} : { input });
  await k(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(coreDns()));
  await Promise.all(nodes.map((n) => waitReady(k, n)));
  report(`${nodes.length === 1 ? "node" : "nodes"} Ready`);
  if (o.kwokNodes) {
    await startKwok(p, nodes[0] as NodePlace, k, o.kwokNodes);
    report(`${o.kwokNodes} simulated nodes`);
  }
  await k(["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=60s"]);
  report("DNS");
}

export type Kubectl = (args: string[], input?: string) => Promise<string>;

async function waitReady(k: Kubectl, n: NodePlace): Promise<void> {
  await until(
    async () => {
      const node = JSON.parse(await k(["get", "node", n.name, "-o", "json"])) as {
        spec: { podCIDR?: string };
        status: { conditions?: { type: string; status: string }[] };
      };
      if (!node.spec.podCIDR) {
        await k([
          "patch",
          "node",
          n.name,
          "-p",
          JSON.stringify({ spec: { podCIDR: n.podCidr, podCIDRs: [n.podCidr] } }),
        ]);
      }
      return node.status.conditions?.some((c) => c.type === "Ready" && c.status === "True");
    },
    { what: `node ${n.name}`, everyMs: 200, explain: () => `see ${join("logs", `${n.name}-kubelet.log`)}` },
  );
}
