import {
  findCondition,
  make,
  shadowPods,
  tenantQuotas,
  workloadPolicies,
  type WorkloadPolicySpec,
} from "@tideway/api";
import { type Kube, namespaces, pods } from "@tideway/k8s";
import { until } from "@tideway/sandbox";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { EAST, type ProviderWorld, type Replica, startProviderWorld, TENANT } from "./provider-world.ts";

let world: ProviderWorld;
let kube: Kube;
let replica: Replica;
let twin: string;

const ENFORCE = "pod-security.kubernetes.io/enforce";
const levelOf = async (name: string) => (await kube.get(namespaces, name)).metadata.labels?.[ENFORCE];
const image = (name: string, more: object = {}) => ({
  pod: { containers: [{ name: "c", image: name }], ...more },
});
const says = (name: string, reason: string) =>
  until(
    async () => {
      const { status } = await kube.get(shadowPods, name, twin);
      const c = findCondition(status?.conditions, "Ready");
      return c?.reason === reason ? c : undefined;
    },
    {
      what: `${name}: ${reason}`,
      explain: () => world.server.kubectl("-n", twin, "get", "shp", "-o", "yaml"),
    },
  );
/** Events are written after the status, and not waited for. */
const told = (words: string): Promise<unknown> =>
  until(async () => (await world.server.kubectl("-n", twin, "get", "events")).includes(words), {
    what: `an Event that says ${words}`,
  });
/** In force when a namespace's level, changed with it, says so. */
const policy = async (name: string, spec: WorkloadPolicySpec): Promise<void> => {
  const podSecurity = (await levelOf(twin)) === "baseline" ? "restricted" : "baseline";
  const wanted = make(workloadPolicies, { metadata: { name }, spec: { podSecurity, ...spec } });
  await kube.apply(workloadPolicies, wanted, { fieldManager: "owner" });
  const level = spec.podSecurity ?? podSecurity;
  await until(async () => (await levelOf(twin)) === level, { what: `Pod Security ${level}` });
};

beforeAll(async () => {
  world = await startProviderWorld();
  kube = world.kube;
  replica = await world.startReplica();
}, 120_000);
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});
beforeEach(async () => {
  twin = await world.fresh();
});
afterEach(async () => {
  for (const p of await kube.list(workloadPolicies)) await kube.delete(workloadPolicies, p.metadata.name);
  await until(async () => (await levelOf(twin)) === "baseline", { what: "the usual level again" });
});

it("a refused image is told by field and rule: in the ShadowPod, as Event, in the audit", async () => {
  await policy("default", { images: { deny: ["docker.io"] } });
  await world.shadow(twin, "a", image("nginx:1"));
  const { message } = await says("a", "PolicyRefused");
  expect(message).toBe(
    'spec.pod.containers[0].image: docker.io/library/nginx is denied by "docker.io" (rule images.deny[0] of WorkloadPolicy default)',
  );
  expect((await kube.get(shadowPods, "a", twin)).status?.phase).toBe("Failed");
  await told("images.deny[0]");
  const object = `ShadowPod/${twin}/a`;
  const record = await until(async () => world.audited.find((r) => r.object === object), {
    what: "the audit record",
  });
  expect(record).toMatchObject({
    peer: EAST,
    action: "create-pod",
    outcome: "DENIED",
    reason: "PolicyRefused",
    message,
  });
  expect(await kube.find(pods, "a", twin)).toBeUndefined();
});

it("the policy named as the peer is used in place of the default", async () => {
  await policy("default", { images: { allow: ["registry.example"] } });
  await policy("east", { images: { allow: ["docker.io/library"] } });
  await world.shadow(twin, "a", image("nginx:1"));
  await world.shadow(twin, "b", image("registry.example/x:1"));
  await says("b", "PolicyRefused");
  await until(
    async () => (await kube.find(pods, "a", twin)) ?? (await kube.find(shadowPods, "a", twin))?.status,
    {
      what: "an answer",
    },
  );
  expect(findCondition((await kube.get(shadowPods, "a", twin)).status?.conditions, "Ready")?.reason).not.toBe(
    "PolicyRefused",
  );
});

