import { foreignClusters, peerOfNamespace, sharingPolicies, tunnelEndpoints } from "@tideway/api";
import { type Node, namespaces, nodes, type Pod, pods } from "@tideway/k8s";
import { tideway } from "@tideway/platform";
import { parse, toNumber } from "@tideway/quantity";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { third } from "./third.ts";
import { apply, east, ensureUnpeered, isTrue, shell, type Side, STAY, west } from "./world.ts";

/**
 * East is in the middle: it and west use each other, and so do it and north. West and north do not know each other.
 * Each cluster is a country.
 */

let north: Side;
const REGION = "topology.kubernetes.io/region";
const COUNTRIES = { east: "ch", west: "fr", north: "de" } as const;

const nodeAt = (s: Side, name: string): Promise<Node | undefined> => s.kube.find(nodes, name);
const nodeReady = (s: Side, name: string): Promise<Node> =>
  until(
    async () => {
      const node = await nodeAt(s, name);
      return isTrue(node?.status?.conditions, "Ready") ? node : undefined;
    },
    {
      what: `node ${name} of ${s.cluster.name} Ready`,
      explain: () => s.cluster.kubectl("get", "foreignclusters", "-o", "wide"),
    },
  );
const condition = async (s: Side, peer: string, type: string) =>
  (await s.kube.find(foreignClusters, peer))?.status?.conditions?.find((c) => c.type === type);
const bothWays = async (a: Side, b: Side): Promise<void> => {
  const invitation = (await tideway(b.cluster, "invite", "--bidirectional")).trim().split("\n").at(-1)!;
  await tideway(a.cluster, "peer", invitation, "--bidirectional", "--wait", "--timeout", "120s");
  await Promise.all([nodeReady(a, b.cluster.name), nodeReady(b, a.cluster.name)]);
};
const offloaded = async (s: Side, name: string, ...more: string[]): Promise<void> => {
  await s.cluster.kubectl("create", "namespace", name);
  await tideway(s.cluster, "offload", "namespace", name, ...more, "--wait", "--timeout", "60s");
};
const deployment = (name: string, namespace: string, replicas: number, more: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [shell(STAY, { resources: { requests: { cpu: "10m", memory: "16Mi" } } })],
        ...more,
      },
    },
  },
});
const running = (s: Side, namespace: string, app: string, count: number): Promise<Pod[]> =>
  until(
    async () => {
      const all = await s.kube.list(pods, { namespace, labelSelector: `app=${app}` });
      const up = all.filter((p) => p.status?.phase === "Running" && !p.metadata.deletionTimestamp);
      return up.length === count ? up : undefined;
    },
    {
      what: `${count} pods of ${namespace}/${app} running`,
      timeoutMs: 120_000,
      explain: () => s.cluster.kubectl("-n", namespace, "get", "pods", "-o", "wide"),
    },
  );
const logged = (s: Side, namespace: string): Promise<boolean> =>
  until(
    async () => (await s.cluster.kubectl("-n", namespace, "logs", "deploy/talker")).includes("from talker-"),
    { what: `the log of ${namespace}/talker at ${s.cluster.name}` },
  );
const placesOf = (list: readonly Pod[]): string[] =>
  [...new Set(list.map((p) => p.spec?.nodeName ?? ""))].sort();
const cores = (list: readonly Node[]): number =>
  list.reduce((sum, n) => sum + toNumber(parse(n.status?.allocatable?.cpu ?? "0")), 0);
const realNodes = async (s: Side): Promise<Node[]> =>
  (await s.kube.list(nodes)).filter((n) => n.metadata.labels?.["tideway.dev/virtual-node"] === undefined);
const share = (s: Side, spec: object): Promise<unknown> =>
  s.kube.patch(sharingPolicies, "default", undefined, { spec });

beforeAll(async () => {
  await ensureUnpeered();
  north = await third();
  for (const s of [east, west, north]) {
    const name = s.cluster.name as keyof typeof COUNTRIES;
    await s.cluster.kubectl("label", "nodes", "--all", `${REGION}=${COUNTRIES[name]}`, "--overwrite");
  }
  // Without a cap the first peer is offered all that is free, and nothing is left for the second.
  await share(east, { perPeer: { cpu: "1", memory: "2Gi", pods: "40" } });
  await share(west, { reserve: { percent: 20 }, perPeer: { cpu: "1" } });
  await share(north, { reserve: { percent: 50 } });
  await bothWays(east, west);
  await bothWays(east, north);
}, 600_000);
afterAll(async () => {
  for (const [s, list] of [
    [east, ["anywhere", "german", "countries"]],
    [west, ["back"]],
  ] as const)
    for (const name of list)
      await s.cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--timeout=60s");
  await east.cluster.kubectl("delete", "daemonset", "agent", "--ignore-not-found");
  for (const [a, b] of [
    [east, "north"],
    [north, "east"],
    [east, "west"],
    [west, "east"],
  ] as const)
    await tideway(a.cluster, "unpeer", b, "--wait", "--timeout", "60s").catch(() => undefined);
  await share(east, { perPeer: null });
  await share(west, { reserve: { percent: 30 }, perPeer: null });
  await share(north, { reserve: { percent: 30 } });
}, 240_000);

