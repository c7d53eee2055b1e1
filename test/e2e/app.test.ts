import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appImage, loadAppImages, until } from "@tideway/sandbox";
import { pods } from "@tideway/k8s";
import { load, placeOf, rolledOut, type ServiceName, services, tideway } from "@tideway/platform";
import { answers, ensureConnected, inPod, probe, readyPod } from "./fabric.ts";
import { apply, dropNamespace, east, offloadedNamespace, type Side, west } from "./world.ts";

/**
 * nginx -> Node -> redis and PostgreSQL, spread over both clusters by the scheduler, under constant load. TIDEWAY_LONG=1
 * goes on for a minute and moves the databases too.
 */

const NS = "shop";
const LONG = process.env.TIDEWAY_LONG === "1";
const SECONDS = LONG ? 60 : 25;
/** All that is not on a packet's way. */
const CONTROL = services.filter((s) => s !== "gateway");

type Where = "spread" | "east" | "west";
interface Tier {
  name: string;
  image: Parameters<typeof appImage>[0];
  port: number;
  replicas: number;
  env?: Record<string, string>;
  probe: object;
}

const tiers = {
  front: {
    name: "front",
    image: "app-nginx",
    port: 8080,
    replicas: 3,
    env: { UPSTREAM: "middle:8080" },
    probe: { httpGet: { path: "/nginx-health", port: 8080 } },
  },
  middle: {
    name: "middle",
    image: "app-node",
    port: 8080,
    replicas: 3,
    env: { REDIS: "redis:6379", POSTGRES: "postgres:5432" },
    probe: { httpGet: { path: "/healthz", port: 8080 } },
  },
  redis: { name: "redis", image: "app-redis", port: 6379, replicas: 1, probe: { tcpSocket: { port: 6379 } } },
  postgres: {
    name: "postgres",
    image: "app-postgres",
    port: 5432,
    replicas: 1,
    probe: { tcpSocket: { port: 5432 } },
  },
} satisfies Record<string, Tier>;

/** Real nodes, the virtual one, or the scheduler's choice: then one replica a node as far as they go. */
const placement = (app: string, where: Where): object => {
  if (where === "spread")
    return {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "DoNotSchedule",
          labelSelector: { matchLabels: { app } },
          matchLabelKeys: ["pod-template-hash"],
        },
      ],
    };
  const operator = where === "west" ? "Exists" : "DoesNotExist";
  const nodeSelectorTerms = [{ matchExpressions: [{ key: "tideway.dev/virtual-node", operator }] }];
  return {
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  };
};

const deployment = (t: Tier, where: Where, replicas = t.replicas): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: t.name, namespace: NS },
  spec: {
    replicas,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: { app: t.name } },
    template: {
      metadata: { labels: { app: t.name } },
      spec: {
        ...placement(t.name, where),
        terminationGracePeriodSeconds: 20,
        containers: [
          {
            name: "main",
            image: appImage(t.image),
            ports: [{ containerPort: t.port }],
            env: Object.entries(t.env ?? {}).map(([name, value]) => ({ name, value })),
            readinessProbe: { ...t.probe, periodSeconds: 1 },
            // As everywhere in Kubernetes: who ends goes on serving until others have heard of it.
            lifecycle: { preStop: { sleep: { seconds: 4 } } },
          },
        ],
      },
    },
  },
});
const service = (t: Tier): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: t.name, namespace: NS },
  spec: { selector: { app: t.name }, ports: [{ name: "main", port: t.port }] },
});

const rollout = (t: Tier): Promise<string> =>
  east.cluster.kubectl("-n", NS, "rollout", "status", `deployment/${t.name}`, "--timeout=120s");
