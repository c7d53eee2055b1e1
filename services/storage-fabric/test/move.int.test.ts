/** Scheduler and kubelet are played by hand; API server, volume controllers and bus are real. */
import { make, MOVE_GATE, type VolumeMove, volumeMoves } from "@tideway/api";
import { configMaps, type KubeObject, persistentVolumes, type Pod, pods } from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NS, startWorld, WEST, type World } from "./world.ts";

let w: World;
beforeAll(async () => {
  w = await startWorld();
  owner = await controllerOfPods();
  await w.bus.publish(
    "namespace",
    { peer: "local", id: NS },
    { state: "OFFLOADED", namespace: NS, strategy: "LocalAndRemote" },
  );
}, 120_000);
afterAll(() => w?.stop(), 60_000);

/** Stands for the controller of the pods; nothing works on it. */
let owner: object[] = [];
const controllerOfPods = async (): Promise<object[]> => {
  const { metadata } = await w.kube.create(configMaps, { metadata: { name: "app", namespace: NS } });
  return [{ apiVersion: "v1", kind: "ConfigMap", name: "app", uid: metadata.uid, controller: true }];
};
const uidOf = (o: KubeObject): string => o.metadata.uid ?? "";
const app = (name: string, claim: string, more: object = {}, owners = owner) =>
  w.kube.create(pods, {
    metadata: { name, namespace: NS, ownerReferences: owners },
    spec: {
      containers: [{ name: "c", image: "i" }],
      volumes: [{ name: "d", persistentVolumeClaim: { claimName: claim } }],
      ...more,
    },
  } as Pod);
const move = (claim: string, spec: Partial<VolumeMove["spec"]> = {}) =>
  w.kube.create(
    volumeMoves,
    make(volumeMoves, {
      metadata: { name: `move-${claim}`, namespace: NS },
      spec: { claim, to: { node: "west" }, ...spec },
    }),
  );
const moveIn = (claim: string, phase: string) =>
  w.wait(async () => {
    const m = await w.kube.find(volumeMoves, `move-${claim}`, NS);
    return m?.status?.phase === phase && m;
  }, `move of ${claim} ${phase}`);
const partOf = (m: KubeObject): string => `tideway-move-${uidOf(m).slice(0, 8)}`;
const pod = (name: string) => w.wait(() => w.kube.find(pods, name, NS), `pod ${name}`);
const podGone = (name: string) =>
  w.wait(async () => !(await w.kube.find(pods, name, NS)), `pod ${name} gone`);
const status = (name: string, s: object) =>
  w.kube.patch(pods, name, NS, { status: s }, { subresource: "status" });

/** The receiver is placed on the peer, which makes a volume, and listens. */
const receive = async (m: VolumeMove): Promise<string> => {
  await pod(`${partOf(m)}-to`);
  await w.choose(partOf(m), "west");
  const target = await w.wait(() => w.get(partOf(m)), "the target claim");
  await w.answer(uidOf(target), partOf(m), { state: "BOUND", volume: "there", capacity: "1Gi" });
  await w.bound(partOf(m));
  await status(`${partOf(m)}-to`, {
    phase: "Running",
    podIP: "10.9.8.7",
    podIPs: [{ ip: "10.9.8.7" }],
    conditions: [{ type: "Ready", status: "True" }],
  });
  return uidOf(target);
};
const ended = async (name: string, exitCode: number, message: string): Promise<Pod> => {
  const copy = await pod(name);
  await status(name, {
    phase: exitCode === 0 ? "Succeeded" : "Failed",
    containerStatuses: [
      {
        name: "rsync",
        image: "i",
        imageID: "i",
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode, message, finishedAt: new Date().toISOString() } },
      },
    ],
  });
  return copy;
};
const envOf = (p: Pod): Record<string, string | undefined> =>
  Object.fromEntries((p.spec?.containers[0]?.env ?? []).map((e) => [e.name, e.value]));
const gatesOf = async (name: string) => (await w.kube.get(pods, name, NS)).spec?.schedulingGates ?? [];

const boundHere = async (name: string) => {
  await w.claim(name);
  await w.choose(name, "node-1");
  return w.bound(name);
};

