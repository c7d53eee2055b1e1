import {
  namespaceMaps,
  namespaceOffloadings,
  shadowPods,
  virtualNodes,
  foreignClusters,
  findCondition,
} from "@tideway/api";
import {
  configMaps,
  events,
  informer,
  leases,
  namespaces,
  nodes,
  type Pod,
  pods,
  secrets,
} from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EAST, startWorld, WEST, type World } from "./world.ts";

let w: World;
let twin: string;
const NS = "shop";

beforeAll(async () => {
  w = await startWorld();
}, 120_000);
afterAll(() => w?.stop(), 60_000);

const readyOf = async (): Promise<string | undefined> =>
  (await w.east.kube.find(nodes, "west"))?.status?.conditions?.find((c) => c.type === "Ready")?.status;

const pod = (name: string, spec: Partial<NonNullable<Pod["spec"]>> = {}, meta: object = {}): Pod => ({
  metadata: { name, namespace: NS, labels: { app: "web" }, ...meta },
  spec: {
    nodeName: "west",
    automountServiceAccountToken: false,
    tolerations: [{ key: "tideway.dev/virtual-node", operator: "Exists" }],
    containers: [{ name: "c", image: "img:1" }],
    ...spec,
  },
});
const create = (name: string, spec: Partial<NonNullable<Pod["spec"]>> = {}, meta: object = {}) =>
  w.east.kube.create(pods, pod(name, spec, meta));
