import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "@tideway/sandbox";
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from "@tideway/k8s";
import { tideway } from "@tideway/platform";
import { ensureConnected } from "./fabric.ts";
import {
  apply,
  dropNamespace,
  east,
  ensurePeered,
  ensureUnpeered,
  offloadedNamespace,
  phaseIs,
  shell,
  type Side,
  STAY,
  west,
} from "./world.ts";

/** Volumes on both sides of the border, from rancher's local-path-provisioner. */

const FAR = "far-data";
const NEAR = "near-data";

const claimManifest = (namespace: string, name: string, more: object = {}): object => ({
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
const podManifest = (namespace: string, name: string, claim: string, line: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: {
    terminationGracePeriodSeconds: 2,
    containers: [shell(`${line}; ${STAY}`, { volumeMounts: [{ name: "data", mountPath: "/data" }] })],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: claim } }],
  },
});
const list = (...items: object[]): object => ({ apiVersion: "v1", kind: "List", items });
const claimOf = (s: Side, namespace: string, name: string): Promise<PersistentVolumeClaim | undefined> =>
  s.kube.find(persistentVolumeClaims, name, namespace);
const volumeOf = (s: Side, name = ""): Promise<PersistentVolume | undefined> =>
  s.kube.find(persistentVolumes, name);
const read = (namespace: string, pod: string, file = "/data/word"): Promise<string> =>
  east.cluster.kubectl("-n", namespace, "exec", pod, "--", "cat", file).then((s) => s.trim());
const twinOf = (namespace: string): string => `tideway-east--${namespace}`;
const volumesOf = async (s: Side): Promise<string[]> =>
  (await s.kube.list(persistentVolumes)).map((v) => v.metadata.name).sort();

let before: string[][];
beforeAll(async () => {
  await ensureConnected();
  before = await Promise.all([east, west].map(volumesOf));
});

describe("a claim whose first pod runs on the virtual node", () => {
  beforeAll(() => offloadedNamespace(FAR));

  it("gets its volume there, and the pod its data", async () => {
    await apply(
      east.cluster,
      list(claimManifest(FAR, "data"), podManifest(FAR, "first", "data", "echo hello >/data/word")),
    );
    await phaseIs(east, FAR, "first", "Running");
    expect(await read(FAR, "first")).toBe("hello");
    const here = await claimOf(east, FAR, "data");
    const there = await claimOf(west, twinOf(FAR), "data");
    expect(here?.status?.phase).toBe("Bound");
    expect(there?.spec?.storageClassName).toBe("local-path");
    expect((await volumeOf(west, there?.spec?.volumeName))?.spec?.persistentVolumeReclaimPolicy).toBe(
      "Retain",
    );
  });

  it("draws later pods to its data, also one that may run here", async () => {
    await tideway(east.cluster, "offload", "namespace", FAR, "--wait"); // here and there
    await east.cluster.kubectl("-n", FAR, "delete", "pod", "first");
    await apply(east.cluster, podManifest(FAR, "second", "data", "true"));
    const pod = await phaseIs(east, FAR, "second", "Running");
    expect(pod.spec?.nodeName).toBe("west");
    expect(await read(FAR, "second")).toBe("hello");
  });

  it("finds its data again after unpeering and peering, and nothing else in the meantime", async () => {
    const volume = (await claimOf(west, twinOf(FAR), "data"))?.spec?.volumeName;
    await east.cluster.kubectl("-n", FAR, "delete", "pod", "second");
    await ensureUnpeered();
    expect((await claimOf(east, FAR, "data"))?.status?.phase).toBe("Bound");
    expect((await volumeOf(west, volume))?.status?.phase).toBe("Released");
    await ensurePeered();
    await tideway(east.cluster, "offload", "namespace", FAR, "--wait", "--timeout", "60s");
    await apply(east.cluster, podManifest(FAR, "third", "data", "true"));
    await phaseIs(east, FAR, "third", "Running");
    expect(await read(FAR, "third")).toBe("hello");
    expect((await claimOf(west, twinOf(FAR), "data"))?.spec?.volumeName).toBe(volume);
  });

  it("is deleted there with its claim here", async () => {
    const volume = (await claimOf(west, twinOf(FAR), "data"))?.spec?.volumeName;
    await east.cluster.kubectl("-n", FAR, "delete", "pod", "third");
    await east.cluster.kubectl("-n", FAR, "delete", "pvc", "data", "--timeout=30s");
    await until(async () => !(await volumeOf(west, volume)), { what: "the data gone at the provider" });
    expect(await volumesOf(east)).toEqual(before[0]);
    expect(await volumesOf(west)).toEqual(before[1]);
  });

  afterAll(() => dropNamespace(FAR));
});

describe("a claim whose first pod runs on a real node", () => {
  beforeAll(() => east.cluster.kubectl("create", "namespace", NEAR));

  it("gets a volume of the real class, and goes with it", async () => {
    await apply(
      east.cluster,
      list(claimManifest(NEAR, "data"), podManifest(NEAR, "first", "data", "echo hello >/data/word")),
    );
    await phaseIs(east, NEAR, "first", "Running");
    expect(await read(NEAR, "first")).toBe("hello");
    const volume = await volumeOf(east, (await claimOf(east, NEAR, "data"))?.spec?.volumeName);
    expect(volume?.spec?.storageClassName).toBe("local-path");
    await east.cluster.kubectl("-n", NEAR, "delete", "pod/first", "pvc/data", "--timeout=30s");
    await until(async () => !(await volumeOf(east, volume?.metadata.name)), { what: "the volume gone" });
    expect(await volumesOf(east)).toEqual(before[0]);
  });

  afterAll(() => dropNamespace(NEAR));
});
