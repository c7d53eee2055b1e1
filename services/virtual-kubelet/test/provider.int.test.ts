import { setTimeout as sleep } from "node:timers/promises";
import { namespaceMaps, ORIGIN, shadowEndpointSlices, shadowPods } from "@tideway/api";
import {
  createKube,
  endpointSlices,
  informer,
  type Kube,
  namespaces,
  networkPolicies,
  pods,
  roleBindings,
} from "@tideway/k8s";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { POD_FINALIZER } from "../src/provider/labels.ts";
import { EAST, type ProviderWorld, type Replica, startProviderWorld, TENANT } from "./provider-world.ts";

/** The owner's Ingress controller, in a namespace of its owner's choice. */
const LET_IN = { namespaceSelector: { matchLabels: { "tideway.dev/reaches-peers": "true" } } };
let world: ProviderWorld;
let kube: Kube;
let replica: Replica | undefined;
let facts: ProviderWorld["facts"];
let n = 0;

const start = async (): Promise<void> => {
  replica = await world.startReplica();
};
const stop = (): Promise<void> | undefined => replica?.stop();
const offload = (...sources: string[]) => world.offload(...sources);
const shadow = (...args: Parameters<ProviderWorld["shadow"]>) => world.shadow(...args);
const fresh = (): Promise<string> => world.fresh();
const podThere = (namespace: string, name: string) => world.podThere(namespace, name);
const podGone = (namespace: string, name: string) => world.podGone(namespace, name);

beforeAll(async () => {
  world = await startProviderWorld();
  ({ kube, facts } = world);
  await start();
}, 120_000);

afterAll(async () => {
  await stop();
  await world?.stop();
});