describe("both directions of one pair", () => {
  it("are there after one invitation, with one tunnel, and each condition tells both", async () => {
    for (const [s, other] of [
      [east, "west"],
      [west, "east"],
    ] as const) {
      const spaces = (await s.kube.list(namespaces)).map((n) => n.metadata.name);
      expect(spaces).toEqual(expect.arrayContaining([`tideway-tenant-${other}`, `tideway-peer-${other}`]));
      const ready = await until(
        async () => {
          const c = await condition(s, other, "Ready");
          return c?.status === "True" ? c : undefined;
        },
        { what: `${other} Ready at ${s.cluster.name}` },
      );
      expect(ready.message).toMatch(/^outgoing: node .* is ready; incoming: .* may use/);
      const tunnels = await s.kube.list(tunnelEndpoints);
      expect(tunnels.map((t) => t.metadata.name)).toContain(`tunnel-${other}`);
    }
  });

  it("a pod of each runs at the other, and its logs come home", async () => {
    await offloaded(west, "back", "--pod-offloading-strategy", "Remote");
    await offloaded(east, "anywhere");
    const talks = [shell(`echo "from $(hostname)"; ${STAY}`)];
    await apply(west.cluster, deployment("talker", "back", 1, { containers: talks }));
    await apply(
      east.cluster,
      deployment("talker", "anywhere", 1, {
        containers: talks,
        nodeSelector: { "kubernetes.io/hostname": "west" },
      }),
    );
    const [there] = await running(east, "anywhere", "talker", 1);
    const [back] = await running(west, "back", "talker", 1);
    expect([there?.spec?.nodeName, back?.spec?.nodeName]).toEqual(["west", "east"]);
    await logged(east, "anywhere");
    await logged(west, "back");
  });
});

describe("the cluster in the middle", () => {
  it("offers what its own nodes have, and what policies cap and keep is not offered to it", async () => {
    const [atEast, atWest] = await Promise.all([nodeReady(east, "north"), nodeReady(west, "east")]);
    expect((await nodeAt(east, "west"))?.status?.allocatable?.cpu).toBe("1"); // the cap
    const [ofNorth, ofEast] = [cores(await realNodes(north)), cores(await realNodes(east))];
    console.log(
      `north: ${ofNorth} cores, offered ${cores([atEast])}; east: ${ofEast}, offered ${cores([atWest])}`,
    );
    expect(cores([atEast])).toBeLessThanOrEqual(ofNorth * 0.5);
    expect(cores([atEast])).toBeGreaterThan(ofNorth * 0.2); // less what runs there
    expect(cores([atWest])).toBe(1);
    const atNorth = await nodeReady(north, "east");
    // Both together stay within what east's own nodes have beyond its reserve, whatever west and north give to east.
    expect(cores([atWest, atNorth])).toBeLessThanOrEqual(ofEast * 0.7);
  });

  it("its work runs at home, at west and at north", async () => {
    const spread = { maxSkew: 1, topologyKey: REGION, whenUnsatisfiable: "DoNotSchedule" };
    const of = (app: string) => ({
      topologySpreadConstraints: [{ ...spread, labelSelector: { matchLabels: { app } } }],
    });
    await apply(east.cluster, deployment("countries", "anywhere", 3, of("countries")));
    const all = await running(east, "anywhere", "countries", 3);
    const places = placesOf(all);
    expect(places).toEqual(expect.arrayContaining(["north", "west"]));
    expect(places.filter((p) => p.startsWith("east"))).toHaveLength(1); // one replica a country
  });

  it("work of west runs at west or at east, and never at north", async () => {
    await apply(west.cluster, deployment("many", "back", 4, { tolerations: [{ operator: "Exists" }] }));
    expect(placesOf(await running(west, "back", "many", 4))).toEqual(["east"]);
    const twin = "tideway-west--back";
    const real = await running(east, twin, "many", 4);
    const own = (await realNodes(east)).map((n) => n.metadata.name);
    for (const name of placesOf(real)) expect(own).toContain(name);
    expect((await north.kube.list(namespaces)).some((n) => n.metadata.name.includes("back"))).toBe(false);
    expect(await nodeAt(west, "north")).toBeUndefined();
    expect(await nodeAt(north, "west")).toBeUndefined();
  });

  it("what west sent stays at east, though east's owner offloads the twin by mistake", async () => {
    const twin = "tideway-west--back";
    await expect(tideway(east.cluster, "offload", "namespace", twin)).rejects.toThrow(
      /holds the pods of a peer/,
    );
    await east.cluster.kubectl("label", "namespace", twin, "tideway.dev/offloading=enabled", "--overwrite");
    try {
      await west.cluster.kubectl("-n", "back", "scale", "deployment/many", "--replicas=6");
      const real = await running(east, twin, "many", 6);
      const own = (await realNodes(east)).map((n) => n.metadata.name);
      for (const name of placesOf(real)) expect(own).toContain(name);
    } finally {
      await east.cluster.kubectl("label", "namespace", twin, "tideway.dev/offloading-");
    }
    await west.cluster.kubectl("-n", "back", "delete", "deployment", "many");
  });
});

