import { buildImages, type Cluster, loadImages, startCluster } from "@tideway/sandbox";
import {
  createKube,
  fromKubeconfig,
  informer,
  type Informer,
  type Kube,
  type KubeObject,
  type Resource,
} from "@tideway/k8s";
import { deployTideway, services, tideway } from "@tideway/platform";

/** A cluster of the bench together with a client of its own. */
export interface Side {
  cluster: Cluster;
  kube: Kube;
}
export interface Bed {
  east: Side;
  west: Side;
  signal: AbortSignal;
  report: (text: string) => void;
}

const KWOK_NODES = 4;

export const sideOf = (cluster: Cluster): Side => ({
  cluster,
  kube: createKube(fromKubeconfig(cluster.kubeconfig), { userAgent: "tideway-bench" }),
});

/** Fresh clusters with KWOK capacity on west, Tideway on both, not peered. */
export const makeBed = async (
  signal: AbortSignal,
  qps: number,
  report: (text: string) => void,
): Promise<Bed> => {
  const start = (name: string): Promise<Cluster> =>
    startCluster({
      name,
      sandbox: "bench",
      kwokNodes: name === "west" ? KWOK_NODES : 0,
      qps,
      burst: qps === 20 ? 30 : 1000,
    });
  const [east, west] = await Promise.all([start("east"), start("west")]);
  const images = await buildImages([...services]);
  await Promise.all([east, west].map((c) => loadImages(c, images)));
  await Promise.all([east, west].map((c) => deployTideway(c)));
  // Work of the bench goes to the simulated nodes only: their taint off, one onto the real node.
  await west.kubectl("taint", "node", "-l", "type=kwok", "kwok.x-k8s.io/node-");
  await west.kubectl("taint", "node", "-l", "type!=kwok", "bench=tideway:NoSchedule", "--overwrite");
  report(`clusters up, controller-manager at ${qps} requests a second`);
  return { east: sideOf(east), west: sideOf(west), signal, report };
};

/** A synced informer that ends with the bed. */
export const watching = async <T extends KubeObject>(
  bed: Bed,
  s: Side,
  r: Resource<T>,
  o: { namespace?: string; labelSelector?: string } = {},
): Promise<Informer<T> & AsyncDisposable> => {
  const stop = new AbortController();
  const i = informer(s.kube, r, o);
  i.start(AbortSignal.any([bed.signal, stop.signal]));
  await i.synced;
  return Object.assign(Object.create(i) as Informer<T>, {
    [Symbol.asyncDispose]: () => Promise.resolve(stop.abort()),
  });
};

/** Resolves when the predicate holds for what the informer sees; looks at each change, never by time. */
export const seen = <T extends KubeObject>(
  i: Informer<T>,
  what: string,
  holds: () => boolean,
  timeoutMs = 60_000,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => end(new Error(`bench: ${what} not seen within ${timeoutMs} ms`)),
      timeoutMs,
    );
    let off = (): void => {};
    function end(err?: Error): void {
      clearTimeout(timer);
      off();
      if (err) reject(err);
      else resolve();
    }
    if (holds()) return end();
    off = i.onChange(() => {
      if (holds()) end();
    });
  });

export const peerWithStandingToken = async (bed: Bed): Promise<void> => {
  const invitation = (await tideway(bed.west.cluster, "invite", "--standing")).trim().split("\n").at(-1)!;
  await tideway(bed.east.cluster, "peer", invitation, "--wait", "--timeout", "60s");
};
