import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kubectl } from "./addons.ts";
import { binaries } from "./binaries.ts";
import { isRunning, logTail, startDaemon } from "./daemon.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { API_PORT, type ClusterPlace, FLANNEL_USER, type NodePlace, POD_CIDR } from "./layout.ts";
import { apiAddress, cniFile, nodeDaemon } from "./node.ts";
import { cniConfig } from "./node-config.ts";
import { until } from "./wait.ts";

/** The overlay arrangement: flannel as it comes, VXLAN on its usual VNI 1 and port 8472, a process of the node. */
const netConf = JSON.stringify({
  Network: POD_CIDR,
  EnableNFTables: true,
  Backend: { Type: "vxlan", VNI: 1, Port: 8472 },
});

const rule = (resources: string[], verbs: string[]): object => ({ apiGroups: [""], resources, verbs });
const rbac = {
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "flannel" },
      rules: [
        rule(["pods"], ["get"]),
        rule(["nodes"], ["get", "list", "watch"]),
        rule(["nodes/status"], ["patch"]),
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "flannel" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flannel" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: FLANNEL_USER }],
    },
  ],
};

export const allowFlannel = (k: Kubectl): Promise<string> =>
  k(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(rbac));

/** The node object has its pod range by now; without it flannel gives up. */
export async function startFlannel(p: ClusterPlace, n: NodePlace): Promise<void> {
  const file = (name: string): string => join(n.run, name);
  const d = {
    ...nodeDaemon(p, n, "flannel", await binaries.flannel(), [
      "--kube-subnet-mgr",
      `--kubeconfig-file=${file("flannel.kubeconfig")}`,
      `--net-config-path=${file("net-conf.json")}`,
      `--subnet-file=${file("subnet.env")}`,
      "--iface=eth0",
      "--ip-masq",
    ]),
    env: { NODE_NAME: n.name },
  };
  if (isRunning(d) && existsSync(cniFile(n))) return;
  const server = `https://${apiAddress(n)}:${API_PORT}`;
  writeKubeconfig(file("flannel.kubeconfig"), { cluster: p.cluster, server, pki: p.pki, user: FLANNEL_USER });
  writeFileSync(file("net-conf.json"), netConf);
  rmSync(file("subnet.env"), { force: true });
  const lease = async (): Promise<boolean> => {
    if (!isRunning(d)) startDaemon(d); // it ends when it did not see the node in time
    return Promise.resolve(existsSync(file("subnet.env")));
  };
  await until(lease, { what: `flannel of ${n.name}`, explain: () => logTail(d.logFile) });
  writeConfig(n, parseEnv(readFileSync(file("subnet.env"), "utf8")));
}

/** What flannel's CNI plugin would hand to the bridge plugin; the plugin itself does nothing else. */
function writeConfig(n: NodePlace, env: Record<string, string>): void {
  const text = cniConfig(n, {
    mtu: Number(env["FLANNEL_MTU"]),
    ipMasq: env["FLANNEL_IPMASQ"] !== "true",
    routes: [{ dst: env["FLANNEL_NETWORK"] ?? POD_CIDR }],
  });
  writeFileSync(`${cniFile(n)}.new`, text); // containerd reads *.conflist only
  renameSync(`${cniFile(n)}.new`, cniFile(n));
}

function parseEnv(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [, key = "", value = ""] of text.matchAll(/^(\w+)=(.*)$/gm)) env[key] = value;
  return env;
}
