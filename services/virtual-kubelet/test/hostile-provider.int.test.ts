/**
 * A provider that means harm, against the consumer's virtual nodes: what it says of its pods, its offer and its events. It may
 * lie about what runs at its own, and nothing of the consumer's changes but the words at the pods that were given to it.
 */
import { ORIGIN_UID } from "@tideway/api";
import { type CoreEvent, events, nodes, type Pod, pods, secrets } from "@tideway/k8s";
import { type Front, type Rule, startFront } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorld, type World } from "./world.ts";

const NS = "shop";
const MB = 2 ** 20;
let w: World;
let front: Front;
let twin: string;

const pod = (name: string): Pod => ({
  metadata: { name, namespace: NS },
  spec: {
    nodeName: "west",
    automountServiceAccountToken: false,
    tolerations: [{ key: "tideway.dev/virtual-node", operator: "Exists" }],
    containers: [{ name: "c", image: "img:1" }],
  },
});
/** A pod of ours that was given to the provider, and the one it made of it. */
const given = async (name: string): Promise<Pod> => {
  await w.east.kube.create(pods, pod(name));
  return w.until(() => w.remote(twin, name), `${name} at the provider`);
};
const here = async (name: string): Promise<Pod> => w.east.kube.get(pods, name, NS);
const running = (more: object = {}): object => ({
  phase: "Running",
  startTime: "2026-01-01T00:00:00Z",
  containerStatuses: [
    {
      name: "c",
      ready: true,
      restartCount: 0,
      image: "img:1",
      imageID: "sha",
      state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
    },
  ],
  ...more,
});
const runs = (name: string): Promise<unknown> =>
  w.until(async () => (await here(name)).status?.phase === "Running", `${name} Running here`);

beforeAll(async () => {
  w = await startWorld();
  front = await startFront(w.west.server);
  await w.east.kube.patch(secrets, "tideway-identity", "tideway-peer-west", {
    data: { server: Buffer.from(front.url).toString("base64") },
  });
  await w.peerFact();
  await w.identityFact();
  await w.networkFact();
  await w.offerFact();
  await w.until(() => w.east.kube.find(nodes, "west"), "node west");
  twin = await w.offload(NS);
  await given("calm");
}, 120_000);
afterAll(async () => {
  await front?.close();
  await w?.stop();
}, 60_000);

const PODS = (): string => `/api/v1/namespaces/${twin}/pods`;
const isWatch = (url: string): boolean => url.includes("watch=true");
/** A watch is told that its version is too old where the list is what lies. */
const on =
  (watch: boolean, answer: (res: Parameters<Rule>[1]) => void): Rule =>
  (req, res) => {
    if (req.method !== "GET" || !req.url.startsWith(PODS())) return false;
    if (!watch && isWatch(req.url)) {
      res.writeHead(410, { "content-type": "application/json" });
      res.end('{"kind":"Status","code":410,"reason":"Expired"}');
      return true;
    }
    if (isWatch(req.url) !== watch) return false;
    res.writeHead(200, { "content-type": "application/json" });
    answer(res);
    return true;
  };
const list = (items: unknown[], more: object = {}): string =>
  JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "1", ...more }, items });
const event = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
const recorded = (reason: string): number => w.audited.filter((r) => r.reason === reason).length;

describe("a provider whose API server says of its pods", () => {
  it.each<[string, string, () => Rule]>([
    ["what is no JSON", "NotJson", () => on(false, (res) => res.end("{"))],
    ["20 MiB at once", "AnswerTooLarge", () => on(false, (res) => res.end(list(["x".repeat(20 * MB)])))],
    [
      "an event without end",
      "AnswerTooLarge",
      () => on(true, (res) => void res.write(`{"type":"ADDED","object":{"x":"${"x".repeat(20 * MB)}`)),
    ],
    ["pages without end", "ListTooLong", () => on(false, (res) => res.end(list([], { continue: "more" })))],
    [
      "that one of the owner's own namespace is among them",
      "ForeignObject",
      () =>
        on(
          true,
          (res) => void res.write(event("MODIFIED", { metadata: { name: "dns", namespace: "kube-system" } })),
        ),
    ],
    ["a word that is no event", "NotAnEvent", () => on(true, (res) => void res.write(event("EVIL", {})))],
  ])("%s is not believed, and stands in the audit as %s", async (_, reason, rule) => {
    const before = recorded(reason);
    front.lie(rule());
    await w.until(async () => Promise.resolve(recorded(reason) > before), `a record ${reason}`);
    expect(w.audited.find((r) => r.reason === reason)).toMatchObject({
      actor: { clusterName: "west" },
      outcome: "DENIED",
      action: "answer",
    });
    front.tellTruth();
    const name = `after-${reason.toLowerCase()}-${w.audited.length}`;
    await w.kubelet(await given(name), running());
    await runs(name);
  });
});

