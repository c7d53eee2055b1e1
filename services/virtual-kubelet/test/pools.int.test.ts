import { namespaceMaps, shadowPods, tenantQuotas, virtualNodes } from "@tideway/api";
import { events, leases, nodes, type Pod, pods } from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorld, WEST, type World } from "./world.ts";

/** West gives its ordinary nodes and those with a GPU as offers of their own. */
const GPU = { key: "hardware", operator: "In", values: ["gpu"] };
const NO_GPU = { ...GPU, operator: "NotIn" };
const REST = { name: "", resources: { cpu: "4", memory: "8Gi", pods: "110" }, nodes: [{ all: [NO_GPU] }] };
const POOL = {
  name: "gpu",
  resources: { cpu: "2", memory: "4Gi", pods: "10", "nvidia.com/gpu": "1" },
  labels: { hardware: "gpu" },
  nodes: [{ all: [GPU] }],
};
const NS = "shop";

let w: World;
let twin: string;

beforeAll(async () => {
  w = await startWorld();
  await w.peerFact();
  await w.identityFact();
  await w.poolsFact(REST, POOL);
  await w.until(() => w.east.kube.find(nodes, "west-gpu"), "the node of the pool");
  await w.until(() => w.east.kube.find(nodes, "west"), "the node of the rest");
  twin = await w.offload(NS);
}, 120_000);
afterAll(() => w?.stop(), 60_000);

const create = (name: string, nodeName: string): Promise<Pod> =>
  w.east.kube.create(pods, {
    metadata: { name, namespace: NS },
    spec: {
      nodeName,
      automountServiceAccountToken: false,
      nodeSelector: { hardware: "anything" },
      tolerations: [{ key: "tideway.dev/virtual-node", operator: "Exists" }],
      containers: [{ name: "c", image: "img:1", resources: { requests: { cpu: "1" } } }],
    },
  });
const there = (name: string) => w.until(() => w.remote(twin, name), `pod ${name} at the provider`);
const termsOf = (pod: Pod) =>
  pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
const usedOf = async (offer: string) =>
  (await w.west.kube.find(tenantQuotas, offer, "tideway-tenant-east"))?.status?.used;

describe("a provider that gives node pools", () => {
  it("is one node for each offer, of its own size and labels, and with its own lease", async () => {
    const [west, gpu] = await Promise.all([
      w.east.kube.get(nodes, "west"),
      w.east.kube.get(nodes, "west-gpu"),
    ]);
    expect(west.status?.allocatable).toEqual(REST.resources);
    expect(gpu.status?.allocatable).toEqual(POOL.resources);
    expect(gpu.metadata.labels).toMatchObject({
      hardware: "gpu",
      "kubernetes.io/hostname": "west-gpu",
      "tideway.dev/peer": "west",
      "tideway.dev/pool": "gpu",
    });
    expect(west.metadata.labels).not.toHaveProperty("hardware");
    expect(west.metadata.labels).not.toHaveProperty("tideway.dev/pool");
    for (const name of ["west", "west-gpu"])
      await w.until(() => w.east.kube.find(leases, name, "kube-node-lease"), `lease of ${name}`);
  });
});

describe("a pod on the node of a pool", () => {
  it("runs on the nodes of the pool and nowhere else", async () => {
    await create("train", "west-gpu");
    const pod = await there("train");
    expect((await w.west.kube.get(shadowPods, "train", twin)).spec.pool).toBe("gpu");
    expect(pod.metadata.labels).toMatchObject({ "tideway.dev/pool": "gpu" });
    expect(termsOf(pod)).toEqual([
      { matchExpressions: [{ key: "tideway.dev/virtual-node", operator: "DoesNotExist" }, GPU] },
    ]);
    expect(pod.spec?.nodeSelector).toBeUndefined();
  });
  it("is charged to the offer of the pool, and one on the other node to that of the rest", async () => {
    await create("web", "west");
    expect(termsOf(await there("web"))).toEqual([
      { matchExpressions: [{ key: "tideway.dev/virtual-node", operator: "DoesNotExist" }, NO_GPU] },
    ]);
    await w.until(async () => (await usedOf("offer-gpu"))?.["pods"] === "1", "charged to the pool");
    await w.until(async () => (await usedOf("offer"))?.["pods"] === "1", "charged to the rest");
  });
  it("never gets more than the offer of the pool, though the other has room", async () => {
    for (const name of ["train-2", "train-3"]) await create(name, "west-gpu");
    const refused = await w.until(async () => {
      const all = await Promise.all(["train-2", "train-3"].map((n) => w.local(NS, n)));
      return all.find((p) => p?.status?.reason === "QuotaExceeded");
    }, "the one too many");
    expect(refused.status?.message).toBe("cpu: asked 1, used 2 of 2");
    for (const name of ["train-2", "train-3"])
      await w.east.kube.delete(pods, name, NS, { gracePeriodSeconds: 0 });
    await w.until(async () => (await usedOf("offer-gpu"))?.["pods"] === "1", "given back to the pool");
  });
  it("stays, as those of the other node do, when the service restarts", async () => {
    const before = await Promise.all(["train", "web"].map((n) => w.remote(twin, n)));
    await w.restartConsumer();
    await w.until(async () => w.consumer.peers.byPod(NS, "train"), "the pods known again");
    await create("later", "west-gpu");
    await there("later");
    const after = await Promise.all(["train", "web"].map((n) => w.remote(twin, n)));
    expect(after.map((p) => p?.metadata.uid)).toEqual(before.map((p) => p?.metadata.uid));
    expect(after.some((p) => p?.metadata.deletionTimestamp)).toBe(false);
  });
});

