import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { events, persistentVolumes } from "@tideway/k8s";
import { tideway } from "@tideway/platform";
import { until } from "@tideway/sandbox";
import { ensureConnected } from "./fabric.ts";
import {
  claimManifest,
  claimOf,
  list,
  noVolumesBut,
  podManifest,
  read,
  twinOf,
  volumeOf,
  volumesOnBoth,
} from "./volumes.ts";
import {
  apply,
  dropNamespace,
  east,
  ensurePeered,
  offloadedNamespace,
  phaseIs,
  podOf,
  shell,
  STAY,
  west,
} from "./world.ts";

/** How volumes end: with their pod, by their owner's word, by the provider's, and with the peering where that is said. */
const NS = "ending-data";
const TWIN = twinOf(NS);
const BRIEF = "brief-data";

let before: string[][];
const nothingLeft = (): Promise<void> => noVolumesBut(before);
const eventsAt = async (claim: string): Promise<string[]> =>
  (await east.kube.list(events, { namespace: NS, fieldSelector: `involvedObject.name=${claim}` })).map(
    (e) => e.reason ?? "",
  );
const used = async (claim: string, pod: string): Promise<string> => {
  await apply(
    east.cluster,
    list(
      claimManifest(NS, claim),
      podManifest(NS, pod, claim, "[ -e /data/word ] || echo hello >/data/word"),
    ),
  );
  await phaseIs(east, NS, pod, "Running");
  return (await claimOf(west, TWIN, claim))?.spec?.volumeName ?? "";
};

beforeAll(async () => {
  await ensureConnected();
  await offloadedNamespace(NS);
  before = await volumesOnBoth();
});
afterAll(() => Promise.all([NS, BRIEF].map(dropNamespace)));

describe("a volume of type ephemeral", () => {
  it("gets its data at the peer, and goes with its pod", async () => {
    await apply(east.cluster, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "brief", namespace: NS },
      spec: {
        terminationGracePeriodSeconds: 2,
        containers: [
          shell(`echo hello >/data/word; ${STAY}`, {
            volumeMounts: [{ name: "scratch", mountPath: "/data" }],
          }),
        ],
        volumes: [
          {
            name: "scratch",
            ephemeral: {
              volumeClaimTemplate: {
                spec: {
                  storageClassName: "tideway",
                  accessModes: ["ReadWriteOnce"],
                  resources: { requests: { storage: "16Mi" } },
                },
              },
            },
          },
        ],
      },
    });
    await phaseIs(east, NS, "brief", "Running");
    expect(await read(NS, "brief")).toBe("hello");
    expect((await claimOf(west, TWIN, "brief-scratch"))?.status?.phase).toBe("Bound");
    await east.cluster.kubectl("-n", NS, "delete", "pod", "brief", "--timeout=30s");
    await nothingLeft();
  });
});

describe("a claim whose real class cannot grow", () => {
  it("keeps its size, and an Event says why", async () => {
    await used("small", "small");
    await east.cluster.kubectl(
      ...["-n", NS, "patch", "pvc", "small", "--type=merge", "-p"],
      JSON.stringify({ spec: { resources: { requests: { storage: "128Mi" } } } }),
    );
    await until(async () => (await eventsAt("small")).includes("ResizeRefused"), {
      what: "Event ResizeRefused",
      explain: () => eventsAt("small").then((r) => r.join(" ")),
    });
    expect((await claimOf(east, NS, "small"))?.status?.capacity?.["storage"]).toBe("64Mi");
    await east.cluster.kubectl("-n", NS, "delete", "pod/small", "pvc/small", "--timeout=30s");
    await nothingLeft();
  });
});

describe("a namespace that is deleted", () => {
  it("takes the data of its claims along, at the peer too", async () => {
    await offloadedNamespace(BRIEF);
    await apply(
      east.cluster,
      list(claimManifest(BRIEF, "data"), podManifest(BRIEF, "uses", "data", "echo hello >/data/word")),
    );
    await phaseIs(east, BRIEF, "uses", "Running");
    await dropNamespace(BRIEF);
    await nothingLeft();
  });
});

describe("the provider's owner", () => {
  it("evicts a volume in use: the pod ends, the data is gone, and its consumer is told, not given an empty one", async () => {
    const volume = await used("evicted", "evicted");
    const listed = await tideway(west.cluster, "volume", "list");
    expect(listed).toContain(`${NS}/evicted`);
    await tideway(west.cluster, "volume", "evict", volume, "--wait");
    expect(await volumeOf(west, volume)).toBeUndefined();
    await until(async () => (await eventsAt("evicted")).includes("Evicted"), {
      what: "Event Evicted",
      explain: () => eventsAt("evicted").then((r) => r.join(" ")),
    });
    await east.cluster.kubectl("-n", NS, "delete", "pod", "evicted", "--ignore-not-found", "--timeout=30s");
    await apply(east.cluster, podManifest(NS, "again", "evicted", "true"));
    await until(async () => (await podOf(east, NS, "again"))?.status?.reason === "ClaimNotAtProvider", {
      what: "the next pod told that its data is gone",
      explain: async () => JSON.stringify((await podOf(east, NS, "again"))?.status),
    });
    expect(await claimOf(west, TWIN, "evicted")).toBeUndefined();
    await east.cluster.kubectl("-n", NS, "delete", "pod/again", "pvc/evicted", "--timeout=30s");
    await nothingLeft();
  });
});

describe("unpeer --delete-volumes", () => {
  it("says what will be lost, and takes it along on both sides", async () => {
    const volume = await used("doomed", "doomed");
    await east.cluster.kubectl("-n", NS, "delete", "pod", "doomed", "--timeout=30s");
    await tideway(east.cluster, "unpeer", "west", "--delete-volumes", "--wait", "--timeout", "60s");
    await until(async () => !(await volumeOf(west, volume)), { what: "the data gone at the provider" });
    expect(await claimOf(east, NS, "doomed")).toBeUndefined();
    expect((await east.kube.list(persistentVolumes)).map((v) => v.spec?.claimRef?.name)).not.toContain(
      "doomed",
    );
    await nothingLeft();
    await ensurePeered();
  });
});