describe("twin namespaces", () => {
  it("are made with labels, pod security, default deny and the peer's binding", async () => {
    const twin = await fresh();
    const ns = await kube.get(namespaces, twin);
    expect(ns.metadata.labels).toMatchObject({
      [ORIGIN]: EAST,
      "tideway.dev/peer": "east",
      "pod-security.kubernetes.io/enforce": "baseline",
    });
    const [policy] = await kube.list(networkPolicies, { namespace: twin });
    expect(policy?.spec).toMatchObject({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: {} }, LET_IN] }],
    });
    const [binding] = await kube.list(roleBindings, { namespace: twin });
    expect(binding).toMatchObject({
      roleRef: { name: "tideway-peer-workload" },
      subjects: [
        { kind: "User", name: `tideway:${EAST}` },
        { kind: "ServiceAccount", name: `tideway-${EAST}`, namespace: TENANT },
      ],
    });
    const can = (...args: string[]): Promise<boolean> =>
      world.server.kubectl("auth", "can-i", ...args, "-n", twin, "--as", `tideway:${EAST}`).then(
        () => true,
        () => false,
      );
    expect(await can("create", "shadowpods.offloading.tideway.dev")).toBe(true);
    expect(await can("create", "pods")).toBe(false);
    expect(await can("patch", "shadowpods.offloading.tideway.dev", "--subresource=status")).toBe(false);
  });

  it("are open to the consumer's own networks when they are known, and to nobody else", async () => {
    const twin = await fresh();
    const policy = async () => (await kube.get(networkPolicies, "tideway-default-deny", twin)).spec;
    const closed = await policy();
    expect(closed).toMatchObject({
      podSelector: {},
      ingress: [{ from: [{ podSelector: {} }, LET_IN] }],
      egress: [
        { to: [{ podSelector: {} }] },
        { to: [{ namespaceSelector: {} }], ports: [{ port: 53 }, { port: 53 }] },
        { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }, { ipBlock: { cidr: "::/0" } }] },
      ],
    });
    const [public4, public6] = closed?.egress?.[2]?.to ?? [];
    // nothing private of the owner's: nodes, pods, Services, the metadata service of clouds
    expect(public4?.ipBlock?.except?.toSorted()).toEqual([
      "10.0.0.0/8",
      "100.64.0.0/10",
      "169.254.0.0/16",
      "172.16.0.0/12",
      "192.168.0.0/16",
    ]);
    expect(public6?.ipBlock?.except).toEqual(["fc00::/7", "fe80::/10"]);
    facts.setNetwork("READY");
    const home = ["10.71.0.0/16", "10.72.0.0/16"].map((cidr) => ({ ipBlock: { cidr } }));
    const open = await until(
      async () => {
        const spec = await policy();
        return spec?.egress?.[0]?.to?.length === 3 ? spec : undefined;
      },
      { what: "the policy open to the consumer" },
    );
    expect(open).toMatchObject({ ingress: [{ from: [{ podSelector: {} }, ...home, LET_IN] }] });
    expect(open.egress?.[0]?.to).toEqual([{ podSelector: {} }, ...home]);
    expect(open.egress?.slice(1)).toEqual(closed?.egress?.slice(1));
    facts.setNetwork("GONE");
    await until(async () => (await policy())?.egress?.[0]?.to?.length === 1, { what: "closed again" });
  });

  it("of an earlier release get the policy of this one", async () => {
    const twin = await fresh();
    const name = "tideway-default-deny";
    const old = {
      metadata: { annotations: { "offloading.tideway.dev/edition": null } },
      spec: { ingress: [{ from: [{ podSelector: {} }] }] },
    };
    await stop();
    await kube.patch(networkPolicies, name, twin, old);
    await start();
    const from = async () => (await kube.get(networkPolicies, name, twin)).spec?.ingress;
    await until(async () => JSON.stringify(await from()).includes("reaches-peers"), { what: "the new one" });
    expect(await from()).toMatchObject([{ from: [{ podSelector: {} }, LET_IN] }]);
  });

  it("are ready within tens of milliseconds", async () => {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      const at = performance.now();
      await fresh();
      times.push(performance.now() - at);
    }
    expect(Math.min(...times)).toBeLessThan(2_000); // the machine may be busy
    console.log("twin namespace ready, ms:", times.map(Math.round).join(" "));
  });

  it("leave a namespace of the owner alone that has the name", async () => {
    const name = `tideway-east--mine-${++n}`;
    await kube.create(namespaces, { metadata: { name } });
    const map = await kube.get(namespaceMaps, "namespaces", TENANT);
    await offload(...map.spec.namespaces, `mine-${n}`);
    const found = await until(
      async () =>
        (await kube.get(namespaceMaps, "namespaces", TENANT)).status?.namespaces?.find(
          (s) => s.twin === name && !s.ready,
        ),
      { what: "the refusal" },
    );
    expect(found.message).toContain("does not belong to this peer");
    expect((await kube.get(namespaces, name)).metadata.labels?.[ORIGIN]).toBeUndefined();
    await offload(...map.spec.namespaces);
  });

  it("are deleted when the consumer takes the namespace back", async () => {
    const twin = await fresh();
    await shadow(twin, "a");
    await podThere(twin, "a");
    const map = await kube.get(namespaceMaps, "namespaces", TENANT);
    await offload(...map.spec.namespaces.filter((s) => !twin.endsWith(`--${s}`)));
    await until(async () => (await kube.find(namespaces, twin)) === undefined, { what: "namespace gone" });
  });

  it("the right to end one reaches no other namespace", async () => {
    const own = createKube(world.service, { userAgent: "test" });
    const role = {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: "tideway-namespace-end",
    };
    const binding = { metadata: { name: role.name, namespace: "default" }, roleRef: role };
    try {
      await expect(own.apply(roleBindings, binding, { fieldManager: "test" })).rejects.toThrow(
        "twin namespaces",
      );
      const ns = await kube.get(namespaces, "default");
      await expect(own.replace(namespaces, ns, { subresource: "finalize" })).rejects.toThrow(
        "twin namespaces",
      );
    } finally {
      await own.close();
    }
  });
});