describe("placement", () => {
  it("keeps a namespace in a country", async () => {
    await offloaded(east, "german", "--pod-offloading-strategy", "Remote", "--selector", `${REGION}=de`);
    await apply(east.cluster, deployment("web", "german", 3));
    expect(placesOf(await running(east, "german", "web", 3))).toEqual(["north"]);
  });

  it("a pod narrows what its namespace allows", async () => {
    const pod = (name: string, annotations: object): object => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "anywhere", labels: { app: name }, annotations },
      spec: { terminationGracePeriodSeconds: 0, containers: [shell(STAY)] },
    });
    await apply(
      east.cluster,
      pod("french", { "tideway.dev/strategy": "Remote", "tideway.dev/clusters": `${REGION}=fr` }),
    );
    await apply(east.cluster, pod("home", { "tideway.dev/strategy": "Local" }));
    expect(placesOf(await running(east, "anywhere", "french", 1))).toEqual(["west"]);
    expect(placesOf(await running(east, "anywhere", "home", 1))[0]).toMatch(/^east/);
    await expect(apply(east.cluster, pod("none", { "tideway.dev/strategy": "Moon" }))).rejects.toThrow(
      /is not one of Local, Remote, LocalAndRemote/,
    );
  });

  it("a virtual node says how far it is", async () => {
    const far = await until(
      async () => {
        const labels = (await nodeAt(east, "west"))?.metadata.labels ?? {};
        return labels["tideway.dev/latency-class"] === undefined ? undefined : labels;
      },
      { what: "the latency of west" },
    );
    const ms = Number(far["tideway.dev/latency-ms"]);
    expect([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]).toContain(ms);
    expect(far["tideway.dev/latency-class"]).toBe(ms <= 10 ? "near" : ms <= 50 ? "regional" : "far");
  });

  it("a DaemonSet that tolerates everything runs on real nodes only, until it asks for virtual ones", async () => {
    const agent = (annotations: object = {}): object => ({
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "agent", namespace: "anywhere" },
      spec: {
        selector: { matchLabels: { app: "agent" } },
        template: {
          metadata: { labels: { app: "agent" }, annotations },
          spec: {
            terminationGracePeriodSeconds: 0,
            tolerations: [{ operator: "Exists" }],
            containers: [shell(STAY)],
          },
        },
      },
    });
    const own = (await realNodes(east)).map((n) => n.metadata.name).sort();
    await apply(east.cluster, agent());
    await east.cluster.kubectl("-n", "anywhere", "rollout", "status", "daemonset/agent", "--timeout=60s");
    expect(placesOf(await running(east, "anywhere", "agent", own.length))).toEqual(own);
    await east.cluster.kubectl("-n", "anywhere", "delete", "daemonset", "agent");
    await apply(east.cluster, agent({ "tideway.dev/virtual-nodes": "allow" }));
    const all = await running(east, "anywhere", "agent", own.length + 2);
    expect(placesOf(all)).toEqual([...own, "north", "west"].sort());
  });
});

describe("the end", () => {
  it("of one direction leaves the other as it is: the peering is reversed", async () => {
    const [before] = await running(west, "back", "talker", 1);
    await tideway(east.cluster, "unpeer", "west", "--wait", "--timeout", "60s");
    expect(await nodeAt(east, "west")).toBeUndefined();
    const gone = async (s: Side, name: string) => (await s.kube.find(namespaces, name)) === undefined;
    await until(() => gone(east, "tideway-peer-west"), { what: "east's namespace of what it asked" });
    await until(() => gone(west, "tideway-tenant-east"), { what: "west's namespace of east" });
    await nodeReady(west, "east");
    const [after] = await running(west, "back", "talker", 1);
    expect(after?.metadata.uid).toBe(before?.metadata.uid);
    await logged(west, "back");
  });

  const leavesNothing = (s: Side, other: string): Promise<unknown> =>
    until(
      async () => {
        const left = (await s.kube.list(namespaces)).filter(
          ({ metadata: { name } }) =>
            peerOfNamespace(name) === other || name.startsWith(`tideway-${other}--`),
        );
        const tunnels = (await s.kube.list(tunnelEndpoints)).filter(
          (t) => t.metadata.name === `tunnel-${other}`,
        );
        return left.length + tunnels.length === 0 && !(await s.kube.find(foreignClusters, other));
      },
      {
        what: `nothing of ${other} at ${s.cluster.name}`,
        explain: () => s.cluster.kubectl("get", "ns,foreignclusters,tenants"),
      },
    );

  it("of both leaves nothing on either side, also when one ends while the other is ending", async () => {
    await tideway(west.cluster, "unpeer", "east", "--wait", "--timeout", "60s");
    await tideway(east.cluster, "unpeer", "north", "--wait", "--timeout", "60s");
    await tideway(north.cluster, "unpeer", "east", "--wait", "--timeout", "60s");
    await Promise.all([
      leavesNothing(east, "west"),
      leavesNothing(west, "east"),
      leavesNothing(east, "north"),
      leavesNothing(north, "east"),
    ]);
  });
});
