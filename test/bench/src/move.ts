import { type PersistentVolumeClaim, persistentVolumeClaims, type Pod, pods } from "@tideway/k8s";
import { tideway } from "@tideway/platform";
import { loadAppImages, until } from "@tideway/sandbox";
import { MEASURE } from "../../../cli/src/network/matrix/scripts.ts";
import { type Bed, seen, watching } from "./bed.ts";
import { makeProbe, PORT } from "./network-bed.ts";
import type { Measured } from "./raw-wireguard.ts";
import { percentile, type Result, summarise } from "./result.ts";

const NS = "moving";
const BYTES = 2 ** 30;
const ROUNDS = 3;
/** How long each plain transfer takes. */
const SECONDS = 4;

const claim = (name: string): PersistentVolumeClaim => ({
  metadata: { name, namespace: NS },
  spec: {
    storageClassName: "tideway",
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "2Gi" } },
  },
});
/** Writes, ends, and is deleted: nobody uses the claim when it is moved. */
const filler = (name: string, node: string): Pod => ({
  metadata: { name: `fill-${name}`, namespace: NS },
  spec: {
    restartPolicy: "Never",
    nodeSelector: { "kubernetes.io/hostname": node },
    containers: [
      {
        name: "main",
        image: "tideway.local/workload:1",
        command: ["/bin/bash", "-c", `head -c ${BYTES} /dev/urandom >/data/big && sync /data/big`],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: name } }],
  },
});

/** Bytes a second of one plain TCP stream, from a pod here to a pod over there. */
const tunnelRate = async (bed: Bed): Promise<number> => {
  const wish = JSON.stringify({ host: "sends", port: PORT + 1, streams: 1, seconds: SECONDS, pings: 0 });
  const run = ["-n", NS, "exec", "takes", "--", "node", "-e", MEASURE, wish];
  return (JSON.parse(await bed.east.cluster.kubectl(...run)) as Measured).bytesPerSecond;
};

interface Moved {
  /** Bytes a second of the first copy, from its pod's running to its end. */
  rate: number;
  /** From the wish to the claim switched, ms; every byte is read and compared once more in it. */
  whole: number;
}

const moveOnce = async (bed: Bed, name: string, node: string): Promise<Moved> => {
  const { kube, cluster } = bed.east;
  await kube.create(persistentVolumeClaims, claim(name));
  await kube.create(pods, filler(name, node));
  await using all = await watching(bed, bed.east, pods, { namespace: NS });
  const filled = (): boolean => all.get(`${NS}/fill-${name}`)?.status?.phase === "Succeeded";
  await seen(all, "a GiB written", filled, 120_000);
  await cluster.kubectl("-n", NS, "delete", `pod/fill-${name}`, "--timeout=60s");
  const at = new Map<string, number>();
  const off = all.onChange((_key, pod) => {
    const phase = pod?.metadata.name.endsWith("-copy-1") ? pod.status?.phase : undefined;
    if (phase && !at.has(phase)) at.set(phase, performance.now());
  });
  const startedAt = performance.now();
  await tideway(
    cluster,
    ...["move", "volume", name, "-n", NS, "--to", "west", "--wait", "--timeout", "300s"],
  );
  const whole = performance.now() - startedAt;
  off();
  await tideway(cluster, "move", "volume", name, "-n", NS, "--confirm");
  const copied = (at.get("Succeeded") ?? Number.NaN) - (at.get("Running") ?? Number.NaN);
  await cluster.kubectl("-n", NS, "delete", `pvc/${name}`, "--timeout=60s");
  return { rate: BYTES / (copied / 1_000), whole };
};

/** A GiB to the other side, and in turn what one plain stream carries through the same tunnel. */
export const benchMove = async (bed: Bed): Promise<Result[]> => {
  const { cluster } = bed.east;
  const node = cluster.nodes[0] ?? "";
  await Promise.all([bed.east, bed.west].map((s) => loadAppImages(s.cluster, ["mover"])));
  await cluster.kubectl("create", "namespace", NS);
  await tideway(cluster, "offload", "namespace", NS, "--wait", "--timeout", "60s");
  await makeProbe(bed.east, { name: "sends", namespace: NS, hostname: node });
  await makeProbe(bed.east, { name: "takes", namespace: NS, hostname: "west" });
  await cluster.kubectl("-n", NS, "expose", "pod", "sends", "--port=8080", "--cluster-ip=None");
  await until(() => tunnelRate(bed), { what: "the name of the sender known over there", timeoutMs: 60_000 });
  const moves: Moved[] = [];
  const plain: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    plain.push(await tunnelRate(bed));
    moves.push(await moveOnce(bed, `big-${i}`, node));
    const [rate, of] = [(moves.at(-1)?.rate ?? 0) / 1e6, (plain.at(-1) ?? 0) / 1e6];
    bed.report(`move ${i + 1}/${ROUNDS}: ${rate.toFixed(0)} MB/s of ${of.toFixed(0)} MB/s`);
  }
  await cluster.kubectl("delete", "namespace", NS, "--timeout=120s");
  const rates = moves.map((m) => m.rate / 1e6);
  const ratio = percentile(
    moves.map((m, i) => m.rate / (plain[i] ?? Number.NaN)),
    50,
  );
  return [
    {
      name: "moving 1 GiB to the other side: the copy, against a plain TCP stream in turn",
      unit: "MB/s",
      ...summarise(rates),
      reference: percentile(plain, 50) / 1e6,
      ratio,
      target: "at least 0.7 of what the tunnel carries",
      met: ratio >= 0.7,
    },
    {
      name: "moving 1 GiB, from the wish to the switched claim, every byte compared",
      unit: "s",
      ...summarise(moves.map((m) => m.whole / 1_000)),
      target: "intact",
      met: true,
    },
  ];
};