describe("ShadowEndpointSlice to EndpointSlice", () => {
  const slices = async (namespace: string, name: string) =>
    (await kube.find(endpointSlices, `tideway-${name}`, namespace))?.endpoints?.flatMap((e) => e.addresses);
  const shadowSlice = (namespace: string, name: string, ...addresses: string[]) =>
    kube.apply(
      shadowEndpointSlices,
      {
        metadata: { name, namespace },
        spec: {
          originUID: `uid-${name}`,
          service: "web",
          addressType: "IPv4",
          endpoints: addresses.map((a) => ({ addresses: [a] })),
          ports: [{ name: "http", port: 80, protocol: "TCP" }],
        },
      },
      { fieldManager: "peer" },
    );
  const there = (namespace: string, name: string, ...addresses: string[]) =>
    until(async () => (await slices(namespace, name))?.join() === addresses.join(), {
      what: `slice ${name} with ${addresses.join()}`,
    });

  it("is made, changed and deleted with the rights that ship", async () => {
    const twin = await fresh();
    facts.setNetwork("READY");
    await shadowSlice(twin, "web-1", "10.244.1.1");
    await there(twin, "web-1", "10.71.1.1");
    await shadowSlice(twin, "web-1", "10.244.1.1", "10.70.0.9");
    await there(twin, "web-1", "10.71.1.1", "10.72.0.9");
    const slice = await kube.get(endpointSlices, "tideway-web-1", twin);
    expect(slice.metadata.ownerReferences).toMatchObject([{ kind: "ShadowEndpointSlice", name: "web-1" }]);
    await until(async () => (await kube.get(shadowEndpointSlices, "web-1", twin)).status?.endpoints === 2, {
      what: "its status",
    });
    await kube.delete(shadowEndpointSlices, "web-1", twin);
    await until(async () => (await slices(twin, "web-1")) === undefined, { what: "the slice gone" });
  });

  it("goes nowhere but into twin namespaces", async () => {
    const own = createKube(world.service, { userAgent: "test" });
    const slice = {
      metadata: { name: "stray", labels: { "kubernetes.io/service-name": "kubernetes" } },
      addressType: "IPv4" as const,
      endpoints: [{ addresses: ["10.71.1.1"] }],
    };
    try {
      for (const namespace of ["default", "kube-system"])
        await expect(
          own.create(endpointSlices, { ...slice, metadata: { ...slice.metadata, namespace } }),
        ).rejects.toThrow("makes EndpointSlices and claims in them, and in no other");
      const foreign = await kube.create(endpointSlices, {
        ...slice,
        metadata: { ...slice.metadata, namespace: "default" },
      });
      await expect(own.delete(endpointSlices, "stray", "default")).rejects.toThrow("in no other");
      await expect(own.replace(endpointSlices, { ...foreign, endpoints: [] })).rejects.toThrow("in no other");
      await kube.delete(endpointSlices, "stray", "default");
    } finally {
      await own.close();
    }
  });
});