describe("moving a claim's data", () => {
  it("copies, holds the pods back, copies the rest, switches the claim, and keeps the old volume until told", async () => {
    const before = await boundHere("db");
    await app("app-0", "db");
    await app("job-0", "db");
    await status("job-0", { phase: "Succeeded" });
    const m = await move("db");
    const targetUid = await receive(m);
    const first = await ended(`${partOf(m)}-copy-1`, 0, "bytes=1000\n");
    expect(envOf(first)).toMatchObject({ RECEIVER: partOf(m), FINAL: "0" });

    await podGone("job-0"); // it has ended, and would hold the claim
    await podGone("app-0"); // its controller makes the next one, which admission holds back
    await app("app-0", "db", { schedulingGates: [{ name: MOVE_GATE }] });
    const last = await ended(`${partOf(m)}-copy-2`, 0, "bytes=24\n");
    expect(envOf(last)).toMatchObject({ FINAL: "1" });

    const moved = await moveIn("db", "Moved");
    expect(moved.status).toMatchObject({ bytes: 1024, passes: 2 });
    const after = await w.bound("db");
    expect(uidOf(after)).not.toBe(uidOf(before));
    expect(after.spec?.volumeName).toBe(`pvc-${targetUid}`);
    expect((await w.volumeOf(after)).spec?.persistentVolumeReclaimPolicy).toBe("Delete");
    await w.wait(async () => (await gatesOf("app-0")).length === 0, "the pod may start");
    await w.wait(async () => !(await w.get(partOf(m))), "the target's first claim gone");
    // the peer is asked for the same data under the name of the claim
    await w.wait(
      async () => w.fact(targetUid)?.claim === "db" && w.fact(targetUid)?.state === "BOUND",
      "fact",
    );

    const old = await w.kube.get(persistentVolumes, before.spec?.volumeName ?? "");
    expect(old.spec?.persistentVolumeReclaimPolicy).toBe("Retain");
    await w.kube.patch(volumeMoves, "move-db", NS, { spec: { confirmed: true } });
    await moveIn("db", "Complete");
    await w.wait(
      async () => !(await w.kube.find(persistentVolumes, old.metadata.name)),
      "the old volume gone",
    );
  });

  it("tries a copy that failed again, and says why it failed", async () => {
    await boundHere("flaky");
    const m = await move("flaky");
    await receive(m);
    const copy = await ended(`${partOf(m)}-copy-1`, 11, "No space left on device");
    await w.wait(async () => {
      const c = (await w.kube.find(volumeMoves, "move-flaky", NS))?.status?.conditions?.[0];
      return c?.reason === "CopyFailed" && c.message.includes("No space left on device");
    }, "CopyFailed");
    await w.wait(async () => {
      const again = await w.kube.find(pods, `${partOf(m)}-copy-1`, NS);
      return again && uidOf(again) !== uidOf(copy);
    }, "another copy");
  });

  it("called off before the switch, leaves the claim with its data and lets its pods start", async () => {
    const before = await w.get("flaky");
    const m = await w.kube.get(volumeMoves, "move-flaky", NS);
    await ended(`${partOf(m)}-copy-1`, 0, "bytes=1");
    await moveIn("flaky", "Finishing");
    await app("flaky-0", "flaky", { schedulingGates: [{ name: MOVE_GATE }] });
    await w.kube.delete(volumeMoves, "move-flaky", NS);
    await w.wait(async () => !(await w.kube.find(volumeMoves, "move-flaky", NS)), "the move gone");
    expect(await gatesOf("flaky-0")).toEqual([]);
    expect((await w.get("flaky"))?.spec?.volumeName).toBe(before?.spec?.volumeName);
  });

  it("goes on where it was when the service is killed at any step of the switch", async () => {
    const before = await boundHere("torn");
    const m = await move("torn");
    await receive(m);
    await ended(`${partOf(m)}-copy-1`, 0, "bytes=1");
    await ended(`${partOf(m)}-copy-2`, 0, "bytes=1");
    const cuts: string[] = [];
    // each process dies before its second write, until one has nothing left to do
    for (let n = 0; n < 40; n++) {
      let writes = 0;
      await w.restart((kube) => ({
        ...kube,
        ...Object.fromEntries(
          (["create", "patch", "apply", "delete"] as const).map((verb) => [
            verb,
            async (...args: never[]) => {
              if (++writes > 1) throw new Error("killed");
              cuts.push(verb);
              return (kube[verb] as (...a: never[]) => unknown)(...args);
            },
          ]),
        ),
      }));
      const done = await w.kube.find(volumeMoves, "move-torn", NS);
      if (done?.status?.phase === "Moved") break;
      await w.sleep(100);
    }
    await w.restart();
    await moveIn("torn", "Moved");
    const after = await w.bound("torn");
    expect(after.spec?.volumeName).not.toBe(before.spec?.volumeName);
    expect((await w.volumeOf(after)).metadata.labels?.["tideway.dev/remote-cluster-id"]).toBe(WEST);
    expect(await w.kube.find(persistentVolumes, before.spec?.volumeName ?? "")).toBeDefined();
    expect(cuts.length).toBeGreaterThan(3);
  });

  it.each([
    ["a place that does not exist", "PlaceNotFound", { to: { node: "nowhere" } }],
    ["where it is", "AlreadyThere", { to: { node: "node-1" } }],
  ] as const)("refuses %s", async (what, reason, spec) => {
    const name = `no-${reason.toLowerCase()}`;
    await boundHere(name);
    await move(name, spec);
    const m = await moveIn(name, "Refused");
    expect([what, m.status?.conditions?.[0]?.reason]).toEqual([what, reason]);
  });

  it("refuses while a pod uses the claim that nobody would make again", async () => {
    await boundHere("bare");
    await app("bare-0", "bare", {}, []);
    await move("bare");
    expect((await moveIn("bare", "Refused")).status?.conditions?.[0]).toMatchObject({
      reason: "BarePods",
      message: expect.stringContaining("bare-0") as string,
    });
  });

  it("refuses a volume of mode Block, and a claim without a volume", async () => {
    await w.claim("raw", { volumeMode: "Block" });
    await w.choose("raw", "node-1");
    await w.bound("raw");
    await move("raw");
    expect((await moveIn("raw", "Refused")).status?.conditions?.[0]?.reason).toBe("BlockRefused");
    await w.claim("empty");
    await move("empty");
    expect((await moveIn("empty", "Refused")).status?.conditions?.[0]?.reason).toBe("NotBound");
  });
});
