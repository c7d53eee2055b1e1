import { setTimeout as sleep } from "node:timers/promises";
import { findCondition, shadowPods, type TenantQuota, tenantQuotas } from "@tideway/api";
import { createKube, fromKubeconfig, informer, type Kube, type Pod, pods } from "@tideway/k8s";
import { addLists, compare, parse, parseList } from "@tideway/quantity";
import { podAmounts } from "@tideway/quota";
import { until } from "@tideway/sandbox";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ProviderWorld, type Replica, startProviderWorld, TENANT } from "./provider-world.ts";

let world: ProviderWorld;
let kube: Kube;
let replicas: Replica[] = [];
let twin: string;

const asking = (cpu: string, more: object = {}) => ({
  pod: { containers: [{ name: "c", image: "i", resources: { requests: { cpu } } }], ...more },
});
const quota = (): Promise<TenantQuota> => kube.get(tenantQuotas, "offer", TENANT);
const offer = async (hard: Record<string, string>): Promise<void> => {
  world.facts.setOffer(hard);
  const want = JSON.stringify(hard);
  const stands = async () =>
    JSON.stringify((await kube.find(tenantQuotas, "offer", TENANT))?.spec.hard) === want;
  await until(stands, { what: "the offer as quota" });
};
const used = (want: Record<string, string>) =>
  until(
    async () => {
      const now = (await quota()).status?.used ?? {};
      return Object.entries(want).every(([name, amount]) => now[name] === amount);
    },
    {
      what: `used ${JSON.stringify(want)}`,
      explain: async () => JSON.stringify(await quota()),
    },
  );
const says = (name: string, reason: string) =>
  until(
    async () => {
      const c = findCondition((await kube.get(shadowPods, name, twin)).status?.conditions, "Ready");
      return c?.reason === reason ? c : undefined;
    },
    { what: `${name}: ${reason}` },
  );
const finish = (name: string, phase: string): Promise<Pod> =>
  kube.patch(pods, name, twin, { status: { phase } }, { subresource: "status" });
const isOver = (p: Pod): boolean => p.status?.phase === "Succeeded" || p.status?.phase === "Failed";

beforeAll(async () => {
  world = await startProviderWorld();
  kube = world.kube;
}, 120_000);
afterAll(() => world?.stop());
beforeEach(async () => {
  replicas = [await world.startReplica()];
  await offer({ cpu: "8", memory: "16Gi", pods: "20" });
  twin = await world.fresh();
});
afterEach(async () => {
  const all = await kube.list(shadowPods, { namespace: twin });
  await Promise.all(all.map((s) => kube.delete(shadowPods, s.metadata.name, twin)));
  await used({ pods: "0", cpu: "0" });
  await Promise.all(replicas.map((r) => r.stop()));
});

describe("a tenant's pods", () => {
  it("are counted while they are there, and until their end", async () => {
    await world.shadow(twin, "a", asking("1500m"));
    await world.shadow(twin, "b", asking("500m"));
    await world.podThere(twin, "a");
    await world.podThere(twin, "b");
    await used({ cpu: "2", pods: "2" });
    await finish("a", "Succeeded");
    await used({ cpu: "500m", pods: "1" });
    await kube.delete(shadowPods, "b", twin);
    await used({ cpu: "0", pods: "0" });
    const { status } = await quota();
    expect(findCondition(status?.conditions, "Ready")).toMatchObject({
      status: "True",
      reason: "WithinOffer",
    });
    expect(compare(parse(status?.meter?.seconds["pods"] ?? "0"), parse("0"))).toBeGreaterThan(0);
  });

  it("are refused beyond the offer with the number, wait, and start when there is room", async () => {
    await world.shadow(twin, "a", asking("7"));
    await world.podThere(twin, "a");
    await world.shadow(twin, "b", asking("2"));
    expect(await says("b", "QuotaExceeded")).toMatchObject({
      status: "False",
      message: "cpu: asked 2, used 7 of 8",
    });
    expect((await kube.get(shadowPods, "b", twin)).status?.phase).toBe("Pending");
    await until(
      async () =>
        (await world.server.kubectl("-n", twin, "get", "events")).includes("cpu: asked 2, used 7 of 8"),
      { what: "the Event" },
    );
    expect(await kube.find(pods, "b", twin)).toBeUndefined();
    await kube.delete(shadowPods, "a", twin);
    await world.podThere(twin, "b");
    await says("b", "PodCreated");
  });

  it("start when the offer grows, and go on when it shrinks", async () => {
    await world.shadow(twin, "a", asking("7"));
    await world.shadow(twin, "b", asking("7"));
    await until(async () => (await kube.list(pods, { namespace: twin })).length === 1, {
      what: "one of them",
    });
    await offer({ cpu: "14", memory: "16Gi", pods: "20" });
    await until(async () => (await kube.list(pods, { namespace: twin })).length === 2, { what: "both" });
    await offer({ cpu: "2", memory: "16Gi", pods: "20" });
    await world.shadow(twin, "c", asking("1"));
    expect((await says("c", "QuotaExceeded")).message).toBe("cpu: asked 1, used 14 of 2");
    expect(await kube.list(pods, { namespace: twin })).toHaveLength(2);
    await until(
      async () => findCondition((await quota()).status?.conditions, "Ready")?.reason === "OverOffer",
      {
        what: "the quota says so",
      },
    );
  });

  it("of a tenant whose offer is taken back do not start", async () => {
    world.facts.setOffer({}, "GONE");
    await until(async () => (await quota()).spec.hard["pods"] === "0", { what: "an empty quota" });
    await world.shadow(twin, "a", asking("0"));
    expect((await says("a", "QuotaExceeded")).message).toBe("pods: asked 1, used 0 of 0");
  });

  it.each([
    ["a negative request", { cpu: "-4" }],
    ["a request of the count itself", { pods: "-9" }],
  ])("cannot make room by %s", async (_what, requests) => {
    await world.shadow(twin, "a", {
      pod: { containers: [{ name: "c", image: "i", resources: { requests } }] },
    });
    expect((await says("a", "FieldRefused")).message).toContain("is negative");
    expect((await quota()).status?.used?.["cpu"] ?? "0").toBe("0");
  });
});