describe("ShadowPod to pod", () => {
  let twin: string;
  beforeEach(async () => {
    twin = await fresh();
  });

  it("makes the pod, owned, labelled, held", async () => {
    const at = performance.now();
    const s = await shadow(twin, "web");
    const pod = await podThere(twin, "web");
    console.log("ShadowPod to pod, ms:", Math.round(performance.now() - at));
    expect(pod.metadata).toMatchObject({
      labels: { app: "web", [ORIGIN]: EAST, "tideway.dev/peer": "east" },
      annotations: { "tideway.dev/origin-uid": "uid-web" },
      finalizers: [POD_FINALIZER],
      ownerReferences: [{ kind: "ShadowPod", uid: s.metadata.uid, controller: true }],
    });
    expect(pod.spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect((await kube.get(shadowPods, "web", twin)).status).toBeUndefined();
  });

  it("holds the pod off virtual nodes, and the API server lets nobody make one that is not held", async () => {
    await shadow(twin, "held");
    const made = await podThere(twin, "held");
    expect(JSON.stringify(made.spec?.affinity)).toContain("tideway.dev/virtual-node");
    const labels = { [ORIGIN]: EAST };
    const containers = [{ name: "c", image: "i" }];
    const attempts: Record<string, object> = {
      "without affinity": { containers },
      "with an alternative that allows them": {
        containers,
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: "tideway.dev/virtual-node", operator: "DoesNotExist" }] },
                { matchExpressions: [{ key: "kubernetes.io/os", operator: "Exists" }] },
              ],
            },
          },
        },
      },
      "on a node that it names": { containers, affinity: made.spec?.affinity, nodeName: "north" },
    };
    for (const [what, spec] of Object.entries(attempts))
      await expect(
        kube.create(pods, { metadata: { name: "hostile", namespace: twin, labels }, spec } as never),
        what,
      ).rejects.toThrow(/a pod that came from a peer/);
  });

  it("forwards a new image and changed labels, keeps the owner's labels", async () => {
    await shadow(twin, "web");
    await podThere(twin, "web");
    await kube.patch(pods, "web", twin, { metadata: { labels: { owner: "looks" } } });
    await kube.patch(shadowPods, "web", twin, {
      spec: {
        podLabels: { app: "web2", old: null },
        pod: { containers: [{ name: "c", image: "registry.example/web:2" }] },
      },
    });
    const pod = await until(
      async () => {
        const p = await kube.get(pods, "web", twin);
        return p.spec?.containers[0]?.image?.endsWith(":2") ? p : undefined;
      },
      { what: "the new image" },
    );
    expect(pod.metadata.labels).toMatchObject({ app: "web2", owner: "looks" });
    expect(pod.metadata.labels).not.toHaveProperty("old");
  });

  it("deletes the pod with its ShadowPod", async () => {
    await shadow(twin, "web");
    await podThere(twin, "web");
    await kube.delete(shadowPods, "web", twin);
    await podGone(twin, "web");
  });

  it("a pod that the owner deletes is over, and is not started again, not even after a restart", async () => {
    await shadow(twin, "web");
    const pod = await podThere(twin, "web");
    await stop();
    await kube.delete(pods, "web", twin, { uid: pod.metadata.uid ?? "", gracePeriodSeconds: 0 });
    await start();
    await podGone(twin, "web");
    const s = await kube.get(shadowPods, "web", twin);
    expect(s.status).toMatchObject({
      phase: "Failed",
      conditions: [{ type: "Ready", status: "False", reason: "PodDeleted" }],
    });
    await stop();
    await start();
    await sleep(300);
    expect(await kube.find(pods, "web", twin)).toBeUndefined();
  });

  it("what happened while it was away is caught up: made once, deleted", async () => {
    await shadow(twin, "gone");
    await podThere(twin, "gone");
    await stop();
    await shadow(twin, "new");
    await kube.delete(shadowPods, "gone", twin);
    await start();
    await Promise.all([podThere(twin, "new"), podGone(twin, "gone")]);
  });

  it("reports a pod that Pod Security rejects, with an Event, and a refused field for good", async () => {
    const c = { name: "c", image: "i", ports: [{ containerPort: 80, hostPort: 80 }] };
    await shadow(twin, "host", {
      pod: { containers: [{ name: "c", image: "i" }], hostNetwork: true },
    });
    await shadow(twin, "port", { pod: { containers: [c] } });
    const status = (name: string) =>
      until(async () => (await kube.get(shadowPods, name, twin)).status?.conditions?.[0], {
        what: `a condition on ${name}`,
      });
    expect(await status("host")).toMatchObject({
      reason: "FieldRefused",
      message: expect.stringContaining("spec.pod.hostNetwork"),
    });
    expect((await status("port")).reason).toMatch(/FieldRefused|PodRejected/);
    await until(
      async () =>
        (await world.server.kubectl("-n", twin, "get", "events", "-o", "name")).includes("event/host."),
      { what: "the Event" },
    );
    expect(await kube.list(pods, { namespace: twin })).toEqual([]);
  });

  it("tries again when a quota has room", async () => {
    await world.server.kubectl("-n", twin, "create", "quota", "q", "--hard=pods=0");
    const probe = {
      metadata: { name: "probe", namespace: twin },
      spec: { containers: [{ name: "c", image: "i" }] },
    };
    const isFull = (): Promise<boolean> =>
      kube.create(pods, probe).then(
        () => kube.delete(pods, "probe", twin, { gracePeriodSeconds: 0 }).then(() => false),
        () => true,
      );
    await until(isFull, { what: "the quota in force" });
    await shadow(twin, "web");
    const first = await until(async () => (await kube.get(shadowPods, "web", twin)).status?.conditions?.[0], {
      what: "a condition",
    });
    expect(first).toMatchObject({
      status: "False",
      reason: "PodRejected",
      message: expect.stringContaining("quota"),
    });
    await world.server.kubectl("-n", twin, "delete", "quota", "q");
    await podThere(twin, "web");
    await until(
      async () => (await kube.get(shadowPods, "web", twin)).status?.conditions?.[0]?.status === "True",
      { what: "recovery" },
    );
  });

  it("never touches a pod that it did not make", async () => {
    await kube.create(pods, {
      metadata: { name: "web", namespace: twin },
      spec: { containers: [{ name: "c", image: "mine" }] },
    });
    await shadow(twin, "web");
    const first = await until(async () => (await kube.get(shadowPods, "web", twin)).status?.conditions?.[0], {
      what: "a condition",
    });
    expect(first).toMatchObject({ reason: "NameTaken" });
    await kube.delete(shadowPods, "web", twin);
    await sleep(200);
    expect((await kube.get(pods, "web", twin)).metadata.deletionTimestamp).toBeUndefined();
  });

  it("a new ShadowPod of the same name gets its own pod", async () => {
    await shadow(twin, "web");
    const first = await podThere(twin, "web");
    await kube.delete(shadowPods, "web", twin);
    await shadow(twin, "web", { originUID: "second" });
    await until(
      async () =>
        (await kube.find(pods, "web", twin))?.metadata.annotations?.["tideway.dev/origin-uid"] === "second",
      {
        what: "the second pod",
      },
    );
    expect((await kube.get(pods, "web", twin)).metadata.uid).not.toBe(first.metadata.uid);
  });

  it("a burst is made at once", async () => {
    const at = performance.now();
    await Promise.all(Array.from({ length: 50 }, (_, i) => shadow(twin, `b-${i}`)));
    await until(async () => (await kube.list(pods, { namespace: twin })).length === 50, {
      what: "50 pods",
      everyMs: 20,
    });
    console.log("50 pods, ms:", Math.round(performance.now() - at));
  });
});

