import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { volumeMoves } from "@tideway/api";
import { persistentVolumeClaims, persistentVolumes, type Pod, pods } from "@tideway/k8s";
import { tideway } from "@tideway/platform";
import { loadAppImages, until } from "@tideway/sandbox";
import { ensureConnected } from "./fabric.ts";
import { databaseIn } from "./postgres.ts";
import { apply, dropNamespace, east, isTrue, offloadedNamespace, shell, STAY, west } from "./world.ts";

/** A claim's data goes to the peer and comes back, with a file that changes all the time, and a break in the middle. */
const NS = "moving";
const BIG = 512; // MiB: a copy that lasts

const manifest = (): object => ({
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data", namespace: NS, labels: { app: "writer" } },
      spec: {
        storageClassName: "tideway",
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "writer", namespace: NS },
      spec: {
        replicas: 1,
        strategy: { type: "Recreate" },
        selector: { matchLabels: { app: "writer" } },
        template: {
          metadata: { labels: { app: "writer" } },
          spec: {
            terminationGracePeriodSeconds: 5,
            containers: [
              shell(
                `[ -e /data/big ] || { head -c ${BIG}M /dev/urandom >/data/part && mv /data/part /data/big; }; ` +
                  `(n=$(cat /data/count 2>/dev/null || echo 0); while true; do n=$((n+1)); echo $n >/data/count; sleep 0.1; done) & ${STAY}`,
                {
                  volumeMounts: [{ name: "data", mountPath: "/data" }],
                  readinessProbe: { exec: { command: ["test", "-e", "/data/big"] }, periodSeconds: 1 },
                },
              ),
            ],
            volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
          },
        },
      },
    },
  ],
});
const writer = () =>
  until(
    async () =>
      (await east.kube.list(pods, { namespace: NS, labelSelector: "app=writer" })).find(
        (p) => !p.metadata.deletionTimestamp && isTrue(p.status?.conditions, "Ready"),
      ),
    {
      what: "the writer Ready",
      timeoutMs: 90_000,
      explain: () => east.cluster.kubectl("-n", NS, "get", "pods,pvc,volumemoves", "-o", "yaml"),
    },
  );
const run = (line: string): Promise<string> =>
  east.cluster
    .kubectl("-n", NS, "exec", "deploy/writer", "--", "/bin/bash", "-c", line)
    .then((s) => s.trim());
const sum = (): Promise<string> => run("sha256sum </data/big");
const volumeName = async (): Promise<string> =>
  (await east.kube.get(persistentVolumeClaims, "data", NS)).spec?.volumeName ?? "";
const moving = (namespace: string, claim: string, ...args: string[]): Promise<string> =>
  tideway(east.cluster, "move", "volume", claim, "-n", namespace, ...args, "--wait", "--timeout", "150s");
const move = (...args: string[]): Promise<string> => moving(NS, "data", ...args);

const strategy = (s: string, namespace = NS): Promise<string> =>
  tideway(
    east.cluster,
    ...["offload", "namespace", namespace, "--pod-offloading-strategy", s, "--wait", "--timeout", "60s"],
  );
/** The first copy, while it runs; undefined: it was over before anybody looked. */
const firstCopy = async (namespace: string): Promise<Pod | undefined> => {
  const seen = await until(
    async () => {
      const [move] = await east.kube.list(volumeMoves, { namespace });
      if (["Stopping", "Finishing", "Switching", "Moved"].includes(move?.status?.phase ?? "")) return "over";
      const all = await east.kube.list(pods, { namespace });
      return all.find((p) => p.metadata.name.endsWith("-copy-1") && p.status?.phase === "Running");
    },
    { what: "the first copy" },
  );
  return seen === "over" ? undefined : seen;
};

beforeAll(async () => {
  await ensureConnected();
  await Promise.all([east, west].map((s) => loadAppImages(s.cluster, ["mover", "app-postgres"])));
  await offloadedNamespace(NS);
  await strategy("Local"); // the data begins here
}, 300_000);
afterAll(() => dropNamespace(NS));

let checksum = "";

