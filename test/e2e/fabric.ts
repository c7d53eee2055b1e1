import { join } from "node:path";
import {
  type BorderPolicy,
  NETWORK_NAMESPACE,
  type TunnelEndpoint,
  tunnelEndpoints,
  tunnelName,
} from "@tideway/api";
import { type EndpointSlice, endpointSlices, type Pod, pods } from "@tideway/k8s";
import { translate } from "@tideway/net";
import { checkout, inNode } from "@tideway/platform";
import { type Cluster, until } from "@tideway/sandbox";
import type { TestReport } from "../../cli/src/network/matrix/report.ts";
import { podOf as probePod, type PodWish } from "../../cli/src/network/matrix/manifests.ts";
import { east, ensurePeered, exec, isTrue, type Side, west } from "./world.ts";

/** What the tests of the network share: both ends of a tunnel, pods that probe, load, and a look into nodes. */

export const IMAGE = "tideway.local/workload:1";
export const PORT = 8080;

export const tunnelOf = (s: Side, peer: string): Promise<TunnelEndpoint | undefined> =>
  s.kube.find(tunnelEndpoints, tunnelName(peer), NETWORK_NAMESPACE);

export const connected = (a: Side, b: Side): Promise<unknown> =>
  until(
    async () => {
      const both = await Promise.all([tunnelOf(a, b.cluster.name), tunnelOf(b, a.cluster.name)]);
      return both.every((t) => isTrue(t?.status?.conditions, "Ready") && t?.spec.local.seenPodCIDR);
    },
    {
      what: `the tunnel between ${a.cluster.name} and ${b.cluster.name}`,
      explain: async () =>
        JSON.stringify(
          await Promise.all([tunnelOf(a, b.cluster.name), tunnelOf(b, a.cluster.name)]),
          undefined,
          1,
        ),
    },
  );

export const ensureConnected = async (): Promise<void> => {
  await ensurePeered();
  await connected(east, west);
};

/** Runs the CLI's matrix and gives its report, whatever its exit code. */
export const matrix = async (from: Cluster, peer: Cluster, ...more: string[]): Promise<TestReport> => {
  const args = [
    "--kubeconfig",
    from.kubeconfig,
    "network",
    "test",
    peer.name,
    "--image",
    IMAGE,
    "-o",
    "json",
  ];
  const access = ["--peer-kubeconfig", peer.kubeconfig, "--wait", "--timeout", "240s"];
  const out = await exec(join(checkout, "bin/tideway"), [...args, ...access, ...more], {
    maxBuffer: 64 << 20,
  }).catch((err: { stdout?: string; stderr?: string }) => {
    if (err.stdout?.trim()) return { stdout: err.stdout };
    throw new Error(`tideway network test: ${err.stderr ?? String(err)}`);
  });
  return JSON.parse(out.stdout) as TestReport;
};

/** A pod with the probe's server, on a node (or virtual node) of this name. */
export const probe = (w: Omit<PodWish, "image" | "side"> & { app?: string }): object => {
  const { app = w.name, ...wish } = w;
  const pod = probePod({ ...wish, image: IMAGE, side: "ours" });
  const metadata = { ...pod.metadata, labels: { app } };
  return { apiVersion: "v1", kind: "Pod", ...pod, metadata };
};

export const isReady = (p: Readonly<Pod> | undefined): boolean => isTrue(p?.status?.conditions, "Ready");

/** Ready, with an address that this side can reach. */
export const readyPod = (s: Side, namespace: string, name: string): Promise<Pod> =>
  until(
    async () => {
      const pod = await s.kube.find(pods, name, namespace);
      return isReady(pod) && pod?.status?.podIP ? pod : undefined;
    },
    {
      what: `pod ${namespace}/${name} Ready with an address`,
      explain: async () => JSON.stringify((await s.kube.find(pods, name, namespace))?.status),
    },
  );