describe("a pool that is taken back", () => {
  it("cordons and drains its own node alone", async () => {
    const withdrawal = {
      state: "DRAINING",
      reason: "maintenance",
      since: "2026-01-01T00:00:00Z",
      deadline: "2036-01-01T00:00:00Z",
    };
    await w.poolsFact(REST, { ...POOL, withdrawal });
    await w.until(
      async () => (await w.east.kube.get(nodes, "west-gpu")).spec?.unschedulable === true,
      "the node cordoned",
    );
    await w.until(async () => (await w.local(NS, "train")) === undefined, "its pods gone");
    const told = await w.until(async () => {
      const all = await w.east.kube.list(events, { namespace: "default" });
      const said = all.filter((e) => e.reason === "OfferDraining");
      return new Set(said.map((e) => e.involvedObject.name)).size === 2 && said;
    }, "why, as Events");
    const whom = new Set(told.map((e) => `${e.involvedObject.kind} ${e.involvedObject.name}`));
    expect([...whom].toSorted()).toEqual(["ForeignCluster west", "Node west-gpu"]);
    for (const e of told) {
      expect(e.type).toBe("Warning");
      expect(e.message).toContain("maintenance");
      expect(e.message).toContain(withdrawal.deadline);
    }
    expect((await w.east.kube.get(nodes, "west")).spec?.unschedulable).toBeUndefined();
    expect((await w.local(NS, "web"))?.metadata.deletionTimestamp).toBeUndefined();
  });
  it("takes its node along, and the other stays with its namespaces", async () => {
    await w.poolsFact(REST);
    await w.until(async () => (await w.east.kube.find(nodes, "west-gpu")) === undefined, "the node gone");
    await w.until(
      async () => (await w.east.kube.find(virtualNodes, "west-gpu")) === undefined,
      "its object gone",
    );
    await w.until(async () => {
      const all = await w.east.kube.list(events, { namespace: "default" });
      const ended = all.filter((e) => e.reason === "OfferEnded").map((e) => e.involvedObject.name);
      return ended.includes("west-gpu") && ended.includes("west");
    }, "the end, as Events");
    expect(await w.east.kube.find(nodes, "west")).toBeDefined();
    expect(await w.east.kube.find(namespaceMaps, "namespaces", "tideway-peer-west")).toBeDefined();
    expect((await w.remote(twin, "web"))?.metadata.deletionTimestamp).toBeUndefined();
  });
  it("comes back as it was", async () => {
    await w.poolsFact(REST, POOL);
    await w.until(() => w.east.kube.find(nodes, "west-gpu"), "the node again");
    await create("again", "west-gpu");
    await there("again");
  });
});

describe("unpeering", () => {
  it("removes all nodes, and what stands for the peer", async () => {
    await w.peerFact({ outgoing: false, unpeerDeadline: new Date(Date.now() + 300_000).toISOString() });
    for (const name of ["west", "west-gpu"])
      await w.until(async () => (await w.east.kube.find(nodes, name)) === undefined, `${name} gone`);
    await w.until(async () => (await w.east.kube.list(virtualNodes)).length === 0, "their objects gone");
    const facts = await w.east.bus.facts("node");
    await facts.synced;
    await w.until(async () => facts.get(WEST)?.data.state === "GONE", "said GONE");
    await w.until(
      async () => (await w.east.kube.find(namespaceMaps, "namespaces", "tideway-peer-west")) === undefined,
      "no map left",
    );
  });
});
