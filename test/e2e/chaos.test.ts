import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "@tideway/sandbox";
import { pods } from "@tideway/k8s";
import {
  difference,
  placeOf,
  rolledOut,
  type ServiceName,
  services,
  snapshot,
  tideway,
} from "@tideway/platform";
import {
  apply,
  dropNamespace,
  east,
  ensurePeered,
  ensureUnpeered,
  nodeReady,
  offloadedNamespace,
  shell,
  type Side,
  STAY,
  west,
} from "./world.ts";

/** A small linear congruential generator (Numerical Recipes' constants): the same moments in each run. */
const randomFrom = (seed: number) => (): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

/** The service's pod is gone at once, without a moment to tidy up. */
const sigkill = async ({ cluster }: Side, service: ServiceName): Promise<void> => {
  const there = ["-n", placeOf(service).namespace];
  const pods = await cluster.kubectl(
    ...[...there, "get", "pods", "-l", `app.kubernetes.io/name=${service}`, "-o", "name"],
  );
  const name = pods.trim().split("\n")[0]!;
  await cluster.kubectl(...there, "delete", name, "--grace-period=0", "--force");
};

/** The services themselves: a pod that was killed has a successor of another name. */
const isServices = (object: string): boolean =>
  object.includes("tideway-system/") ||
  object.includes("Lease") ||
  object.startsWith("v1/Pod/tideway-network/");

const available = async (): Promise<void> => {
  await Promise.all([east, west].flatMap((s) => services.map((name) => rolledOut(s.cluster, name))));
};

/** How often each service is killed while it peers. */
const ROUNDS = process.env["TIDEWAY_LONG"] === "1" ? 4 : 2;

const NS = "chaos";
const deployment = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: NS },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { terminationGracePeriodSeconds: 1, containers: [shell(STAY)] },
    },
  },
});
const uids = async (s: Side, namespace: string): Promise<string[]> =>
  (await s.kube.list(pods, { namespace, labelSelector: "app=web" })).map((p) => p.metadata.uid!).sort();
const settled = (twin: string, n: number): Promise<unknown> =>
  until(
    async () => {
      const [here, there] = await Promise.all([
        east.kube.list(pods, { namespace: NS, labelSelector: "app=web" }),
        west.kube.list(pods, { namespace: twin, labelSelector: "app=web" }),
      ]);
      const ready = (p: (typeof here)[number]): boolean =>
        p.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;
      const same =
        here
          .map((p) => p.metadata.name)
          .sort()
          .join() ===
        there
          .map((p) => p.metadata.name)
          .sort()
          .join();
      return here.length === n && same && here.every(ready) && there.every(ready);
    },
    {
      what: `${n} replicas, the same on both sides`,
      timeoutMs: 120_000,
      explain: () => east.cluster.kubectl("-n", NS, "get", "pods", "-o", "wide"),
    },
  );

describe("a service killed at a random moment of peering", () => {
  beforeAll(ensureUnpeered);
  afterAll(ensureUnpeered);
  const random = randomFrom(20_26);

  // Admission sees pods only, and a node's routes come after the peering.
  for (const service of services.filter((s) => s !== "admission" && s !== "route-agent"))
    it(`${service}: the end state is the same`, async () => {
      const invitation = (await tideway(west.cluster, "invite", "--standing")).trim().split("\n").at(-1)!;
      const before = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
      for (let round = 0; round < ROUNDS; round++) {
        const victim = random() < 0.5 ? east : west;
        const killed = new Promise<void>((resolve, reject) => {
          setTimeout(() => void sigkill(victim, service).then(resolve, reject), random() * 800);
        });
        await tideway(east.cluster, "peer", invitation);
        await killed;
        await until(nodeReady, {
          what: `node Ready after ${service} was killed`,
          explain: () => tideway(east.cluster, "status"),
        });
        await tideway(east.cluster, "unpeer", "west", "--wait", "--timeout", "60s");
        await available();
        await until(
          async () => {
            const after = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
            return after.every(
              (a, i) => difference(before[i]!, a).left.filter((l) => !isServices(l)).length === 0,
            );
          },
          {
            what: "nothing left",
            explain: async () => {
              const after = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
              return after.map((a, i) => difference(before[i]!, a).left.join(", ")).join("\n");
            },
          },
        );
      }
    }, 600_000);
});

describe("offloaded pods", () => {
  let twin: string;
  beforeAll(async () => {
    twin = await offloadedNamespace(NS);
    await apply(east.cluster, deployment(4));
    await settled(twin, 4);
  });
  afterAll(() => dropNamespace(NS));

  const random = randomFrom(7);
  for (const service of services as readonly ServiceName[])
    it(`end in the same state when ${service} is killed while they scale`, async () => {
      for (const n of [8, 4]) {
        const victim = random() < 0.5 ? east : west;
        const killed = new Promise<void>((resolve, reject) => {
          setTimeout(() => void sigkill(victim, service).then(resolve, reject), random() * 500);
        });
        await apply(east.cluster, deployment(n));
        await killed;
        await available();
        await settled(twin, n);
      }
    }, 300_000);

  it("survive a bus that restarts with its storage wiped", async () => {
    const before = await uids(east, NS);
    for (const s of [east, west]) {
      await s.cluster.kubectl(
        "-n",
        "tideway-system",
        "delete",
        "pod",
        "bus-0",
        "--grace-period=0",
        "--force",
      );
      await s.cluster.kubectl(
        "-n",
        "tideway-system",
        "rollout",
        "status",
        "statefulset/bus",
        "--timeout=90s",
      );
    }
    await available();
    await until(nodeReady, { what: "node Ready" });
    expect(await uids(east, NS)).toEqual(before);
    await apply(east.cluster, deployment(6));
    await settled(twin, 6);
    await until(async () => (await tideway(east.cluster, "events")).includes("identity"), {
      what: "facts published again",
    });
  });

  it("keep running through a partition of 60 s; the node goes NotReady and comes back; no pod is rebuilt", async () => {
    await apply(east.cluster, deployment(3));
    await settled(twin, 3);
    const before = await uids(east, NS);
    const beforeThere = await uids(west, twin);
    await west.cluster.partitionFrom(east.cluster);
    const from = performance.now();
    try {
      await until(async () => !(await nodeReady()), { what: "node NotReady" });
      await until(() => Promise.resolve(performance.now() - from >= 60_000), {
        what: "the end of the partition",
        timeoutMs: 70_000,
        everyMs: 1000,
      });
      expect(await uids(west, twin)).toEqual(beforeThere);
    } finally {
      await west.cluster.heal();
    }
    await until(nodeReady, { what: "node Ready again" });
    await settled(twin, 3);
    expect(await uids(east, NS)).toEqual(before);
    expect(await uids(west, twin)).toEqual(beforeThere);
  });

  it("come through a crash of the provider's API server", async () => {
    const before = await uids(east, NS);
    await west.cluster.killApiServer();
    await until(async () => !(await nodeReady()), { what: "node NotReady" });
    await west.cluster.startApiServer();
    await until(nodeReady, { what: "node Ready again" });
    await settled(twin, 3);
    expect(await uids(east, NS)).toEqual(before);
    await ensurePeered();
  });
});