/** Where `to` sees an address of a pod of `from`. */
export const seenFrom = async (from: Side, to: Side, address: string): Promise<string> => {
  const local = (await tunnelOf(from, to.cluster.name))?.spec.local;
  const seen = local?.seenPodCIDR && translate(address, local.podCIDR, local.seenPodCIDR);
  if (!seen) throw new Error(`${to.cluster.name} does not see ${address} of ${from.cluster.name}`);
  return seen;
};

export const inPod = (s: Side, namespace: string, pod: string, ...command: string[]): Promise<string> =>
  s.cluster.kubectl("-n", namespace, "exec", pod, "--", ...command);

/** The name of who answers; undefined when nobody does within two seconds. */
export const whoAnswers = (
  s: Side,
  namespace: string,
  pod: string,
  host: string,
  port = PORT,
): Promise<string | undefined> =>
  inPod(s, namespace, pod, "curl", "-sS", "--fail", "--max-time", "2", `http://${host}:${port}/`).then(
    (text) => text.trim(),
    () => undefined,
  );

export const answers = (
  s: Side,
  namespace: string,
  pod: string,
  host: string,
  expected: string | RegExp,
): Promise<unknown> =>
  until(
    async () => {
      const who = await whoAnswers(s, namespace, pod, host);
      return who !== undefined && (typeof expected === "string" ? who === expected : expected.test(who));
    },
    { what: `${String(expected)} answering ${pod} at ${host}` },
  );

export const silent = (
  s: Side,
  namespace: string,
  pod: string,
  host: string,
  port = PORT,
): Promise<unknown> =>
  until(async () => (await whoAnswers(s, namespace, pod, host, port)) === undefined, {
    what: `nobody answering ${pod} at ${host}:${port}`,
  });

export const slicesOf = (s: Side, namespace: string, service: string): Promise<EndpointSlice[]> =>
  s.kube.list(endpointSlices, { namespace, labelSelector: `kubernetes.io/service-name=${service}` });

/** What Tideway's route-agent has put into a node: nothing, when it is as it should be without it. */
export const traces = async (c: Cluster, node: string): Promise<string[]> => {
  const [links, rules, routes, tables] = await Promise.all([
    inNode(c, node, "ip", "-o", "link", "show"),
    inNode(c, node, "ip", "rule", "show"),
    // of all tables: to ask for one that never had a route is an error
    inNode(c, node, "ip", "route", "show", "table", "all"),
    inNode(c, node, "nft", "list", "tables"),
  ]);
  return [
    ...links.split("\n").filter((l) => /^\d+: (tideway|tw-)/.test(l)),
    ...rules.split("\n").filter((l) => l.includes("6091")),
    ...routes.split("\n").filter((l) => /table 6091|dev tideway/.test(l)),
    ...tables.split("\n").filter((l) => l.includes("tideway")),
  ];
};

/** Routes to peers that a node has. */
export const remoteRoutes = async (c: Cluster, node: string): Promise<string[]> =>
  (await inNode(c, node, "ip", "route", "show", "table", "all"))
    .split("\n")
    .filter((l) => l.includes("table 6091"));

export const borderPolicy = (name: string, spec: BorderPolicy["spec"]): object => ({
  apiVersion: "networking.tideway.dev/v1alpha1",
  kind: "BorderPolicy",
  metadata: { name },
  spec,
});

export const gatewayPod = async (s: Side, peer: string): Promise<string> =>
  await until(async () => (await tunnelOf(s, peer))?.status?.gateway, {
    what: `the gateway of ${s.cluster.name} to ${peer}`,
  });

/** As the kernel's OOM killer or a lost node would end it: no grace. */
export const killGateway = async (s: Side, peer: string): Promise<string> => {
  const name = await gatewayPod(s, peer);
  await s.cluster.kubectl("-n", "tideway-network", "delete", "pod", name, "--grace-period=0", "--force");
  return name;
};
