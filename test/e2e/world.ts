import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { attachCluster, type Cluster, until } from "@tideway/sandbox";
import { foreignClusters, resourceRequests, peerNamespace } from "@tideway/api";
import {
  type Credentials,
  secrets,
  createKube,
  fromKubeconfig,
  type Kube,
  type Node,
  nodes,
  type Pod,
  pods,
} from "@tideway/k8s";
import { peer, tideway } from "@tideway/platform";
import { DIR } from "./setup.ts";

export const exec = promisify(execFile);

export interface Side {
  cluster: Cluster;
  kube: Kube;
}

export const sideOf = async (name: string): Promise<Side> => {
  const cluster = await attachCluster(name, DIR);
  return { cluster, kube: createKube(fromKubeconfig(cluster.kubeconfig), { userAgent: "tideway-e2e" }) };
};

export const east = await sideOf("east");
export const west = await sideOf("west");

export const isTrue = (
  conditions: readonly { type: string; status: string }[] | undefined,
  type: string,
): boolean => conditions?.some((c) => c.type === type && c.status === "True") ?? false;

export const nodeOf = (name = "west"): Promise<Node | undefined> => east.kube.find(nodes, name);
export const nodeReady = async (): Promise<boolean> => isTrue((await nodeOf())?.status?.conditions, "Ready");

export const ensurePeered = async (): Promise<void> => {
  const known = await east.kube.find(foreignClusters, "west");
  if (known?.spec.outgoingPeering !== "Yes") await peer(east.cluster, west.cluster);
  await until(nodeReady, { what: "virtual node west Ready" });
};

export const ensureUnpeered = async (): Promise<void> => {
  if (await east.kube.find(foreignClusters, "west"))
    await tideway(east.cluster, "unpeer", "west", "--wait", "--timeout", "60s");
};

/** Who a cluster is at its provider, as its services act there. */
export const identityOf = async (s: Side, provider: string): Promise<Credentials> => {
  const { data } = await s.kube.get(secrets, "tideway-identity", peerNamespace(provider));
  const text = (key: string): string => Buffer.from(data?.[key] ?? "", "base64").toString();
  return { server: text("server"), ca: text("ca.crt"), cert: text("tls.crt"), key: text("tls.key") };
};

/** A fresh namespace whose pods run on the peer; gives the name of its twin there. */
export const offloadedNamespace = async (name: string): Promise<string> => {
  await ensurePeered();
  if (
    !(await east.kube.find(
      { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false },
      name,
    ))
  )
    await east.cluster.kubectl("create", "namespace", name);
  await tideway(
    east.cluster,
    "offload",
    "namespace",
    name,
    "--pod-offloading-strategy",
    "Remote",
    "--wait",
    "--timeout",
    "60s",
  );
  return `tideway-east--${name}`;
};

export const dropNamespace = async (name: string): Promise<void> => {
  await east.cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=90s");
};

export const apply = async (cluster: Cluster, manifest: object): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), "tideway-e2e-"));
  try {
    writeFileSync(join(dir, "manifest.json"), JSON.stringify(manifest));
    await cluster.kubectl("apply", "-f", join(dir, "manifest.json"));
  } finally {
    rmSync(dir, { recursive: true });
  }
};

/** A container of the workload image that runs a shell line. */
export const shell = (line: string, more: object = {}): object => ({
  name: "main",
  image: "tideway.local/workload:1",
  command: ["/bin/bash", "-c", line],
  ...more,
});
/** Runs until told to end, and then ends at once. */
export const STAY = "trap 'exit 0' TERM; while true; do sleep 1 & wait; done";

export const podOf = (s: Side, namespace: string, name: string): Promise<Pod | undefined> =>
  s.kube.find(pods, name, namespace);
export const phaseIs = (s: Side, namespace: string, name: string, phase: string): Promise<Pod> =>
  until(
    async () => {
      const pod = await podOf(s, namespace, name);
      return pod?.status?.phase === phase ? pod : undefined;
    },
    {
      what: `pod ${namespace}/${name} ${phase}`,
      explain: async () => JSON.stringify((await podOf(s, namespace, name))?.status),
    },
  );

/** kubectl with an input and without throwing: what a person sees, and the exit code. */
export const kubectlRaw = (
  cluster: Cluster,
  args: string[],
  o: { input?: string; until?: (out: string) => boolean; timeoutMs?: number } = {},
): Promise<{ out: string; err: string; code: number | null }> =>
  new Promise((resolve, reject) => {
    const child = spawn("bin/kubectl", ["--kubeconfig", cluster.kubeconfig, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    const timer = setTimeout(() => child.kill("SIGTERM"), o.timeoutMs ?? 30_000);
    child.stdout.on("data", (b: Buffer) => {
      out += b.toString();
      if (o.until?.(out)) child.kill("SIGTERM");
    });
    child.stderr.on("data", (b: Buffer) => (err += b.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ out, err, code });
    });
    child.stdin.on("error", () => {});
    if (o.input !== undefined) child.stdin.end(o.input);
  });

export const requestOf = (s: Side, peerName: string): ReturnType<Kube["find"]> =>
  s.kube.find(resourceRequests, "request", `tideway-tenant-${peerName}`);
