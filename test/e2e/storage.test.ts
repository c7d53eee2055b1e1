import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAppImages, until } from "@tideway/sandbox";
import { tideway } from "@tideway/platform";
import { ensureConnected } from "./fabric.ts";
import { type Database, databaseIn, SIDE } from "./postgres.ts";
import {
  claimManifest,
  claimOf,
  list,
  podManifest,
  read,
  restart,
  twinOf,
  volumeOf,
  volumesOf,
  volumesOnBoth,
} from "./volumes.ts";
import {
  apply,
  dropNamespace,
  east,
  ensurePeered,
  ensureUnpeered,
  offloadedNamespace,
  phaseIs,
  west,
} from "./world.ts";

/** Volumes on both sides of the border, from rancher's local-path-provisioner. TIDEWAY_LONG=1 cuts the peer off for 60 s. */

const LONG = process.env.TIDEWAY_LONG === "1";
const FAR = "far-data";
const NEAR = "near-data";
const DB = "db";

let before: string[][];
beforeAll(async () => {
  await ensureConnected();
  before = await volumesOnBoth();
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
    await until(
      async () => {
        const volume = await volumeOf(west, there?.spec?.volumeName);
        return volume?.spec?.persistentVolumeReclaimPolicy === "Retain";
      },
      { what: "the volume kept" },
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
    await until(async () => (await volumeOf(west, volume))?.status?.phase === "Released", {
      what: "the volume released",
    });
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
    await east.cluster.kubectl("-n", FAR, "delete", "pvc", "data", "--timeout=90s");
    await until(async () => !(await volumeOf(west, volume)), { what: "the data gone at the provider" });
    for (const [i, s] of [east, west].entries()) await expect.poll(() => volumesOf(s)).toEqual(before[i]);
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
    await east.cluster.kubectl("-n", NEAR, "delete", "pod/first", "pvc/data", "--timeout=90s");
    await expect.poll(() => volumesOf(east)).toEqual(before[0]);
  });

  afterAll(() => dropNamespace(NEAR));
});

describe("PostgreSQL of two, one on each side, streaming across the border under write load", () => {
  const db: Database = databaseIn(DB);
  let places: Record<string, string>;
  beforeAll(async () => {
    await Promise.all([east, west].map((s) => loadAppImages(s.cluster)));
    await offloadedNamespace(DB);
    await tideway(east.cluster, "offload", "namespace", DB, "--wait");
    for (const node of east.cluster.nodes)
      await east.cluster.kubectl("label", "node", node, `${SIDE}=here`, "--overwrite");
    await east.cluster.kubectl("label", "node", "west", `${SIDE}=there`, "--overwrite");
    await db.start({ replicas: 2, client: { [SIDE]: "here" } });
    places = await db.places();
  });

  /** The primary first: what it lost, the replica cannot have. */
  const caughtUp = async (): Promise<void> => {
    await db.holdsAll("db-0.db");
    await db.holdsAll("db-1.db");
  };

  it("has one on each side, and the replica follows", async () => {
    expect(Object.values(places).sort()).toEqual(["here", "there"]);
    await db.goesOn("the start");
    await caughtUp();
  });

  it("loses no acknowledged write while pods and services are killed and the peer is cut off", async () => {
    const kill = (pod: string): Promise<string> =>
      east.cluster.kubectl("-n", DB, "delete", "pod", pod, "--grace-period=0", "--force");
    await Promise.all([kill("db-1"), restart(east, "storage-fabric"), restart(west, "virtual-kubelet")]);
    await db.goesOn("the replica and services were killed");
    await kill("db-0");
    await restart(east, "virtual-kubelet");
    await db.goesOn("the primary was killed");
    await east.cluster.partitionFrom(west.cluster);
    await new Promise((done) => setTimeout(done, LONG ? 60_000 : 5_000));
    await east.cluster.heal();
    await db.goesOn("the partition");
    await db.ready();
    await caughtUp();
    expect(await db.places()).toEqual(places);
  });

  it("is where its data is after it was scaled to nothing and back", async () => {
    const wanted = await db.acked();
    await east.cluster.kubectl("-n", DB, "scale", "statefulset/db", "--replicas=0");
    await until(async () => Object.keys(await db.places()).length === 0, { what: "no pods" });
    await east.cluster.kubectl("-n", DB, "scale", "statefulset/db", "--replicas=2");
    await db.ready();
    expect(await db.places()).toEqual(places);
    expect(await db.acked()).toBeGreaterThanOrEqual(wanted);
    await caughtUp();
  });

  afterAll(async () => {
    await dropNamespace(DB);
    for (const node of [...east.cluster.nodes, "west"])
      await east.cluster.kubectl("label", "node", node, `${SIDE}-`).catch(() => "");
  });
});
