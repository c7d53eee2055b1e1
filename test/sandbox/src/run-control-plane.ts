import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaries } from "./binaries.ts";
import {
  apiServerArgs,
  auditPolicy,
  controllerManagerArgs,
  etcdArgs,
  schedulerArgs,
} from "./control-plane.ts";
import { type Daemon, isRunning, logTail, startDaemon } from "./daemon.ts";
import { writeKubeconfig } from "./kubeconfig.ts";
import { API_PORT, API_SERVICE_IP, type ClusterPlace, type NodePlace, SERVICE_CIDR } from "./layout.ts";
import type { ClusterOptions } from "./record.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

export const serverNames = (address: string): string[] => [
  ...[
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
  ].map((n) => `DNS:${n}`),
  ...[address, "127.0.0.1", API_SERVICE_IP].map((a) => `IP:${a}`),
];

async function component(p: ClusterPlace, first: NodePlace, name: string, args: string[]): Promise<Daemon> {
  return {
    name,
    command: await binaries.kube(name),
    args,
    netns: first.netns,
    pidDir: p.pids,
    logFile: join(p.logs, `${name}.log`),
  };
}

export const auditLogOf = (p: ClusterPlace): string => join(p.state, "audit.log");

async function apiServerDaemon(p: ClusterPlace, first: NodePlace, o: ClusterOptions): Promise<Daemon> {
  const policy = join(p.state, "audit-policy.json");
  writeFileSync(policy, auditPolicy);
  const args = apiServerArgs({
    pki: p.pki,
    advertise: first.address,
    bind: "0.0.0.0",
    port: API_PORT,
    etcd: "http://127.0.0.1:2379",
    serviceCidr: SERVICE_CIDR,
    auditLog: o.audit === false ? undefined : auditLogOf(p),
    auditPolicy: policy,
    serviceAccountAdmission: true,
  });
  return component(p, first, "kube-apiserver", args);
}

export async function startControlPlane(p: ClusterPlace, first: NodePlace, o: ClusterOptions): Promise<void> {
  const etcd = etcdArgs({
    dataDir: join(p.state, "etcd"),
    clientUrl: "http://127.0.0.1:2379",
    peerUrl: "http://127.0.0.1:2380",
  });
  startDaemon(await component(p, first, "etcd", etcd));
  await startApi(p, first, o);
  const local = `https://127.0.0.1:${API_PORT}`;
  const config = (user: string): string => {
    const file = join(p.state, `${user}.kubeconfig`);
    writeKubeconfig(file, { cluster: p.cluster, server: local, pki: p.pki, user });
    return file;
  };
  const qps = o.qps ?? 500;
  const burst = o.burst ?? 1000;
  const manager = controllerManagerArgs({
    pki: p.pki,
    kubeconfig: config("kube-controller-manager"),
    port: 10257,
    qps,
    burst,
    extra: o.controllerManagerFlags ?? [],
  });
  startDaemon(await component(p, first, "kube-controller-manager", manager));
  startDaemon(
    await component(p, first, "kube-scheduler", schedulerArgs(config("kube-scheduler"), qps, burst)),
  );
}

export async function startApi(p: ClusterPlace, first: NodePlace, o: ClusterOptions): Promise<void> {
  const d = await apiServerDaemon(p, first, o);
  startDaemon(d);
  const server = `https://${first.address}:${API_PORT}`;
  writeKubeconfig(p.kubeconfig, { cluster: p.cluster, server, pki: p.pki, user: "admin" });
  const ready = async (): Promise<boolean> => {
    if (!isRunning(d)) startDaemon(d); // it gives up when etcd comes up later than it
    return (await kubectl(p, "get", "--raw", "/readyz")) === "ok";
  };
  await until(ready, { what: `API server of ${p.cluster}`, explain: () => logTail(d.logFile), everyMs: 150 });
}

export async function kubectl(p: Pick<ClusterPlace, "kubeconfig">, ...args: string[]): Promise<string> {
  return run(await binaries.kube("kubectl"), ["--kubeconfig", p.kubeconfig, ...args]);
}
