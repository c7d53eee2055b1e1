import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Kubectl } from "./addons.ts";
import { binaries } from "./binaries.ts";
import { startDaemon } from "./daemon.ts";
import type { ClusterPlace, NodePlace } from "./layout.ts";
import { until } from "./wait.ts";

/** Only pods that ask for it get there: `nodeSelector: {type: kwok}` and a toleration of the taint. */
const simulatedNode = (name: string): object => {
  const resources = { cpu: "32", memory: "256Gi", pods: "1000", "ephemeral-storage": "1Ti" };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      annotations: { "kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0" },
      labels: {
        type: "kwok",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
      },
    },
    spec: { taints: [{ key: "kwok.x-k8s.io/node", value: "fake", effect: "NoSchedule" }] },
    status: { allocatable: resources, capacity: resources },
  };
};

export async function startKwok(p: ClusterPlace, first: NodePlace, k: Kubectl, count: number): Promise<void> {
  mkdirSync(p.logs, { recursive: true });
  startDaemon({
    name: "kwok",
    command: await binaries.kwok(),
    args: [
      `--kubeconfig=${p.kubeconfig}`,
      "--manage-all-nodes=false",
      "--manage-nodes-with-label-selector=type=kwok",
      "--node-lease-duration-seconds=40", // with the default its nodes flap under load
      "--cidr=10.200.255.0/24",
      `--node-ip=${first.address}`,
      "--server-address=127.0.0.1:10247",
    ],
    netns: first.netns,
    pidDir: p.pids,
    logFile: join(p.logs, "kwok.log"),
  });
  const names = Array.from({ length: count }, (_, i) => `${p.cluster}-kwok-${i}`);
  const list = { apiVersion: "v1", kind: "List", items: names.map(simulatedNode) };
  await k(["apply", "--server-side", "-f", "-"], JSON.stringify(list));
  await until(async () => (await readyCount(k)) >= count, { what: `${count} simulated nodes`, everyMs: 250 });
}

async function readyCount(k: Kubectl): Promise<number> {
  const ready = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  const lines = await k(["get", "nodes", "-l", "type=kwok", "-o", `jsonpath=${ready}`]);
  return lines.split("\n").filter((l) => l === "True").length;
}