it("moves a claim to the peer while its pod runs, through a break of the copy", async () => {
  await apply(east.cluster, manifest());
  const first = await writer();
  expect(first.spec?.nodeName).not.toBe("west");
  await strategy("LocalAndRemote");
  checksum = await sum();
  const old = await volumeName();
  const under = move("--to", "west");
  const copy = await firstCopy(NS);
  if (copy) await east.kube.delete(pods, copy.metadata.name, NS);
  await under;
  const second = await writer();
  expect(second.spec?.nodeName).toBe("west");
  expect(await sum()).toBe(checksum);
  const counted = Number(await run("cat /data/count"));
  expect(counted).toBeGreaterThan(0);
  expect(await volumeName()).not.toBe(old);
  expect((await east.kube.get(persistentVolumeClaims, "data", NS)).metadata.labels).toMatchObject({
    app: "writer",
  });
  await until(async () => (await east.kube.get(persistentVolumes, old)).status?.phase === "Released", {
    what: "the old volume released",
  });
});

it("lets the old volume go when told", async () => {
  await tideway(east.cluster, "move", "volume", "data", "-n", NS, "--confirm");
  await until(
    async () =>
      (await east.kube.list(volumeMoves, { namespace: NS })).every((m) => m.status?.phase === "Complete"),
    { what: "the move complete" },
  );
});

it("brings it home again, and leaves nothing of it at the peer", async () => {
  const node = (
    await east.kube.list({ group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false })
  )
    .map((n) => n.metadata)
    .find((m) => m.labels?.["tideway.dev/virtual-node"] !== "true");
  await move("--to", node?.name ?? "", "--confirm");
  expect((await writer()).spec?.nodeName).toBe(node?.name);
  expect(await sum()).toBe(checksum);
  await until(
    async () =>
      (await west.kube.list(persistentVolumes)).every(
        (v) => v.spec?.claimRef?.namespace !== `tideway-east--${NS}`,
      ),
    { what: "no volume of it at the peer" },
  );
});

const DB = "moving-db";
describe("a database under write load", () => {
  const db = databaseIn(DB);
  const checksum = (): Promise<string | undefined> =>
    db.ask("db-0.db", "select md5(string_agg(word, '' order by g)) from bulk");
  beforeAll(async () => {
    await offloadedNamespace(DB);
    await strategy("Local", DB);
    const node = east.cluster.nodes[0] ?? "";
    await db.start({ replicas: 1, client: { "kubernetes.io/hostname": node } });
    await strategy("LocalAndRemote", DB);
    await db.ask(
      "db-0.db",
      "create table bulk as select g, md5(g::text) as word from generate_series(1, 800000) g",
    );
  }, 300_000);
  afterAll(() => dropNamespace(DB));

  it("is moved with the peer cut off in the middle: all that was acknowledged is there, and it stood still for the last copy only", async () => {
    const before = await checksum();
    expect(before).toMatch(/^[0-9a-f]{32}$/);
    const started = await db.acked();
    const move = moving(DB, "data-db-0", "--to", "west");
    await firstCopy(DB);
    await east.cluster.partitionFrom(west.cluster);
    await db.goesOn("the peer was cut off, and the copy with it");
    await east.cluster.heal();
    await move;
    await db.goesOn("the move");
    expect(await db.places()).toEqual({ "db-0": "there" });
    await db.holdsAll("db-0.db");
    expect(await checksum()).toBe(before);
    expect(await db.acked()).toBeGreaterThan(started);
    const [done] = await east.kube.list(volumeMoves, { namespace: DB });
    const at = (text = ""): number => Date.parse(text);
    const copied = at(done?.status?.stoppedAt) - at(done?.metadata.creationTimestamp);
    const stopped = at(done?.status?.switchedAt) - at(done?.status?.stoppedAt);
    const gap = await db.longestGapMs();
    console.info(
      `copied beside the database in ${copied} ms, stopped for ${stopped} ms until switched; longest time between two writes ${gap} ms`,
    );
    expect(stopped).toBeLessThan(copied); // the bulk went while it ran
    // from the last write to the first one: the stop, the start of the new pod, and its new address known
    expect(gap).toBeLessThan(stopped + 45_000);
  });
});