it("killed again and again, each ShadowPod still has one pod, made once, and each pod its ShadowPod", async () => {
  const twin = await fresh();
  const made = new Map<string, Set<string>>();
  const watch = new AbortController();
  const seen = informer(kube, pods, { namespace: twin });
  seen.onChange((_key, pod) => {
    const owner = pod?.metadata.ownerReferences?.[0]?.uid;
    if (owner) made.set(owner, (made.get(owner) ?? new Set()).add(pod.metadata.uid ?? ""));
  });
  seen.start(watch.signal);
  await seen.synced;
  let done = false;
  const killer = (async () => {
    while (!done) {
      await sleep(30 + Math.random() * 120);
      await stop(); // nothing is finished or tidied up: requests under way are cut
      await start();
    }
  })();
  const names = Array.from({ length: 60 }, (_, i) => `k-${i}`);
  for (const name of names) {
    await shadow(twin, name);
    if (name.endsWith("3")) await kube.delete(shadowPods, name, twin);
    if (name.endsWith("7")) {
      const pod = await kube.find(pods, name, twin);
      if (pod) await kube.delete(pods, name, twin, { gracePeriodSeconds: 0 });
    }
  }
  done = true;
  await killer;
  const settled = async (): Promise<boolean> => {
    const shadows = await kube.list(shadowPods, { namespace: twin });
    const want = shadows.filter((s) => s.status?.phase !== "Failed").map((s) => s.metadata.name);
    const have = (await kube.list(pods, { namespace: twin })).map((p) => p.metadata.name);
    return want.sort().join() === have.sort().join();
  };
  await until(settled, { what: "the same end state" });
  expect(made.size).toBeGreaterThan(40);
  for (const uids of made.values()) expect(uids.size).toBe(1);
  watch.abort();
});

describe("a peer that is gone", () => {
  it("loses bindings and namespaces, and keeps them while nothing is known", async () => {
    const twin = await fresh();
    await shadow(twin, "web");
    await podThere(twin, "web");
    facts.set("GONE");
    await until(async () => (await kube.find(namespaces, twin)) === undefined, { what: "namespace gone" });
  });
});