it("a new image that may not run is not forwarded, and the pod goes on", async () => {
  await policy("default", { podSecurity: "privileged", images: { allow: ["registry.example"] } });
  await world.shadow(twin, "a", image("registry.example/web:1"));
  await world.podThere(twin, "a");
  await kube.patch(shadowPods, "a", twin, {
    spec: {
      podLabels: { app: "changed" },
      pod: { containers: [{ name: "c", image: "evil.example/web:2" }] },
    },
  });
  const pod = await until(
    async () => {
      const p = await kube.get(pods, "a", twin);
      return p.metadata.labels?.["app"] === "changed" ? p : undefined;
    },
    { what: "the label" },
  );
  expect(pod.spec?.containers[0]?.image).toBe("registry.example/web:1");
  await told("images.allow");
});

it("what a container leaves unsaid is what the policy says, in the pod and in the quota", async () => {
  await policy("default", {
    podSecurity: "privileged",
    containers: { defaultRequests: { cpu: "250m" }, defaultLimits: { memory: "64Mi" } },
  });
  await world.shadow(twin, "a", image("registry.example/web:1"));
  const pod = await world.podThere(twin, "a");
  expect(pod.spec?.containers[0]?.resources).toEqual({
    requests: { cpu: "250m", memory: "64Mi" },
    limits: { memory: "64Mi" },
  });
  const used = (await kube.get(tenantQuotas, "offer", TENANT)).status?.used;
  expect(used).toMatchObject({ cpu: "250m", memory: "64Mi" });
});

it("no pod gets a token of this cluster, a name of its Services, or runs without a seccomp profile", async () => {
  await world.shadow(twin, "a", image("i", { automountServiceAccountToken: true, enableServiceLinks: true }));
  const { spec } = await world.podThere(twin, "a");
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    serviceAccountName: "default",
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
  });
  expect(spec?.volumes ?? []).toEqual([]);
  for (const profile of [{ type: "Unconfined" }, { type: "Localhost", localhostProfile: "x" }]) {
    const name = `b-${profile.type.toLowerCase()}`;
    await world.shadow(twin, name, image("i", { securityContext: { seccompProfile: profile } }));
    expect((await says(name, "FieldRefused")).message).toContain("spec.pod.securityContext.seccompProfile");
  }
});

it("an admin sees whose a pod is", async () => {
  await world.shadow(twin, "a", image("i"));
  await world.podThere(twin, "a");
  const table = await world.server.kubectl("get", "pods", "-A", "-L", "tideway.dev/origin,tideway.dev/peer");
  expect(table).toMatch(new RegExp(`${twin} .*${EAST} +east`));
  const quota = await world.server.kubectl("get", "tenantquotas", "-A");
  expect(quota).toMatch(/PEER +PODS +OF-PODS +CPU +OF-CPU +MEMORY +OF-MEMORY +READY/);
  expect(quota).toMatch(/offer +east +\d+ +1000 /);
});

it("a policy says whose pods go by it, how many it has refused, and what is wrong with it", async () => {
  const saying = (name: string, reason: string, refused?: number) =>
    until(
      async () => {
        const { metadata, status } = await kube.get(workloadPolicies, name);
        const c = findCondition(status?.conditions, "Ready");
        const isNow =
          status?.observedGeneration === metadata.generation &&
          (refused === undefined || status?.refused === refused);
        return c?.reason === reason && isNow && { message: c.message, refused: status?.refused ?? 0 };
      },
      {
        what: `policy ${name}: ${reason}, ${refused ?? "any"} refused`,
        explain: () => world.server.kubectl("get", "wp", "-o", "yaml"),
      },
    );
  for (const s of await kube.list(shadowPods))
    await kube.delete(shadowPods, s.metadata.name, s.metadata.namespace);
  await policy("default", { images: { deny: ["docker.io"] } });
  expect((await saying("default", "InUse", 0)).message).toBe("for the pods of east");
  await world.shadow(twin, "a", image("nginx:1"));
  await world.shadow(twin, "b", image("nginx:2"));
  await saying("default", "InUse", 2);
  await kube.delete(shadowPods, "a", twin);
  await saying("default", "InUse", 1);
  await kube.apply(workloadPolicies, make(workloadPolicies, { metadata: { name: "west" }, spec: {} }), {
    fieldManager: "owner",
  });
  await saying("west", "NoSuchPeer", 0);
  const containers = { defaultRequests: { cpu: "2" }, defaultLimits: { cpu: "1" } };
  await policy("default", { images: { deny: ["docker.io"] }, containers });
  expect((await saying("default", "InvalidPolicy", 1)).message).toContain("above its defaultLimits");
});