describe("a provider that says of a pod", () => {
  it.each<[string, object]>([
    [
      "the address of the cloud's metadata",
      { podIP: "169.254.169.254", podIPs: [{ ip: "169.254.169.254" }] },
    ],
    ["the address of a pod of ours", { podIP: "10.61.0.7", podIPs: [{ ip: "10.61.0.7" }] }],
    ["an address of the API server", { podIP: "10.96.0.1", podIPs: [{ ip: "10.96.0.1" }] }],
    ["an address that is none", { podIP: "not-an-address", podIPs: [{ ip: "::ffff:7f00:1" }] }],
  ])("%s shows none", async (what, addresses) => {
    const name = `ip-${what.replaceAll(/[^a-z]+/g, "-")}`;
    const there = await given(name);
    // its own API server would refuse some of it, so it says it itself
    front.lie(
      on(true, (res) => {
        const metadata = {
          ...there.metadata,
          resourceVersion: String(Number(there.metadata.resourceVersion) + 1),
        };
        res.write(event("MODIFIED", { ...there, metadata, status: running(addresses) }));
      }),
    );
    await runs(name);
    front.tellTruth();
    expect((await here(name)).status?.podIP).toBeUndefined();
  });

  it("a megabyte of words brings as many as a kubelet's longest", async () => {
    const there = await given("wordy");
    const long = "x".repeat(MB);
    await w.kubelet(there, running({ message: long, reason: "Because" }));
    await runs("wordy");
    expect((await here("wordy")).status?.message?.length).toBe(4_096);
  });

  it("that it is another pod of ours changes nothing at that pod", async () => {
    const [there, mine] = [await given("liar"), await given("victim")];
    const victim = await here("victim");
    await w.west.kube.patch(pods, "liar", twin, {
      metadata: { annotations: { [ORIGIN_UID]: victim.metadata.uid ?? "" } },
    });
    await w.kubelet(there, running({ phase: "Failed", reason: "Evil" }));
    await w.kubelet(mine, running());
    await runs("victim");
    expect((await here("victim")).status?.reason).toBeUndefined();
  });

  it("a phase that there is none changes nothing, and the next pod is served", async () => {
    const there = await given("odd");
    front.lie(
      on(true, (res) => {
        const metadata = {
          ...there.metadata,
          resourceVersion: String(Number(there.metadata.resourceVersion) + 1),
        };
        res.write(event("MODIFIED", { ...there, metadata, status: { phase: "Everything" } }));
      }),
    );
    const next = await given("next");
    front.tellTruth();
    await w.kubelet(next, running());
    await runs("next");
    expect((await here("odd")).status?.phase).toBe("Pending");
  });
});

describe("a provider that cries", () => {
  const warning = (n: number, involved: object = {}): CoreEvent => {
    const at = new Date().toISOString().replace(/\.\d+Z/, "Z");
    return {
      metadata: { name: `cry.${n}`, namespace: twin, uid: `cry-${n}`, resourceVersion: String(n + 1) },
      involvedObject: { kind: "Pod", name: "calm", namespace: twin, ...involved },
      reason: "Cry",
      message: "x".repeat(8_192),
      type: "Warning",
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    };
  };
  const cries = (all: CoreEvent[]): Rule => {
    const path = `/api/v1/namespaces/${twin}/events`;
    return (req, res) => {
      if (!req.url.startsWith(path) || !isWatch(req.url)) return false;
      res.writeHead(200, { "content-type": "application/json" });
      for (const e of all) res.write(event("ADDED", e));
      return true;
    };
  };
  const told = async (reason: string): Promise<CoreEvent[]> =>
    (await w.east.kube.list(events)).filter((e) => e.reason === reason);

  it("five thousand times at once is heard some hundred times, and briefly", async () => {
    front.lie(cries(Array.from({ length: 5_000 }, (_, n) => warning(n))));
    const most = await w.until(async () => {
      const now = await told("Cry");
      return now.length >= 500 && now;
    }, "the first of them");
    front.tellTruth();
    expect(most.length).toBeLessThan(1_500);
    expect(Math.max(...most.map((e) => e.message?.length ?? 0))).toBe(1_024);
  });

  it("at a pod that is not its own is not heard", async () => {
    const elsewhere = {
      ...warning(9_001, { name: "coredns", namespace: "kube-system" }),
      reason: "Elsewhere",
    };
    front.lie(cries([elsewhere]));
    await w.kubelet(await given("quiet"), running());
    await runs("quiet");
    front.tellTruth();
    expect(await told("Elsewhere")).toEqual([]);
  });
});

describe("a provider that offers", () => {
  const offered = (more: object): Promise<unknown> => w.offerFact("ACCEPTED", more);
  const node = async () => w.east.kube.get(nodes, "west");

  it("labels that say who a node is gives the others only", async () => {
    await offered({
      labels: {
        region: "us",
        "kubernetes.io/hostname": "control-plane",
        "node-role.kubernetes.io/control-plane": "",
        "tideway.dev/virtual-node": "false",
        type: "real",
      },
    });
    await w.until(async () => (await node()).metadata.labels?.["region"] === "us", "the label");
    expect((await node()).metadata.labels).toMatchObject({
      "kubernetes.io/hostname": "west",
      "tideway.dev/virtual-node": "true",
      type: "virtual-kubelet",
    });
    expect((await node()).metadata.labels).not.toHaveProperty("node-role.kubernetes.io/control-plane");
  });

  it.each<[string, Record<string, string>]>([
    ["less than nothing", { cpu: "-4", memory: "8Gi", pods: "110" }],
    ["no amount", { cpu: "much", memory: "8Gi", pods: "110" }],
    ["more than can be said", { cpu: "9e999999", memory: "8Gi", pods: "110" }],
  ])("%s makes no node of it, and a sound offer is followed again", async (_, resources) => {
    await offered({ resources });
    await w.kubelet(await given(`amid-${_.replaceAll(" ", "-")}`), running());
    await runs(`amid-${_.replaceAll(" ", "-")}`);
    for (const amount of Object.values((await node()).status?.allocatable ?? {}))
      expect(amount).toMatch(/^[0-9]+[A-Za-z]*$/);
    await offered({ resources: { cpu: "5", memory: "8Gi", pods: "110" } });
    await w.until(async () => (await node()).status?.allocatable?.["cpu"] === "5", "the sound offer");
    await offered({});
    await w.until(async () => (await node()).status?.allocatable?.["cpu"] === "4", "the first offer");
  });
});
