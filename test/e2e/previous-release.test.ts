import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster, until } from "@tideway/sandbox";
import { foreignClusters } from "@tideway/api";
import { pods } from "@tideway/k8s";
import { release, type Release, tideway } from "@tideway/platform";
import { DIR } from "./setup.ts";
import { apply, east, ensureUnpeered, isTrue, shell, type Side, sideOf, STAY } from "./world.ts";

/** East runs this build, old the previous release, by its own images, manifests and CLI. */
let cluster: Cluster | undefined;
let old: Side;
let previous: Release;

beforeAll(async () => {
  await ensureUnpeered(); // else the scheduler may choose west
  [previous, cluster] = await Promise.all([release(), startCluster({ name: "old", dir: DIR, nodes: 1 })]);
  await previous.deploy(cluster);
  old = await sideOf("old");
}, 600_000);
afterAll(async () => {
  if (process.env.TIDEWAY_KEEP !== "1") await cluster?.stop();
}, 60_000);

type Cli = (...args: string[]) => Promise<string>;
const now: Cli = (...args) => tideway(east.cluster, ...args);
const before: Cli = (...args) => previous.tideway(old.cluster, ...args);

/** A pod of the consumer's namespace runs on the provider, and what it says is read at home. */
const runsAcross = async (
  consumer: Side,
  cli: Cli,
  provider: Side,
  peer: string,
  ns: string,
): Promise<void> => {
  await consumer.cluster.kubectl("create", "namespace", ns);
  await cli("offload", "namespace", ns, "--pod-offloading-strategy", "Remote", "--wait", "--timeout", "60s");
  await apply(consumer.cluster, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "hello", namespace: ns },
    spec: { terminationGracePeriodSeconds: 0, containers: [shell(`echo hello from $HOSTNAME; ${STAY}`)] },
  });
  const pod = await until(
    async () => {
      const p = await consumer.kube.find(pods, "hello", ns);
      return isTrue(p?.status?.conditions, "Ready") && p;
    },
    {
      what: `pod ${ns}/hello Ready on ${peer}`,
      timeoutMs: 60_000,
      explain: async () => JSON.stringify((await consumer.kube.find(pods, "hello", ns))?.status),
    },
  );
  expect(pod.spec?.nodeName).toBe(peer);
  const there = (await provider.kube.list(pods)).filter((p) => p.metadata.name === "hello");
  expect(there.map((p) => p.status?.phase)).toEqual(["Running"]);
  expect(await consumer.cluster.kubectl("-n", ns, "logs", "hello")).toBe("hello from hello\n");
  const said = await consumer.cluster.kubectl("-n", ns, "exec", "hello", "--", "echo", "still here");
  expect(said).toBe("still here\n");
  await cli("unoffload", "namespace", ns, "--wait", "--timeout", "60s");
  await consumer.cluster.kubectl("delete", "namespace", ns, "--timeout=60s");
};

const leave = async (consumer: Side, cli: Cli, provider: Side): Promise<void> => {
  await cli("unpeer", provider.cluster.name, "--wait", "--timeout", "60s");
  for (const [side, other] of [
    [consumer, provider],
    [provider, consumer],
  ] as const)
    await until(async () => !(await side.kube.find(foreignClusters, other.cluster.name)), {
      what: `ForeignCluster ${other.cluster.name} gone on ${side.cluster.name}`,
    });
};

describe("a cluster of this build and one of the previous release", () => {
  it("work with each other when the previous release provides", async () => {
    await now("peer", (await before("invite")).trim(), "--wait", "--timeout", "60s");
    await runsAcross(east, now, old, "old", "with-old");
    await leave(east, now, old);
  });

  it("work with each other when this build provides", async () => {
    await before("peer", (await now("invite")).trim(), "--wait", "--timeout", "60s");
    await runsAcross(old, before, east, "east", "with-new");
    await leave(old, before, east);
  });
});
