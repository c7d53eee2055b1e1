import {
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type Pod,
  pods,
} from "@tideway/k8s";
import { type Bed, seen, type Side, watching } from "./bed.ts";
import { percentile, type Result, summarise } from "./result.ts";

const pod = (namespace: string, name: string): Pod => ({
  metadata: { name, namespace, labels: { app: "storage" } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        name: "main",
        image: "tideway.local/workload:1",
        resources: { requests: { cpu: "1m", memory: "1Mi" } },
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: name } }],
  },
});
const claim = (namespace: string, name: string, storageClassName: string): PersistentVolumeClaim => ({
  metadata: { name, namespace, labels: { app: "storage" } },
  spec: {
    storageClassName,
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Mi" } },
  },
});

interface Way {
  side: Side;
  namespace: string;
  storageClass: string;
}
/** The same provisioner on the same nodes, through the border and without it. */
const waysOf = (bed: Bed): { border: Way; direct: Way } => ({
  border: { side: bed.east, namespace: "bench", storageClass: "tideway" },
  direct: { side: bed.west, namespace: "direct", storageClass: "local-path" },
});

/**
 * Milliseconds from making the claims and their pods until every pod runs. All is gone when it resolves, the volumes too:
 * the provisioner asks the API server five times a second at most, and what it deletes takes of that.
 */
const started = async (bed: Bed, w: Way, names: readonly string[]): Promise<number> => {
  const o = { namespace: w.namespace, labelSelector: "app=storage" };
  await using running = await watching(bed, w.side, pods, o);
  await using claims = await watching(bed, w.side, persistentVolumeClaims, o);
  await using volumes = await watching(bed, bed.west, persistentVolumes);
  const others = volumes.size;
  const startedAt = performance.now();
  await Promise.all(
    names.map(async (name) => {
      await w.side.kube.create(persistentVolumeClaims, claim(w.namespace, name, w.storageClass));
      await w.side.kube.create(pods, pod(w.namespace, name));
    }),
  );
  const up = (): boolean =>
    running.list().filter((p) => p.status?.phase === "Running").length === names.length;
  try {
    await seen(running, `${names.length} pods with claims Running in ${w.namespace}`, up, 300_000);
  } catch (err) {
    throw new Error(await w.side.cluster.kubectl("-n", w.namespace, "get", "events,pvc,pods"), {
      cause: err,
    });
  }
  const took = performance.now() - startedAt;
  await Promise.all(
    names.map(async (name) => {
      await w.side.kube.delete(pods, name, w.namespace, { gracePeriodSeconds: 0 });
      await w.side.kube.delete(persistentVolumeClaims, name, w.namespace);
    }),
  );
  await seen(claims, `claims gone in ${w.namespace}`, () => claims.size === 0, 300_000);
  await seen(volumes, "volumes gone", () => volumes.size === others, 300_000);
  return took;
};

/** Real nodes on west: a simulated one runs no helper of the provisioner. */
export const onRealNodes = async (bed: Bed, body: () => Promise<Result[]>): Promise<Result[]> => {
  const taint = (...args: string[]): Promise<string> => bed.west.cluster.kubectl("taint", "node", ...args);
  await taint("-l", "type=kwok", "bench=storage:NoSchedule", "--overwrite");
  await taint("-l", "type!=kwok", "bench=tideway:NoSchedule-");
  try {
    return await body();
  } finally {
    await taint("-l", "type!=kwok", "bench=tideway:NoSchedule", "--overwrite");
    await taint("-l", "type=kwok", "bench=storage:NoSchedule-");
  }
};

const BURST = 100;

/** A claim bound and its pod started, one at a time in turn; then a hundred at once. */
export const benchStorage = (bed: Bed, rounds: number): Promise<Result[]> =>
  onRealNodes(bed, async () => {
    const { border, direct } = waysOf(bed);
    const through: number[] = [];
    const reference: number[] = [];
    for (let i = 0; i < rounds; i++) {
      reference.push(await started(bed, direct, [`claim-${i}`]));
      through.push(await started(bed, border, [`claim-${i}`]));
    }
    const b = summarise(through);
    const ref = percentile(reference, 50);
    bed.report(`claim and pod: ${b.p50.toFixed(0)} ms through the border, ${ref.toFixed(0)} ms directly`);
    const names = Array.from({ length: BURST }, (_, i) => `burst-${i}`);
    const directly = BURST / ((await started(bed, direct, names)) / 1000);
    bed.report(`${BURST} claims at once: ${directly.toFixed(2)} a second directly`);
    const across = BURST / ((await started(bed, border, names)) / 1000);
    bed.report(`${BURST} claims at once: ${across.toFixed(2)} a second through the border`);
    return [
      {
        name: "claim bound and pod started through the border",
        unit: "ms",
        ...b,
        reference: ref,
        ratio: b.p50 / ref,
        target: "at most 150 ms more at p50",
        met: b.p50 - ref <= 150,
      },
      {
        name: `${BURST} claims with their pods at once`,
        unit: "claims/s",
        n: 1,
        p50: across,
        p99: across,
        reference: directly,
        ratio: across / directly,
        target: "at least 0.9 of the direct rate",
        met: across / directly >= 0.9,
      },
    ];
  });
