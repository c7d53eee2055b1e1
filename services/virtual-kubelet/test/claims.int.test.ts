import { namespaceOffloadings, type ShadowClaim, shadowClaims } from "@tideway/api";
import {
  namespaces,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from "@tideway/k8s";
import type { FactInput } from "@tideway/protos";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EAST, startWorld, WEST, type World } from "./world.ts";

let w: World;
let twin: string;
let claims: Awaited<ReturnType<World["east"]["bus"]["facts"]>>;
const NS = "shop";

beforeAll(async () => {
  w = await startWorld({
    west: [
      "persistentvolume-binder-controller",
      "persistentvolumeclaim-protection-controller",
      "persistentvolume-protection-controller",
    ],
  });
  for (const [name, volumeBindingMode] of [
    ["disk", "WaitForFirstConsumer"],
    ["now", "Immediate"],
  ])
    await w.west.kube.create(storageClasses, {
      metadata: { name },
      provisioner: "disk.example",
      volumeBindingMode,
      allowVolumeExpansion: true,
    } as never);
  await w.classesFact([
    { name: "disk", default: true, capacity: "10Gi" },
    { name: "now" },
    { name: "vanished" },
  ]);
  await w.peered();
  twin = await w.offload(NS);
  claims = await w.east.bus.facts("claim");
}, 120_000);
afterAll(() => w?.stop(), 60_000);

const wish = (uid: string, claim: string, more: Partial<FactInput<"volume">> = {}) =>
  w.east.bus.publish("volume", { peer: WEST, id: uid }, {
    clusterId: WEST,
    state: "PENDING",
    namespace: NS,
    claim,
    size: "1Gi",
    accessModes: ["ReadWriteOnce"],
    volumeMode: "Filesystem",
    ...more,
  } as never);
const answer = (uid: string, state: string) =>
  w.until(async () => {
    const f = claims.get(WEST, uid)?.data as FactInput<"claim"> | undefined;
    return f?.state === state && f;
  }, `answer ${state}`);
const shadow = (name: string): Promise<ShadowClaim | undefined> => w.west.kube.find(shadowClaims, name, twin);
const remote = (name: string): Promise<PersistentVolumeClaim | undefined> =>
  w.west.kube.find(persistentVolumeClaims, name, twin);
const gone = (name: string) =>
  w.until(async () => !(await shadow(name)) && !(await remote(name)), `${name} gone at the provider`);

/** What the provider's provisioner does when the first pod of a claim comes. */
const provision = async (name: string): Promise<PersistentVolume> => {
  const claim = await w.until(() => remote(name), `claim ${name} at the provider`);
  const volume = await w.west.kube.create(persistentVolumes, {
    metadata: { name: `pvc-${claim.metadata.uid}` },
    spec: {
      capacity: { storage: claim.spec?.resources?.requests?.["storage"] ?? "" },
      accessModes: claim.spec?.accessModes ?? [],
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: claim.spec?.storageClassName ?? "",
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: twin,
        name,
        uid: claim.metadata.uid ?? "",
      },
      hostPath: { path: `/volumes/${claim.metadata.uid}` },
    },
  });
  await w.until(async () => (await remote(name))?.status?.phase === "Bound", `${name} bound at the provider`);
  return volume;
};
const volume = (name: string) => w.west.kube.find(persistentVolumes, name);