describe("after a crash", () => {
  it("a reservation without a pod is given back, and a pod without reservation is counted", async () => {
    await world.shadow(twin, "kept", asking("1"));
    await world.podThere(twin, "kept");
    await used({ cpu: "1" });
    await replicas.pop()?.stop();
    const now = await quota();
    const holders = [
      { kind: "pods", amounts: { cpu: "6", pods: "1" }, count: 1, uids: "left-behind" },
    ] as const;
    await kube.replace(
      tenantQuotas,
      { ...now, status: { ...now.status, holders: [...holders], used: { cpu: "6", pods: "1" } } },
      { subresource: "status" },
    );
    replicas.push(await world.startReplica());
    await used({ cpu: "1", pods: "1" });
    expect((await quota()).status?.holders).toMatchObject([{ count: 1, amounts: { cpu: "1", pods: "1" } }]);
  });

  it("a quota that somebody deleted is made again, with what stands", async () => {
    await world.shadow(twin, "a", asking("3"));
    await world.podThere(twin, "a");
    await used({ cpu: "3" });
    await kube.delete(tenantQuotas, "offer", TENANT);
    await until(() => kube.find(tenantQuotas, "offer", TENANT), { what: "the quota again" });
    await used({ cpu: "3", pods: "1" });
  });
});

/** Everything that the API server ever held, as a watch from the start tells it. */
const recording = () => {
  const stop = new AbortController();
  const states: TenantQuota[] = [];
  const watch = informer(kube, tenantQuotas, { namespace: TENANT });
  watch.onChange((_key, q) => q && states.push(q));
  const real = informer(kube, pods, { namespace: twin });
  let worst = parse(0);
  real.onChange(() => {
    const sum = real
      .list()
      .filter((p) => !isOver(p as Pod))
      .reduce((s, p) => addLists(s, podAmounts(p.spec!)), parseList({}));
    const cpu = sum.get("cpu") ?? parse(0);
    if (compare(cpu, worst) > 0) worst = cpu;
  });
  watch.start(stop.signal);
  real.start(stop.signal);
  return {
    synced: Promise.all([watch.synced, real.synced]),
    states,
    worstCpu: () => worst,
    stop: () => stop.abort(),
  };
};

it.each([
  ["two replicas that both take every pod", false],
  ["two replicas of which one or the other is killed all the time", true],
])(
  "a storm from several clients, with %s: never more than the offer, and as much as fits",
  async (_what, killing) => {
    await offer({ cpu: "5", memory: "16Gi", pods: "40" });
    replicas.push(await world.startReplica());
    const seen = recording();
    await seen.synced;
    const clients = Array.from({ length: 4 }, () =>
      createKube(fromKubeconfig(world.server.kubeconfig), { userAgent: "storm" }),
    );
    let isDone = false;
    const killer = (async () => {
      for (let i = 0; killing && !isDone; i++) {
        await sleep(40 + Math.random() * 150);
        await replicas[i % 2]?.stop();
        replicas[i % 2] = await world.startReplica();
      }
    })();
    await Promise.all(
      clients.map(async (client, c) => {
        for (let i = 0; i < 50; i++) {
          const { pod } = asking(`${50 + ((i * 37) % 200)}m`);
          await client.create(shadowPods, {
            metadata: { name: `s-${c}-${i}`, namespace: twin },
            spec: { originUID: `u-${c}-${i}`, originNamespace: "shop", pod },
          });
          if (i % 5 === 4) await client.delete(shadowPods, `s-${c}-${i - 2}`, twin);
          if (i % 7 === 6) await finish(`s-${c}-${i - 3}`, "Succeeded").catch(() => undefined); // there may be no pod
        }
      }),
    );
    isDone = true;
    await killer;
    // Full: the smallest that waits does not fit any more, and the ledger says what really stands.
    const settled = async (): Promise<boolean> => {
      const standing = (await kube.list(pods, { namespace: twin })).filter((p) => !isOver(p));
      const { status } = await quota();
      const sum = standing.reduce((s, p) => addLists(s, podAmounts(p.spec!)), parseList({}));
      const holders = status?.holders?.reduce((n, h) => n + h.count, 0) ?? 0;
      const isRight = compare(sum.get("cpu") ?? parse(0), parse(status?.used?.["cpu"] ?? "0")) === 0;
      return isRight && holders === standing.length && standing.length >= 30;
    };
    await until(settled, {
      what: "a full offer",
      explain: async () => JSON.stringify(await quota()),
    });
    expect(seen.states.length).toBeGreaterThan(10);
    for (const { spec, status } of seen.states)
      for (const name of ["cpu", "pods"])
        expect(compare(parse(status?.used?.[name] ?? "0"), parse(spec.hard[name]!))).toBeLessThanOrEqual(0);
    if (!killing) expect(compare(seen.worstCpu(), parse("5"))).toBeLessThanOrEqual(0);
    seen.stop();
    await Promise.all(clients.map((c) => c.close()));
  },
);