const remotePod = (name: string) => w.until(() => w.remote(twin, name), `pod ${name} at the provider`);
const running = { startedAt: "2026-01-01T00:00:00Z" };
const isRunning = (restartCount = 0) => ({
  phase: "Running",
  startTime: "2026-01-01T00:00:00Z",
  podIP: "10.0.0.9",
  hostIP: "10.9.9.9",
  conditions: [
    { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:01Z" },
    { type: "ContainersReady", status: "True", lastTransitionTime: "2026-01-01T00:00:01Z" },
  ],
  containerStatuses: [
    {
      name: "c",
      ready: true,
      started: true,
      restartCount,
      image: "img:1",
      imageID: "sha",
      state: { running },
      lastState: {},
    },
  ],
});

describe("the virtual node", () => {
  it("is born Ready with the offered size, and says so everywhere", async () => {
    await w.peerFact();
    await w.identityFact();
    const before = performance.now();
    await w.offerFact();
    const node = await w.until(() => w.east.kube.find(nodes, "west"), "node west");
    const took = performance.now() - before;
    expect(took).toBeLessThan(5_000); // how soon on a machine that is free, the bench says
    expect(node.metadata.labels).toMatchObject({
      type: "virtual-kubelet",
      "tideway.dev/virtual-node": "true",
      "tideway.dev/remote-cluster-id": WEST,
      region: "eu",
    });
    expect(node.spec?.taints).toContainEqual({
      key: "tideway.dev/virtual-node",
      value: "true",
      effect: "NoSchedule",
    });
    expect(node.status?.allocatable).toEqual({ cpu: "4", memory: "8Gi", pods: "110" });
    expect(node.status?.conditions?.find((c) => c.type === "Ready")).toMatchObject({
      status: "True",
      reason: "ProviderReady",
    });
    await w.until(() => w.east.kube.find(leases, "west", "kube-node-lease"), "the node's lease");
    await w.until(
      async () =>
        findCondition((await w.east.kube.get(foreignClusters, "west")).status?.conditions, "Virtualised")
          ?.status === "True",
      "Virtualised",
    );
    await w.until(
      async () =>
        findCondition((await w.east.kube.get(virtualNodes, "west")).status?.conditions, "Ready")?.status ===
        "True",
      "VirtualNode Ready",
    );
    const facts = await w.east.bus.facts("node");
    await facts.synced;
    await w.until(async () => facts.get(WEST)?.data.state === "READY", "fact READY");
  });

  it("follows a changed offer", async () => {
    await w.offerFact("ACCEPTED", { resources: { cpu: "6", memory: "8Gi", pods: "110" }, labels: {} });
    const node = await w.until(async () => {
      const n = await w.east.kube.get(nodes, "west");
      return n.status?.capacity?.["cpu"] === "6" && n.metadata.labels?.["region"] === undefined && n;
    }, "the new size");
    expect(node.status?.conditions?.map((c) => c.type)).toEqual([
      "Ready",
      "MemoryPressure",
      "DiskPressure",
      "PIDPressure",
    ]);
  });

  it("comes back when somebody deletes it", async () => {
    const { uid } = (await w.east.kube.get(nodes, "west")).metadata;
    await w.east.kube.delete(nodes, "west");
    await w.until(
      async () => ((await w.east.kube.find(nodes, "west"))?.metadata.uid ?? uid) !== uid,
      "a new node",
    );
    await w.until(async () => (await readyOf()) === "True", "ready");
  });
});

describe("an offloaded namespace", () => {
  it("gets its twin, its label and its fact", async () => {
    twin = await w.offload(NS);
    const o = await w.east.kube.get(namespaceOffloadings, "offloading", NS);
    expect(o.status?.remoteNamespaces).toEqual([{ peer: "west", namespace: twin, ready: true }]);
    await w.until(
      async () =>
        (await w.east.kube.get(namespaces, NS)).metadata.labels?.["tideway.dev/offloading"] === "enabled",
      "the label",
    );
    const facts = await w.east.bus.facts("namespace");
    await w.until(async () => facts.get("local", NS)?.data.state === "OFFLOADED", "the fact");
    expect(facts.get("local", NS)?.data).toMatchObject({ strategy: "LocalAndRemote" });
  });
});

describe("a pod", () => {
  it("runs at the provider, and its status comes back without foreign addresses", async () => {
    await create("web-0");
    const there = await remotePod("web-0");
    expect(there.metadata.labels).toMatchObject({ app: "web", "tideway.dev/origin": EAST });
    expect(there.spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    await w.kubelet(there, isRunning());
    const here = await w.until(async () => {
      const p = await w.local(NS, "web-0");
      return p?.status?.phase === "Running" && p;
    }, "Running");
    expect(here.status?.conditions?.find((c) => c.type === "Ready")?.status).toBe("True");
    expect(here.status?.containerStatuses?.[0]).toMatchObject({ name: "c", ready: true, restartCount: 0 });
    expect(here.status?.podIP).toBeUndefined();
    expect(here.status?.hostIP).toBeUndefined();
  });

  it("shows restarts", async () => {
    await w.kubelet((await w.remote(twin, "web-0"))!, isRunning(3));
    await w.until(
      async () => (await w.local(NS, "web-0"))?.status?.containerStatuses?.[0]?.restartCount === 3,
      "three restarts",
    );
  });

  it("has its image and labels forwarded", async () => {
    await w.east.kube.patch(pods, "web-0", NS, { metadata: { labels: { app: null, tier: "front" } } });
    await w.east.kube.patch(
      pods,
      "web-0",
      NS,
      [{ op: "replace", path: "/spec/containers/0/image", value: "img:2" }],
      { type: "json" },
    );
    await w.until(async () => {
      const p = await w.remote(twin, "web-0");
      const labels = p?.metadata.labels ?? {};
      return (
        p?.spec?.containers[0]?.image === "img:2" && labels["tier"] === "front" && labels["app"] === undefined
      );
    }, "image and labels over there");
  });

  it("goes when it is deleted, and takes nothing longer than the provider needs", async () => {
    await w.east.kube.delete(pods, "web-0", NS);
    await w.until(async () => (await w.local(NS, "web-0")) === undefined, "gone here");
    expect(await w.remote(twin, "web-0")).toBeUndefined();
    expect(await w.shadow(twin, "web-0")).toBeUndefined();
  });

  it("of the same name waits until the older one has ended", async () => {
    await create("db-0");
    const first = await remotePod("db-0");
    await w.until(() => w.shadow(twin, "db-0"), "shadow");
    await w.east.kube.delete(pods, "db-0", NS, { gracePeriodSeconds: 0 });
    const again = await create("db-0");
    await w.until(
      async () => (await w.shadow(twin, "db-0"))?.spec.originUID === again.metadata.uid,
      "the new one's ShadowPod",
    );
    const second = await w.until(async () => {
      const p = await w.remote(twin, "db-0");
      return p && p.metadata.uid !== first.metadata.uid && p;
    }, "the new pod");
    expect(second.metadata.annotations?.["tideway.dev/origin-uid"]).toBe(again.metadata.uid);
    await w.east.kube.delete(pods, "db-0", NS);
    await w.until(async () => (await w.local(NS, "db-0")) === undefined, "gone");
  });

  it("that the provider refuses fails with the reason, and is not tried again and again", async () => {
    await create("bad", { hostNetwork: true });
    const here = await w.until(async () => {
      const p = await w.local(NS, "bad");
      return p?.status?.phase === "Failed" && p;
    }, "Failed");
    expect(here.status?.message).toContain("hostNetwork");
    await w.until(async () => {
      const all = await w.east.kube.list(events, { namespace: NS, fieldSelector: "involvedObject.name=bad" });
      return all.some((e) => e.message?.includes("hostNetwork"));
    }, "an Event that says so");
    await w.east.kube.delete(pods, "bad", NS);
    await w.until(async () => (await w.local(NS, "bad")) === undefined, "gone");
  });

  it("that is lost at the provider fails, and is never started again", async () => {
    await create("lost");
    await w.kubelet(await remotePod("lost"), isRunning());
    await w.until(async () => (await w.local(NS, "lost"))?.status?.phase === "Running", "Running");
    await w.west.kube.delete(pods, "lost", twin, { gracePeriodSeconds: 0 });
    await w.until(async () => (await w.local(NS, "lost"))?.status?.phase === "Failed", "Failed");
    await w.sleep(300);
    expect(await w.remote(twin, "lost")).toBeUndefined();
    await w.east.kube.delete(pods, "lost", NS);
    await w.until(async () => (await w.local(NS, "lost")) === undefined, "gone");
  });

  it("that ran to its end stays ended", async () => {
    await create("job", { restartPolicy: "Never" });
    const there = await remotePod("job");
    const terminated = {
      exitCode: 0,
      reason: "Completed",
      startedAt: running.startedAt,
      finishedAt: running.startedAt,
    };
    await w.kubelet(there, {
      phase: "Succeeded",
      containerStatuses: [
        {
          name: "c",
          ready: false,
          restartCount: 0,
          image: "img:1",
          imageID: "sha",
          state: { terminated },
          lastState: {},
        },
      ],
    });
    await w.until(async () => (await w.local(NS, "job"))?.status?.phase === "Succeeded", "Succeeded");
    await w.west.kube.delete(shadowPods, "job", twin);
    await w.sleep(300);
    expect((await w.local(NS, "job"))?.status?.phase).toBe("Succeeded");
    await w.east.kube.delete(pods, "job", NS);
    await w.until(async () => (await w.local(NS, "job")) === undefined, "gone");
  });

  it("of a namespace that is not offloaded waits, and says why", async () => {
    await w.east.kube.create(namespaces, { metadata: { name: "private" } });
    await w.east.kube.create(pods, { ...pod("p"), metadata: { name: "p", namespace: "private" } });
    await w.until(
      async () => (await w.local("private", "p"))?.status?.reason === "NamespaceNotOffloaded",
      "the reason",
    );
    await w.east.kube.delete(pods, "p", "private");
    await w.until(async () => (await w.local("private", "p")) === undefined, "gone");
  });
});

describe("what a pod refers to", () => {
  it("is there before the pod, follows changes, and goes with its last user", async () => {
    await w.east.kube.create(configMaps, {
      metadata: { name: "conf", namespace: NS },
      data: { a: "1", old: "x" },
    });
    await w.east.kube.create(secrets, { metadata: { name: "cred", namespace: NS }, data: { k: "cGFzcw==" } });
    await w.east.kube.create(configMaps, { metadata: { name: "unused", namespace: NS }, data: { a: "1" } });
    await create("user", {
      containers: [{ name: "c", image: "img:1", envFrom: [{ configMapRef: { name: "conf" } }] }],
      volumes: [{ name: "s", secret: { secretName: "cred" } }],
    });
    await w.until(() => w.shadow(twin, "user"), "ShadowPod");
    expect((await w.west.kube.get(configMaps, "conf", twin)).data).toEqual({ a: "1", old: "x" });
    expect((await w.west.kube.get(secrets, "cred", twin)).data).toEqual({ k: "cGFzcw==" });
    expect(await w.west.kube.find(configMaps, "unused", twin)).toBeUndefined();
    await w.east.kube.patch(configMaps, "conf", NS, { data: { a: "2", old: null } });
    await w.until(async () => {
      const { data } = await w.west.kube.get(configMaps, "conf", twin);
      return data?.["a"] === "2" && data["old"] === undefined;
    }, "the new content");
    await w.east.kube.delete(pods, "user", NS);
    await w.until(async () => (await w.west.kube.find(configMaps, "conf", twin)) === undefined, "copy gone");
    await w.until(async () => (await w.west.kube.find(secrets, "cred", twin)) === undefined, "copy gone");
  });

  it("may be a token of the consumer, bound to the pod", async () => {
    const projected = {
      sources: [{ serviceAccountToken: { path: "t", audience: "vault", expirationSeconds: 600 } }],
    };
    await w.until(
      () =>
        w.east.kube.find(
          { group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount", namespaced: true },
          "default",
          NS,
        ),
      "account",
    );
    const made = await create("tok", { volumes: [{ name: "v", projected }], serviceAccountName: "default" });
    await w.until(() => w.shadow(twin, "tok"), "ShadowPod");
    const copy = await w.west.kube.get(secrets, "tideway-tokens-tok", twin);
    const payload = JSON.parse(
      Buffer.from(
        Buffer.from(copy.data?.["v.0"] ?? "", "base64")
          .toString()
          .split(".")[1] ?? "",
        "base64url",
      ).toString(),
    );
    expect(payload).toMatchObject({
      aud: ["vault"],
      "kubernetes.io": { namespace: NS, pod: { name: "tok", uid: made.metadata.uid } },
    });
    await w.east.kube.delete(pods, "tok", NS);
    await w.until(
      async () => (await w.west.kube.find(secrets, "tideway-tokens-tok", twin)) === undefined,
      "token gone",
    );
  });

  it("and its events come back", async () => {
    await create("talk");
    const there = await remotePod("talk");
    const at = new Date().toISOString().replace(/\.\d+Z/, "Z");
    await w.west.kube.create(events, {
      metadata: { name: "talk.1", namespace: twin },
      involvedObject: {
        kind: "Pod",
        name: "talk",
        namespace: twin,
        ...(there.metadata.uid ? { uid: there.metadata.uid } : {}),
      },
      reason: "Pulled",
      message: "image pulled",
      type: "Normal",
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    });
    const told = await w.until(
      async () => (await w.east.kube.list(events, { namespace: NS })).find((e) => e.reason === "Pulled"),
      "the event",
    );
    expect(told).toMatchObject({
      involvedObject: { name: "talk", namespace: NS },
      source: { component: "tideway/west" },
      message: "image pulled",
    });
    await w.east.kube.delete(pods, "talk", NS);
    await w.until(async () => (await w.local(NS, "talk")) === undefined, "gone");
  });
});

describe("when the provider is away", () => {
  it("the node is NotReady within seconds, pods are kept, and all is repaired on its return", async () => {
    await create("keep");
    await w.kubelet(await remotePod("keep"), isRunning());
    await w.until(async () => (await w.local(NS, "keep"))?.status?.phase === "Running", "Running");
    const { uid } = (await w.remote(twin, "keep"))!.metadata;
    await w.east.kube.patch(virtualNodes, "west", undefined, { spec: { unreachable: "Hold" } });
    await w.west.server.kill();
    const lost = performance.now();
    await w.until(async () => (await readyOf()) === "False", "NotReady");
    expect(performance.now() - lost).toBeLessThan(6_000); // 3 s on a machine that is free
    // as the node controller does
    await w.east.kube.patch(
      pods,
      "keep",
      NS,
      { status: { conditions: [{ type: "Ready", status: "False" }] } },
      { type: "strategic", subresource: "status" },
    );
    await create("later");
    await w.east.kube.delete(pods, "later", NS);
    // the owner wants pods held: nothing limits how long the outage is tolerated
    const outage = (p: Pod | undefined) =>
      p?.spec?.tolerations?.filter((t) => t.effect === "NoExecute") ?? [];
    await w.until(async () => {
      const tolerated = outage(await w.local(NS, "keep"));
      return tolerated.length === 2 && tolerated.every((t) => t.tolerationSeconds === undefined);
    }, "the outage tolerated");
    await w.west.server.start();
    const back = performance.now();
    await w.until(async () => (await readyOf()) === "True", "Ready again");
    expect(performance.now() - back).toBeLessThan(10_000); // a pause that has grown meanwhile is longer
    await w.until(
      async () =>
        (await w.local(NS, "keep"))?.status?.conditions?.some(
          (c) => c.type === "Ready" && c.status === "True",
        ),
      "repaired",
    );
    await w.until(async () => (await w.local(NS, "later")) === undefined, "later gone");
    expect((await w.remote(twin, "keep"))?.metadata.uid).toBe(uid);
  });
});

describe("after a restart", () => {
  it("nothing is started twice, and what happened meanwhile is caught up with", async () => {
    const { uid } = (await w.remote(twin, "keep"))!.metadata;
    await create("orphan");
    await remotePod("orphan");
    await w.stopConsumer();
    await w.kubelet((await w.remote(twin, "keep"))!, isRunning(7));
    await w.east.kube.delete(pods, "orphan", NS, { gracePeriodSeconds: 0 });
    await w.startConsumer();
    await w.until(
      async () => (await w.local(NS, "keep"))?.status?.containerStatuses?.[0]?.restartCount === 7,
      "restarts",
    );
    await w.until(async () => (await w.remote(twin, "orphan")) === undefined, "the orphan is gone");
    expect((await w.remote(twin, "keep"))?.metadata.uid).toBe(uid);
  });
});

describe("stopped at any moment", () => {
  it("ends in the same state, and no pod is ever started twice", async () => {
    const abort = new AbortController();
    const started = new Map<string, Set<string>>();
    const seen = informer<Pod>(w.west.kube, pods, { namespace: twin });
    seen.onChange((_key, p) => {
      const origin = p?.metadata.annotations?.["tideway.dev/origin-uid"];
      if (p && origin) started.set(origin, (started.get(origin) ?? new Set()).add(p.metadata.uid ?? ""));
    });
    seen.start(abort.signal);
    await seen.synced;
    const wanted = new Set<string>();
    for (let round = 0; round < 5; round++) {
      const names = Array.from({ length: 12 }, (_, i) => `r${round}-${i}`);
      // a third goes again, half of that by force; what follows is cut short somewhere
      const work = names.map(async (name, i) => {
        await create(name);
        wanted.add(name);
        if (i % 3 !== 0) return;
        await w.sleep(i * 5);
        wanted.delete(name);
        await w.east.kube.delete(pods, name, NS, i % 2 === 0 ? { gracePeriodSeconds: 0 } : {});
      });
      await w.sleep(Math.random() * 150);
      await w.stopConsumer();
      await Promise.all(work);
      await w.startConsumer();
    }
    const isSettled = async (): Promise<boolean> => {
      const here = (await w.east.kube.list(pods, { namespace: NS })).filter((p) =>
        p.metadata.name.startsWith("r"),
      );
      const there = (await w.west.kube.list(pods, { namespace: twin })).filter((p) =>
        p.metadata.name.startsWith("r"),
      );
      const uids = (list: (string | undefined)[]): string => list.toSorted().join();
      return (
        here.length === wanted.size &&
        uids(here.map((p) => p.metadata.uid)) ===
          uids(there.map((p) => p.metadata.annotations?.["tideway.dev/origin-uid"]))
      );
    };
    await w.until(isSettled, "exactly the wanted pods, here and there");
    for (const uids of started.values()) expect(uids.size).toBe(1);
    await Promise.all([...wanted].map((name) => w.east.kube.delete(pods, name, NS)));
    await w.until(
      async () =>
        (await w.west.kube.list(shadowPods, { namespace: twin })).every(
          (s) => !s.metadata.name.startsWith("r"),
        ),
      "all gone",
    );
    abort.abort();
  });
});

describe("an offer that is taken back", () => {
  const offered = (more: object = {}) => {
    const resources = { cpu: "6", memory: "8Gi", pods: "110" };
    const pool = {
      name: "",
      resources,
      labels: {},
      storageClasses: [],
      ingressClasses: [],
      pricePerHour: {},
    };
    const pools = [{ ...pool, currency: "", expiresAt: "", ...more }];
    return w.offerFact("ACCEPTED", { resources, labels: {}, pools });
  };
  const withdrawal = (state: string) => ({
    withdrawal: {
      state,
      reason: "maintenance",
      since: "",
      deadline: new Date(Date.now() + 300_000).toISOString(),
    },
  });
  const isClosed = async (): Promise<boolean> =>
    (await w.east.kube.get(nodes, "west")).spec?.unschedulable === true;

  const isLeaving = async (name: string): Promise<boolean> => {
    const pod = await w.east.kube.find(pods, name, NS);
    return pod?.metadata.deletionTimestamp !== undefined || pod === undefined;
  };

  it("closes the node, and opens it again when the provider thinks better of it", async () => {
    await offered(withdrawal("CORDONED"));
    await w.until(isClosed, "a cordoned node");
    await offered();
    await w.until(async () => !(await isClosed()), "an open node");
  });

  it("that ends because the provider does not renew it closes the node and keeps its pods", async () => {
    await create("stays");
    await remotePod("stays");
    await offered({ expiresAt: new Date(Date.now() + 500).toISOString() });
    await w.until(isClosed, "a cordoned node");
    expect((await w.east.kube.get(pods, "stays", NS)).metadata.deletionTimestamp).toBeUndefined();
    await w.until(async () => {
      const { status } = await w.east.kube.get(foreignClusters, "west");
      return findCondition(status?.conditions, "Virtualised")?.reason === "OfferExpired";
    }, "the condition");
    await offered({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    await w.until(async () => !(await isClosed()), "an open node");
  });

  it("drains pods through their disruption budgets", async () => {
    await create("guarded", {}, { labels: { app: "guarded" } });
    await w.kubelet(await remotePod("guarded"), isRunning());
    // A budget says nothing of a pod that does not run yet.
    await w.until(async () => (await w.local(NS, "guarded"))?.status?.phase === "Running", "Running");
    const budget = {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "guard", namespace: NS },
      spec: { maxUnavailable: 0, selector: { matchLabels: { app: "guarded" } } },
    };
    const path = `/apis/policy/v1/namespaces/${NS}/poddisruptionbudgets`;
    const headers = { "content-type": "application/json" };
    await w.east.kube.request({ method: "POST", path, headers, body: JSON.stringify(budget) });
    await offered(withdrawal("DRAINING"));
    await w.until(() => isLeaving("stays"), "the pod without a budget leaves");
    expect(await isLeaving("guarded")).toBe(false);
    await w.east.kube.request({ method: "DELETE", path: `${path}/guard` });
    await w.until(() => isLeaving("guarded"), "the guarded pod leaves too");
    await offered();
    await w.until(async () => !(await isClosed()), "an open node");
  });

  it("in part takes pods that run over there, and lets those wait for room that have not begun", async () => {
    await create("begun");
    await create("waits");
    await w.kubelet(await remotePod("begun"), isRunning());
    await remotePod("waits");
    await w.until(async () => (await w.local(NS, "begun"))?.status?.startTime, "begun");
    await offered({
      resources: { cpu: "6", memory: "8Gi", pods: "0" },
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    });
    await w.until(() => isLeaving("begun"), "the pod that runs leaves");
    expect(await isLeaving("waits")).toBe(false);
    await offered();
    await w.east.kube.delete(pods, "waits", NS);
  });
});

describe("taking it back", () => {
  it("a namespace that is not offloaded any more takes its pods along first", async () => {
    await w.east.kube.delete(namespaceOffloadings, "offloading", NS);
    await w.until(
      async () => (await w.east.kube.find(namespaceOffloadings, "offloading", NS)) === undefined,
      "finalizer dropped",
    );
    expect(await w.local(NS, "keep")).toBeUndefined();
    expect(await w.east.kube.find(namespaceMaps, "namespaces", "tideway-peer-west")).toBeUndefined();
    expect(
      (await w.east.kube.get(namespaces, NS)).metadata.labels?.["tideway.dev/offloading"],
    ).toBeUndefined();
    await w.until(async () => (await w.west.kube.find(namespaces, twin)) === undefined, "the twin is gone");
  });

  it("a peering that ends drains its pods and leaves nothing", async () => {
    twin = await w.offload("shop2");
    await w.east.kube.create(pods, { ...pod("last"), metadata: { name: "last", namespace: "shop2" } });
    await w.until(() => w.remote(twin, "last"), "pod");
    await w.peerFact({ outgoing: false, unpeerDeadline: new Date(Date.now() + 300_000).toISOString() });
    await w.until(async () => (await w.east.kube.find(nodes, "west")) === undefined, "node gone");
    expect(await w.local("shop2", "last")).toBeUndefined();
    expect(await w.remote(twin, "last")).toBeUndefined();
    await w.until(async () => (await w.east.kube.list(virtualNodes)).length === 0, "VirtualNode gone");
    await w.until(async () => (await w.east.kube.list(namespaceMaps)).length === 0, "no map left");
    const facts = await w.east.bus.facts("node");
    await facts.synced;
    await w.until(async () => facts.get(WEST)?.data.state === "GONE", "fact GONE");
    await w.until(
      async () => (await w.east.kube.find(leases, "west", "kube-node-lease")) === undefined,
      "lease gone",
    );
  });
});
