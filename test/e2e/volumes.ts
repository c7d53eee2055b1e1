/** Claims, their pods and their volumes on both sides. */
import { isDeepStrictEqual } from "node:util";
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from "@tideway/k8s";
import { rolledOut, type ServiceName } from "@tideway/platform";
import { until } from "@tideway/sandbox";
import { east, shell, type Side, STAY, west } from "./world.ts";

export const claimManifest = (namespace: string, name: string, more: object = {}): object => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name, namespace },
  spec: {
    storageClassName: "tideway",
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "64Mi" } },
    ...more,
  },
});
export const podManifest = (namespace: string, name: string, claim: string, line: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: {
    terminationGracePeriodSeconds: 2,
    containers: [shell(`${line}; ${STAY}`, { volumeMounts: [{ name: "data", mountPath: "/data" }] })],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: claim } }],
  },
});
export const list = (...items: object[]): object => ({ apiVersion: "v1", kind: "List", items });
export const claimOf = (
  s: Side,
  namespace: string,
  name: string,
): Promise<PersistentVolumeClaim | undefined> => s.kube.find(persistentVolumeClaims, name, namespace);
export const volumeOf = (s: Side, name = ""): Promise<PersistentVolume | undefined> =>
  s.kube.find(persistentVolumes, name);
export const read = (namespace: string, pod: string, file = "/data/word"): Promise<string> =>
  east.cluster.kubectl("-n", namespace, "exec", pod, "--", "cat", file).then((s) => s.trim());
export const twinOf = (namespace: string): string => `tideway-east--${namespace}`;
export const volumesOf = async (s: Side): Promise<string[]> =>
  (await s.kube.list(persistentVolumes)).map((v) => v.metadata.name).sort();
/** Names of the volumes of east and of west. */
export const volumesOnBoth = (): Promise<string[][]> => Promise.all([east, west].map(volumesOf));
export const noVolumesBut = async (before: string[][]): Promise<void> => {
  await until(async () => isDeepStrictEqual(await volumesOnBoth(), before), {
    what: "no volume more than before on either side",
    explain: async () => JSON.stringify(await volumesOnBoth()),
  });
};
export const restart = async (s: Side, name: ServiceName): Promise<void> => {
  const label = `app.kubernetes.io/name=${name}`;
  await s.cluster.kubectl(
    ...["-n", "tideway-system", "delete", "pods", "-l", label],
    ...["--force", "--grace-period=0"],
  );
  await rolledOut(s.cluster, name);
};