describe("a claim of the consumer at the provider", () => {
  it("is a real claim in the default class of the offer, and the pod may come", async () => {
    await wish("u1", "data");
    expect(await answer("u1", "ACCEPTED")).toMatchObject({ class: "disk", reason: "WaitForFirstConsumer" });
    const claim = await remote("data");
    expect(claim?.spec).toMatchObject({ storageClassName: "disk", accessModes: ["ReadWriteOnce"] });
    expect(claim?.metadata.labels).toMatchObject({ "tideway.dev/origin": EAST, "tideway.dev/peer": "east" });
  });

  it("is mounted by the pod that mounts it at home, and a pod whose claim has none waits", async () => {
    const mounting = (name: string, claimName: string) =>
      w.east.kube.create(pods, {
        metadata: { name, namespace: NS },
        spec: {
          nodeName: "west",
          automountServiceAccountToken: false,
          containers: [{ name: "c", image: "img:1", volumeMounts: [{ name: "d", mountPath: "/d" }] }],
          volumes: [{ name: "d", persistentVolumeClaim: { claimName } }],
        },
      });
    await mounting("db", "data");
    await mounting("lost", "elsewhere");
    const pod = await w.until(() => w.remote(twin, "db"), "pod at the provider");
    expect(pod.spec?.volumes).toContainEqual({ name: "d", persistentVolumeClaim: { claimName: "data" } });
    const waiting = await w.until(async () => {
      const p = await w.local(NS, "lost");
      return p?.status?.reason === "ClaimNotAtProvider" && p;
    }, "the other pod waits");
    expect(waiting.status?.message).toContain("claim elsewhere");
    expect(await w.shadow(twin, "lost")).toBeUndefined();
    for (const name of ["db", "lost"]) await w.east.kube.delete(pods, name, NS, { gracePeriodSeconds: 0 });
    await w.until(async () => !(await w.remote(twin, "db")), "pod gone at the provider");
  });

  it("has a volume that outlives it, known as the consumer's", async () => {
    const { metadata } = await provision("data");
    expect(await answer("u1", "BOUND")).toMatchObject({ volume: metadata.name, capacity: "1Gi" });
    const kept = await w.until(async () => {
      const v = await volume(metadata.name);
      return v?.spec?.persistentVolumeReclaimPolicy === "Retain" && v;
    }, "Retain");
    expect(kept.metadata.labels).toMatchObject({
      "tideway.dev/origin": EAST,
      "storage.tideway.dev/claim-uid": "u1",
    });
    expect(kept.metadata.annotations?.["storage.tideway.dev/claim"]).toBe(`${NS}/data`);
  });

  it("grows within the offer, and is refused beyond it", async () => {
    await wish("u1", "data", { state: "BOUND", size: "4Gi", expectData: true });
    await w.until(
      async () => (await remote("data"))?.spec?.resources?.requests?.["storage"] === "4Gi",
      "the larger request",
    );
    await wish("u1", "data", { state: "BOUND", size: "40Gi", expectData: true });
    await w.until(
      async () => (claims.get(WEST, "u1")?.data as { reason?: string }).reason === "ResizeRefused",
      "ResizeRefused",
    );
    expect((await remote("data"))?.spec?.resources?.requests?.["storage"]).toBe("4Gi");
  });

  it("is refused where the class is not offered, does not exist, or its capacity is spent", async () => {
    await wish("u2", "wrong", { class: "gold" });
    expect(await answer("u2", "REFUSED")).toMatchObject({ reason: "ClassNotOffered" });
    await wish("u3", "missing", { class: "vanished" });
    expect(await answer("u3", "REFUSED")).toMatchObject({ reason: "ClassNotFound" });
    await wish("u4", "big", { size: "7Gi" });
    expect(await answer("u4", "REFUSED")).toMatchObject({ reason: "QuotaExceeded" });
    for (const [uid, name] of [
      ["u2", "wrong"],
      ["u3", "missing"],
      ["u4", "big"],
    ] as const) {
      expect(await remote(name)).toBeUndefined();
      await wish(uid, name, { state: "GONE" });
      await answer(uid, "GONE");
      await gone(name);
    }
  });

  it("is kept in its regions: its pods go there, and a class that does not wait for a pod is refused", async () => {
    await wish("u6", "regional", { regions: ["eu-1"] });
    await answer("u6", "ACCEPTED");
    await w.east.kube.create(pods, {
      metadata: { name: "regional", namespace: NS },
      spec: {
        nodeName: "west",
        automountServiceAccountToken: false,
        containers: [{ name: "c", image: "img:1", volumeMounts: [{ name: "d", mountPath: "/d" }] }],
        volumes: [{ name: "d", persistentVolumeClaim: { claimName: "regional" } }],
      },
    });
    const pod = await w.until(() => w.remote(twin, "regional"), "pod at the provider");
    const [term] =
      pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ??
      [];
    expect(term?.matchExpressions).toContainEqual({
      key: "topology.kubernetes.io/region",
      operator: "In",
      values: ["eu-1"],
    });
    await w.east.kube.delete(pods, "regional", NS, { gracePeriodSeconds: 0 });
    await wish("u7", "hasty", { class: "now", regions: ["eu-1"] });
    expect(await answer("u7", "REFUSED")).toMatchObject({ reason: "OutsideRegion" });
    for (const [uid, name] of [
      ["u6", "regional"],
      ["u7", "hasty"],
    ] as const) {
      await wish(uid, name, { state: "GONE" });
      await answer(uid, "GONE");
      await gone(name);
    }
  });

  it("is made at once where the class makes volumes at once", async () => {
    await wish("u5", "quick", { class: "now" });
    await w.until(() => remote("quick"), "claim");
    await answer("u5", "PENDING");
    const made = await provision("quick");
    await answer("u5", "BOUND");
    await wish("u5", "quick", { state: "DELETING" });
    await answer("u5", "GONE");
    await gone("quick");
    const v = await volume(made.metadata.name);
    expect(v?.spec?.persistentVolumeReclaimPolicy ?? "Delete").toBe("Delete");
  });
});

