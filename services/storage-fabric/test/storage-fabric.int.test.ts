import { events, nodes, persistentVolumeClaims, persistentVolumes, storageClasses } from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NS, SELECTED, startWorld, WEST, type World } from "./world.ts";

let w: World;
beforeAll(async () => {
  w = await startWorld({ patienceSeconds: 1 });
}, 120_000);
afterAll(() => w?.stop(), 60_000);

const uidOf = (c: { metadata: { uid?: string } }): string => c.metadata.uid ?? "";
const eventsOf = async (name: string): Promise<(string | undefined)[]> =>
  (await w.kube.list(events, { namespace: NS, fieldSelector: `involvedObject.name=${name}` })).map(
    (e) => e.reason,
  );
const fact = (uid: string, state: string, peer = WEST) =>
  w.wait(async () => {
    const f = w.fact(uid, peer);
    return f?.state === state && f;
  }, `fact ${state}`);

describe("a claim whose first pod runs on a real node", () => {
  it("makes nothing before the first pod", async () => {
    const c = await w.claim("later");
    await w.sleep(300);
    expect(await w.seconds()).toEqual([]);
    expect(w.fact(uidOf(c), "local")).toBeUndefined();
    await w.kube.delete(persistentVolumeClaims, "later", NS);
    await w.gone("later");
  });

  it("gets the volume of the real class, and nothing else stays", async () => {
    const c = await w.claim("data");
    await w.choose("data", "node-1");
    const bound = await w.bound("data");
    const volume = await w.volumeOf(bound);
    expect(volume.spec?.storageClassName).toBe("disk");
    expect(volume.spec?.hostPath?.path).toMatch(/^\/volumes\//);
    expect(volume.spec?.claimRef).toMatchObject({ namespace: NS, name: "data", uid: uidOf(c) });
    expect(volume.spec?.persistentVolumeReclaimPolicy).toBe("Delete");
    await w.wait(async () => (await w.seconds()).length === 0, "no second claim");
    await w.wait(
      async () => !(await w.get("data"))?.metadata.finalizers?.some((f) => f.startsWith("storage.tideway")),
      "the claim let go",
    );
    await fact(uidOf(c), "BOUND", "local");
  });

  it("goes as any volume of its class goes", async () => {
    const c = await w.get("data");
    await w.kube.delete(persistentVolumeClaims, "data", NS);
    await w.gone("data");
    await w.wait(async () => (await w.volumes()).length === 0, "no volume");
    await fact(uidOf(c as never), "GONE", "local");
  });

  it("keeps its volume where the class says Retain, and is Block where it asks for that", async () => {
    await w.kube.create(storageClasses, {
      metadata: { name: "kept" },
      provisioner: "storage.tideway.dev",
      volumeBindingMode: "WaitForFirstConsumer",
      reclaimPolicy: "Retain",
      parameters: { localClass: "disk" },
    });
    await w.claim("raw", {
      storageClassName: "kept",
      volumeMode: "Block",
      accessModes: ["ReadWriteOncePod"],
    });
    await w.choose("raw", "node-1");
    const volume = await w.volumeOf(await w.bound("raw"));
    expect(volume.spec).toMatchObject({
      persistentVolumeReclaimPolicy: "Retain",
      volumeMode: "Block",
      accessModes: ["ReadWriteOncePod"],
    });
    await w.kube.delete(persistentVolumeClaims, "raw", NS);
    await w.gone("raw");
    expect((await w.kube.get(persistentVolumes, volume.metadata.name)).metadata.name).toBeTruthy();
    await w.kube.delete(persistentVolumes, volume.metadata.name);
  });

  it("says that the real class does not exist, and goes on when it does", async () => {
    await w.kube.create(storageClasses, {
      metadata: { name: "to-be" },
      provisioner: "storage.tideway.dev",
      volumeBindingMode: "WaitForFirstConsumer",
      parameters: { localClass: "fast" },
    });
    await w.claim("vanished", { storageClassName: "to-be" });
    await w.choose("vanished", "node-1");
    expect(await w.says("vanished", "ClassNotFound")).toMatchObject({ status: "False" });
    await w.wait(async () => (await eventsOf("vanished")).includes("ClassNotFound"), "the Event");
    await w.kube.create(storageClasses, {
      metadata: { name: "fast" },
      provisioner: "disk.example",
      volumeBindingMode: "WaitForFirstConsumer",
    });
    await w.bound("vanished");
    await w.wait(async () => (await w.condition("vanished"))?.status === "True", "condition True");
    await w.kube.delete(persistentVolumeClaims, "vanished", NS);
    await w.gone("vanished");
  });

  it("lets the scheduler choose again when the chosen node is gone", async () => {
    await w.node("short-lived");
    w.provisioner.silence(true);
    const c = await w.claim("homeless");
    await w.choose("homeless", "short-lived");
    await w.wait(async () => (await w.seconds()).length === 1, "second claim");
    await w.kube.delete(nodes, "short-lived");
    await w.wait(
      async () =>
        !(await w.get("homeless"))?.metadata.annotations?.[SELECTED] && (await w.seconds()).length === 0,
      "asked anew, second claim gone",
    );
    await w.says("homeless", "NodeGone");
    w.provisioner.silence(false);
    await w.choose("homeless", "node-2");
    await w.bound("homeless");
    await w.kube.delete(persistentVolumeClaims, "homeless", NS);
    await w.gone("homeless");
    await fact(uidOf(c), "GONE", "local");
  });

  it("says that a provisioner is silent, and takes everything back when the claim goes", async () => {
    w.provisioner.silence(true);
    const c = await w.claim("waiting");
    await w.choose("waiting", "node-1");
    expect(await w.says("waiting", "ProvisionerSilent")).toMatchObject({ status: "False" });
    await w.kube.delete(persistentVolumeClaims, "waiting", NS);
    await w.gone("waiting");
    await w.wait(async () => (await w.seconds()).length === 0, "second claim gone");
    await fact(uidOf(c), "GONE", "local");
    w.provisioner.silence(false);
  });

  it("stays Pending with the reason where its data may not lie", async () => {
    await w.claim("european", {}, { "storage.tideway.dev/keep-in": "eu" });
    await w.choose("european", "node-2");
    expect(await w.says("european", "OutsideRegion")).toMatchObject({ status: "False" });
    await w.wait(async () => !(await w.get("european"))?.metadata.annotations?.[SELECTED], "another choice");
    expect(await w.seconds()).toEqual([]);
    await w.choose("european", "node-1");
    await w.bound("european");
    await w.kube.delete(persistentVolumeClaims, "european", NS);
    await w.gone("european");
  });
});

describe("a claim whose first pod runs at a peer", () => {
  it("asks the peer, and is bound to its virtual nodes when the peer accepts", async () => {
    const c = await w.claim("far");
    await w.choose("far", "west");
    expect(await fact(uidOf(c), "PENDING")).toMatchObject({ namespace: NS, claim: "far", size: "1Gi" });
    expect((await w.get("far"))?.spec?.volumeName).toBeUndefined();
    await w.answer(uidOf(c), "far", { state: "ACCEPTED" });
    const volume = await w.volumeOf(await w.bound("far"));
    expect(volume.spec?.nodeAffinity?.required?.nodeSelectorTerms).toEqual([
      {
        matchExpressions: [
          { key: "tideway.dev/remote-cluster-id", operator: "In", values: [WEST] },
          { key: "tideway.dev/pool", operator: "DoesNotExist" },
        ],
      },
    ]);
    expect(await fact(uidOf(c), "BOUND")).toMatchObject({ volume: `pvc-${uidOf(c)}`, expectData: false });
  });

  it("expects the peer's data from then on that there is some", async () => {
    const c = await w.get("far");
    await w.answer(uidOf(c as never), "far", { state: "BOUND", volume: "pvc-west", capacity: "1Gi" });
    await w.wait(async () => w.fact(uidOf(c as never))?.expectData === true, "expectData");
  });

  it("grows with its claim, and says so when the peer refuses", async () => {
    const c = await w.get("far");
    await w.kube.patch(persistentVolumeClaims, "far", NS, {
      spec: { resources: { requests: { storage: "2Gi" } } },
    });
    await w.wait(async () => w.fact(uidOf(c as never))?.size === "2Gi", "the larger size asked");
    await w.answer(uidOf(c as never), "far", {
      state: "BOUND",
      volume: "pvc-west",
      capacity: "1Gi",
      reason: "ResizeRefused",
      message: "class local-path cannot grow",
    });
    await w.wait(async () => (await eventsOf("far")).includes("ResizeRefused"), "event ResizeRefused");
    await w.answer(uidOf(c as never), "far", { state: "BOUND", volume: "pvc-west", capacity: "2Gi" });
    await w.wait(
      async () => (await w.get("far"))?.status?.capacity?.["storage"] === "2Gi",
      "the claim shows its size",
    );
  });

  it("is deleted at the peer before it is gone here", async () => {
    const c = await w.get("far");
    await w.kube.delete(persistentVolumeClaims, "far", NS);
    await fact(uidOf(c as never), "DELETING");
    expect((await w.volumes()).map((v) => v.metadata.name)).toContain(`pvc-${uidOf(c as never)}`);
    expect(w.fact(uidOf(c as never))?.expectData).toBe(true);
    await w.answer(uidOf(c as never), "far", { state: "PENDING", reason: "Deleting", deleteData: true });
    await w.wait(
      async () => w.fact(uidOf(c as never))?.expectData === false,
      "nothing expected of a peer that heard",
    );
    await w.answer(uidOf(c as never), "far", { state: "GONE" });
    await w.wait(
      async () => !(await w.kube.find(persistentVolumes, `pvc-${uidOf(c as never)}`)),
      "the volume gone",
    );
    await fact(uidOf(c as never), "GONE");
  });

  it("says why the peer refuses, and withdraws when the claim goes", async () => {
    const c = await w.claim("refused");
    await w.choose("refused", "west");
    await fact(uidOf(c), "PENDING");
    await w.answer(uidOf(c), "refused", {
      state: "REFUSED",
      reason: "QuotaExceeded",
      message: "asked 1Gi, used 9Gi of 9Gi",
    });
    expect(await w.says("refused", "QuotaExceeded")).toMatchObject({ status: "False" });
    await w.kube.delete(persistentVolumeClaims, "refused", NS);
    await w.gone("refused");
    await fact(uidOf(c), "GONE");
  });

  it(
    "is one of a hundred at once, half of them here: each gets one volume of its own, and nothing is left after",
    { timeout: 600_000 },
    async () => {
      const names = Array.from({ length: 100 }, (_, i) => `many-${i}`);
      const before = (await w.volumes()).length;
      await Promise.all(
        names.map(async (name, i) => {
          const c = await w.claim(name);
          await w.choose(name, i % 2 ? "west" : "node-1");
          if (i % 2) await w.answer(uidOf(c), name, { state: "ACCEPTED" });
        }),
      );
      const bound = await w.wait(
        async () => {
          const all = await w.kube.list(persistentVolumeClaims, { namespace: NS });
          const ours = all.filter((c) => names.includes(c.metadata.name));
          return ours.every((c) => c.status?.phase === "Bound") && ours;
        },
        "all bound",
        180_000,
      );
      expect(new Set(bound.map((c) => c.spec?.volumeName)).size).toBe(100);
      const owners = (await w.volumes()).map((v) => v.spec?.claimRef?.uid);
      expect(new Set(owners).size).toBe(owners.length);
      await Promise.all(names.map((name) => w.kube.delete(persistentVolumeClaims, name, NS)));
      const far = bound.filter((c) => c.metadata.annotations?.[SELECTED] === "west");
      expect(far.length).toBe(50);
      await w.wait(
        async () => far.every((c) => w.fact(uidOf(c))?.state === "DELETING"),
        "all DELETING",
        180_000,
      );
      await Promise.all(far.map((c) => w.answer(uidOf(c), c.metadata.name, { state: "GONE" })));
      await w.wait(async () => (await w.volumes()).length === before, "no volume left", 180_000);
      await w.wait(async () => (await w.seconds()).length === 0, "no second claim");
    },
  );

  it("keeps its volume while the peering is ended, and without one", async () => {
    const c = await w.claim("lasting");
    await w.choose("lasting", "west");
    await w.answer(uidOf(c), "lasting", { state: "ACCEPTED" });
    await w.bound("lasting");
    await w.peerFact("GONE");
    await w.kube.delete(nodes, "west");
    await w.restart();
    await w.sleep(300);
    expect((await w.get("lasting"))?.status?.phase).toBe("Bound");
    expect(w.fact(uidOf(c))?.state).toBe("BOUND");
  });
});