const move = async (t: Tier, where: Where): Promise<void> => {
  await apply(east.cluster, deployment(t, where));
  await rollout(t);
};
const scale = async (t: Tier, replicas: number): Promise<void> => {
  await east.cluster.kubectl("-n", NS, "scale", `deployment/${t.name}`, `--replicas=${replicas}`);
  await rollout(t);
};
const nodesOf = async (t: Tier): Promise<string[]> =>
  (await east.kube.list(pods, { namespace: NS, labelSelector: `app=${t.name}` }))
    .filter((p) => !p.metadata.deletionTimestamp)
    .map((p) => p.spec?.nodeName ?? "")
    .sort();

const restart = async (s: Side, name: ServiceName): Promise<void> => {
  const label = `app.kubernetes.io/name=${name}`;
  await s.cluster.kubectl("-n", placeOf(name).namespace, "delete", "pods", "-l", label, "--wait=false");
  await rolledOut(s.cluster, name);
};

beforeAll(async () => {
  await ensureConnected();
  await Promise.all([east, west].map((s) => loadAppImages(s.cluster)));
  await offloadedNamespace(NS);
  await tideway(east.cluster, "offload", "namespace", NS, "--wait"); // both here and there
  const [, onto = ""] = east.cluster.nodes;
  await apply(east.cluster, probe({ name: "client", namespace: NS, hostname: onto }));
  for (const t of Object.values(tiers)) await apply(east.cluster, service(t));
  await move(tiers.redis, "east");
  await move(tiers.postgres, "west");
  await Promise.all([move(tiers.middle, "spread"), move(tiers.front, "spread")]);
  await readyPod(east, NS, "client");
});
afterAll(() => dropNamespace(NS));

describe("an application of four tiers in two clusters", () => {
  it("is spread by the scheduler, and works", async () => {
    for (const t of [tiers.front, tiers.middle])
      expect(await nodesOf(t)).toEqual([...east.cluster.nodes, "west"].sort());
    await answers(east, NS, "client", "front", /"hits":\d+,"items":\d+/);
    const put = ["curl", "-sS", "--fail", "-X", "PUT", "-d", "1 apple", "http://front:8080/items/basket"];
    expect(await inPod(east, NS, "client", ...put)).toBe("stored\n");
    expect(await inPod(east, NS, "client", "curl", "-sS", "http://front:8080/items/basket")).toBe("1 apple");
  });

  it(`answers every request of ${SECONDS} s in which it is scaled and moved and every control service restarts`, async () => {
    const startedAt = performance.now();
    const running = await load(east.cluster, NS, "client", { host: "front", everyMs: 50, timeoutMs: 20_000 });
    const moves = async (): Promise<void> => {
      const { front, middle, redis, postgres } = tiers;
      await scale(middle, 5);
      await move(middle, "west");
      await until(async () => (await nodesOf(middle)).every((n) => n === "west"), { what: "middle on west" });
      await move(middle, "east");
      await move(front, "west");
      await move(front, "spread");
      await scale(front, 2);
      if (LONG) {
        await move(redis, "west");
        await move(redis, "east");
        await move(postgres, "east");
        await move(postgres, "west");
      }
      await move(middle, "spread");
    };
    const restarts = async (): Promise<void> => {
      for (const name of CONTROL) await Promise.all([restart(east, name), restart(west, name)]);
    };
    const [outcome] = await Promise.allSettled([Promise.all([moves(), restarts()])]);
    // The load lasts as long as the title says, also when the moves were quicker.
    await delay(Math.max(0, SECONDS * 1_000 - (performance.now() - startedAt)));
    const report = await running.stop();
    const seconds = (performance.now() - startedAt) / 1_000;
    console.log(
      `${report.sent} requests in ${seconds.toFixed(0)} s, ${report.failed.length} failed, ` +
        `longest time without an answer ${Math.round(report.longestGapMs)} ms`,
    );
    if (outcome.status === "rejected") throw outcome.reason;
    expect(report.failed).toEqual([]);
    expect(report.sent).toBeGreaterThan(SECONDS); // at the very least one a second was answered
  }, 400_000);
});