const unoffload = async (): Promise<void> => {
  await w.east.kube.delete(namespaceOffloadings, "offloading", NS);
  await w.until(async () => !(await w.west.kube.find(namespaces, twin)), "the twin gone");
};

describe("data that is kept", () => {
  it("survives the end of the offloading, and is bound again", async () => {
    const name = (await remote("data"))?.spec?.volumeName ?? "";
    await unoffload();
    const kept = await w.until(async () => {
      const v = await volume(name);
      return v?.status?.phase === "Released" && v;
    }, "the volume released");
    expect(kept.spec?.persistentVolumeReclaimPolicy).toBe("Retain");
    await w.offloadAgain(NS);
    expect(await answer("u1", "BOUND")).toMatchObject({ volume: name });
    await w.until(async () => (await remote("data"))?.spec?.volumeName === name, "the same volume");
  });

  it("goes when its claim went while nothing of it was offloaded", async () => {
    await wish("u8", "orphan", { class: "now" });
    const { metadata } = await provision("orphan");
    await answer("u8", "BOUND");
    await unoffload();
    await wish("u8", "orphan", { state: "DELETING", expectData: true });
    await answer("u8", "PENDING");
    await w.offloadAgain(NS);
    await w.until(
      async () => (claims.get(WEST, "u8")?.data as FactInput<"claim">).deleteData,
      "the provider has heard that it goes",
    );
    await wish("u8", "orphan", { state: "DELETING", expectData: false });
    await answer("u8", "GONE");
    await gone("orphan");
    expect((await volume(metadata.name))?.spec?.persistentVolumeReclaimPolicy ?? "Delete").toBe("Delete");
  });

  it("is taken by its owner: the claim is told, and gets no empty volume", async () => {
    const name = (await remote("data"))?.spec?.volumeName ?? "";
    await w.west.kube.patch(persistentVolumes, name, undefined, {
      metadata: { annotations: { "storage.tideway.dev/evicted": "true" } },
    });
    expect(await answer("u1", "LOST")).toMatchObject({ reason: "Evicted" });
    await w.until(async () => !(await remote("data")), "the provider's claim gone");
    await w.until(
      async () => ((await volume(name))?.spec?.persistentVolumeReclaimPolicy ?? "Delete") === "Delete",
      "the volume free to go",
    );
    await w.sleep(300);
    expect(await remote("data")).toBeUndefined();
  });

  it("that is expected and not there is lost, not made anew", async () => {
    await wish("u9", "past", { expectData: true });
    expect(await answer("u9", "LOST")).toMatchObject({ reason: "DataLost" });
    expect(await remote("past")).toBeUndefined();
  });
});
