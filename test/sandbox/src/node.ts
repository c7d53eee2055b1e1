import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaries } from "./binaries.ts";
import { type Daemon, logTail, startDaemon } from "./daemon.ts";
import { API_PORT, type ClusterPlace, type NodePlace } from "./layout.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { containerdConfig, cniConfig, kubeletArgs, kubeletConfig, proxyConfig } from "./node-config.ts";
import type { Cni } from "./record.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

const CGROUPS = "/sys/fs/cgroup";

export const nodeDaemon = (
  p: ClusterPlace,
  n: NodePlace,
  name: string,
  command: string,
  args: string[],
): Daemon => ({
  name: `${n.name}.${name}`,
  command,
  args,
  netns: n.netns,
  pidDir: p.pids,
  logFile: join(p.logs, `${n.name}-${name}.log`),
});

/** The hierarchies that a pod's cgroup appears in: one on v2, one a controller on v1. */
export function cgroupMounts(): string[] {
  if (existsSync(join(CGROUPS, "cgroup.controllers"))) return [CGROUPS];
  return readdirSync(CGROUPS)
    .map((c) => join(CGROUPS, c))
    .filter((d) => existsSync(join(d, "cgroup.procs")));
}

export const cniFile = (n: NodePlace): string => join(n.run, "cni", "10-pods.conflist");

/** With flannel the pods' network is configured when flannel knows it: until then the node is not Ready. */
export async function startContainerd(p: ClusterPlace, n: NodePlace, cni: Cni): Promise<void> {
  mkdirSync(join(n.run, "cni"), { recursive: true });
  mkdirSync(n.data, { recursive: true });
  writeFileSync(join(n.run, "containerd.toml"), containerdConfig(n));
  if (cni === "bridge") writeFileSync(cniFile(n), cniConfig(n));
  const d = nodeDaemon(p, n, "containerd", "containerd", ["--config", join(n.run, "containerd.toml")]);
  startDaemon(d);
  await until(() => ctr(n, "version").then(() => true), {
    what: `containerd of ${n.name}`,
    explain: () => logTail(d.logFile),
  });
}

export const ctr = (n: NodePlace, ...args: string[]): Promise<string> =>
  run("ctr", ["--address", n.socket, "--namespace", "k8s.io", ...args]);

/** The kubelet and kube-proxy; the API server has to be there. */
export async function startAgents(p: ClusterPlace, n: NodePlace): Promise<void> {
  const server = `https://${apiAddress(n)}:${API_PORT}`;
  const kubeconfig = (user: string): string => {
    const file = join(n.run, `${user}.kubeconfig`);
    writeKubeconfig(file, { cluster: p.cluster, server, pki: p.pki, user });
    return file;
  };
  for (const mount of cgroupMounts()) mkdirSync(join(mount, n.cgroup), { recursive: true });
  writeFileSync(join(n.run, "resolv.conf"), "");
  writeFileSync(join(n.run, "kubelet.yaml"), kubeletConfig(n, p.pki));
  writeChanged(join(n.run, "kube-proxy.yaml"), proxyConfig(n, kubeconfig("kube-proxy")));
  const kubelet = kubeletArgs(n, kubeconfig(`kubelet-${n.name}`));
  startDaemon(nodeDaemon(p, n, "kubelet", await binaries.kube("kubelet"), kubelet));
  const proxy = [`--config=${join(n.run, "kube-proxy.yaml")}`];
  startDaemon(nodeDaemon(p, n, "kube-proxy", await binaries.kube("kube-proxy"), proxy));
}

/** kube-proxy watches its configuration and ends when the file is written, also with the same words. */
const writeChanged = (file: string, text: string): void => {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
};

/** The control plane lives on node 0, whose address differs in the last octet only. */
export function apiAddress(n: NodePlace): string {
  if (n.index === 0) return "127.0.0.1";
  const octets = n.address.split(".").map(Number);
  return [...octets.slice(0, 3), (octets[3] ?? 0) - n.index].join(".");
}
