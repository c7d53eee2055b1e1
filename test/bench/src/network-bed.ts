import { NETWORK_NAMESPACE, type TunnelEndpoint, tunnelEndpoints, tunnelName } from "@tideway/api";
import { type Pod, pods } from "@tideway/k8s";
import { deployTideway, services, tideway } from "@tideway/platform";
import { buildImages, loadImages, startCluster, until } from "@tideway/sandbox";
import { podOf, type PodWish } from "../../../cli/src/network/matrix/manifests.ts";
import { type Bed, peerWithStandingToken, type Side, sideOf } from "./bed.ts";

/** Of the network's parts: an image with Node and ping on every node. */
export const IMAGE = "tideway.local/workload:1";
export const NS = "bench";
export const TWIN = "tideway-east--bench";
export const PORT = 8080;

export const tunnelOf = (s: Side, peer: string): Promise<TunnelEndpoint | undefined> =>
  s.kube.find(tunnelEndpoints, tunnelName(peer), NETWORK_NAMESPACE);

export const isUp = (t: Readonly<TunnelEndpoint> | undefined): boolean =>
  t?.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

/** Two clusters of two real nodes, peered, their tunnel up, namespace `bench` offloaded. */
export const makeNetworkBed = async (signal: AbortSignal, report: Bed["report"]): Promise<Bed> => {
  const start = (name: string): ReturnType<typeof startCluster> =>
    startCluster({ name, sandbox: "bench", nodes: 2 });
  const [east, west] = await Promise.all([start("east"), start("west")]);
  const images = await buildImages([...services]);
  await Promise.all([east, west].map((c) => loadImages(c, images)));
  await Promise.all([east, west].map((c) => deployTideway(c)));
  const bed = { east: sideOf(east), west: sideOf(west), signal, report };
  await peerWithStandingToken(bed);
  await until(async () => isUp(await tunnelOf(bed.east, "west")) && isUp(await tunnelOf(bed.west, "east")), {
    what: "the tunnel",
  });
  await east.kubectl("create", "namespace", NS);
  await tideway(east, "offload", "namespace", NS, "--wait", "--timeout", "60s");
  report("clusters of two nodes up, tunnel up");
  return bed;
};

/** A pod with the probe's server; labelled `app: <name>`. */
export const makeProbe = async (
  s: Side,
  w: Pick<PodWish, "name" | "namespace" | "hostname">,
): Promise<Pod> => {
  const pod = podOf({ ...w, image: IMAGE, side: "ours" });
  await s.kube.create(pods, { ...pod, metadata: { ...pod.metadata, labels: { app: w.name } } });
  return await until(
    async () => {
      const now = await s.kube.find(pods, w.name, w.namespace);
      const ready = now?.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True");
      return ready && now?.status?.podIP ? now : undefined;
    },
    {
      what: `pod ${w.name} Ready`,
      explain: async () => JSON.stringify((await s.kube.find(pods, w.name, w.namespace))?.status),
    },
  );
};
