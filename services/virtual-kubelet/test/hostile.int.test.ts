/**
 * A tenant that means harm, with a certificate and exactly the rights that ship: what it may not ask is refused by the API server, what it
 * may ask makes nothing that it should not have.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findCondition, type ShadowPod, shadowPods, tenantQuotas } from "@tideway/api";
import { createKube, type Kube, namespaces, type Pod, pods, type RawRequest } from "@tideway/k8s";
import { makeCertificate, until } from "@tideway/sandbox";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EAST, type ProviderWorld, type Replica, startProviderWorld, TENANT } from "./provider-world.ts";

const NORTH = "33333333-3333-3333-3333-333333333333";
const OTHER = "tideway-north--shop";
let world: ProviderWorld;
let replica: Replica;
let twin: string;

const deploy = (path: string): string => new URL(`../../../deploy/base/${path}`, import.meta.url).pathname;
const OFFLOADING = "/apis/offloading.tideway.dev/v1alpha1";

/** With the certificate that auth would sign. */
let tenant: Kube;
/** The API server's names for the requests that it refused. */
const refused: string[] = [];

const ask = async (method: RawRequest["method"], path: string, body?: object): Promise<number> => {
  const isPatch = method === "PATCH";
  const answer = await tenant.request({
    method,
    path,
    headers: { "content-type": isPatch ? "application/merge-patch+json" : "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  await answer.body.text();
  if (answer.status >= 400) refused.push(String(answer.headers["audit-id"]));
  return answer.status;
};

const shadow = (name: string, pod: object = {}, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: "offloading.tideway.dev/v1alpha1",
  kind: "ShadowPod",
  metadata: { name, ...metadata },
  spec: {
    originUID: `uid-${name}`,
    originNamespace: "shop",
    pod: { containers: [{ name: "c", image: "i" }], ...pod },
    ...spec,
  },
});
const send = (name: string, ...more: [object?, object?, object?]): Promise<number> =>
  ask("POST", `${OFFLOADING}/namespaces/${twin}/shadowpods`, shadow(name, ...more));

const tenantOf = async ({ pki, url, caFile }: ProviderWorld["server"]): Promise<Kube> => {
  await makeCertificate(pki, {
    name: "east",
    commonName: `tideway:${EAST}`,
    organisation: "tideway:peers",
  });
  const text = (file: string): string => readFileSync(file, "utf8");
  const [cert, key] = ["east.crt", "east.key"].map((f) => text(join(pki, f))) as [string, string];
  return createKube({ server: url, ca: text(caFile), cert, key }, { userAgent: "hostile" });
};

beforeAll(async () => {
  world = await startProviderWorld();
  tenant = await tenantOf(world.server);
  await world.server.kubectl("apply", "-f", deploy("virtual-kubelet/ingress-classes.yaml"));
  await world.server.kubectl("apply", "-f", deploy("virtual-kubelet/admission-policy-peers.yaml"));
  replica = await world.startReplica();
  twin = await world.fresh();
  const open = service({ type: "LoadBalancer" });
  await until(
    async () => (await ask("POST", `/api/v1/namespaces/${twin}/services?dryRun=All`, open)) !== 201,
    {
      what: "policies in force",
    },
  );
  await world.kube.create(namespaces, { metadata: { name: OTHER, labels: { "tideway.dev/origin": NORTH } } });
  await world.shadow(twin, "mine");
  await world.podThere(twin, "mine");
}, 120_000);
afterAll(async () => {
  await replica?.stop();
  await tenant?.close();
  await world?.stop();
});

/** `:twin` is the tenant's namespace here, `:other` that of another tenant, `:tenant` where the ledger is. */
const forbidden: [what: string, method: RawRequest["method"], path: string, body?: object][] = [
  ["reads its quota's ledger", "GET", `${OFFLOADING}/namespaces/:tenant/tenantquotas/offer`],
  [
    "makes itself a quota",
    "POST",
    `${OFFLOADING}/namespaces/:twin/tenantquotas`,
    { metadata: { name: "offer" } },
  ],
  [
    "raises its quota",
    "PATCH",
    `${OFFLOADING}/namespaces/:tenant/tenantquotas/offer`,
    { spec: { hard: { cpu: "1k" } } },
  ],
  [
    "empties its ledger",
    "PATCH",
    `${OFFLOADING}/namespaces/:tenant/tenantquotas/offer/status`,
    { status: { holders: [] } },
  ],
  ["deletes its ledger", "DELETE", `${OFFLOADING}/namespaces/:tenant/tenantquotas/offer`],
  ["opens the policy", "POST", `${OFFLOADING}/workloadpolicies`, { metadata: { name: "east" }, spec: {} }],
  ["deletes the policy", "DELETE", `${OFFLOADING}/workloadpolicies/default`],
  [
    "says how its pod is",
    "PATCH",
    `${OFFLOADING}/namespaces/:twin/shadowpods/mine/status`,
    { status: { phase: "Running" } },
  ],
  ["makes a pod of its own", "POST", "/api/v1/namespaces/:twin/pods", { metadata: { name: "own" } }],
  ["changes a real pod", "PATCH", "/api/v1/namespaces/:twin/pods/mine", { metadata: { labels: { a: "b" } } }],
  [
    "takes the label off a pod",
    "PATCH",
    "/api/v1/namespaces/:twin/pods/mine",
    { metadata: { labels: { "tideway.dev/origin": null } } },
  ],
  ["deletes a real pod", "DELETE", "/api/v1/namespaces/:twin/pods/mine"],
  ["binds a pod to a node", "POST", "/api/v1/namespaces/:twin/pods/mine/binding", { target: { name: "n" } }],
  ["adds a debug container", "PATCH", "/api/v1/namespaces/:twin/pods/mine/ephemeralcontainers", { spec: {} }],
  ["resizes a pod", "PATCH", "/api/v1/namespaces/:twin/pods/mine/resize", { spec: {} }],
  ["evicts a pod", "POST", "/api/v1/namespaces/:twin/pods/mine/eviction", {}],
  ["makes a Deployment", "POST", "/apis/apps/v1/namespaces/:twin/deployments", { metadata: { name: "d" } }],
  ["makes a Job", "POST", "/apis/batch/v1/namespaces/:twin/jobs", { metadata: { name: "j" } }],
  ["claims a volume", "POST", "/api/v1/namespaces/:twin/persistentvolumeclaims", { metadata: { name: "v" } }],
  [
    "lowers Pod Security",
    "PATCH",
    "/api/v1/namespaces/:twin",
    { metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
  ],
  [
    "gives its namespace away",
    "PATCH",
    "/api/v1/namespaces/:twin",
    { metadata: { labels: { "tideway.dev/origin": NORTH } } },
  ],
  ["makes a namespace", "POST", "/api/v1/namespaces", { metadata: { name: "tideway-east--more" } }],
  ["deletes its namespace", "DELETE", "/api/v1/namespaces/:twin"],
  ["finalises its namespace", "PUT", "/api/v1/namespaces/:twin/finalize", { metadata: { name: "x" } }],
  [
    "deletes the default deny",
    "DELETE",
    "/apis/networking.k8s.io/v1/namespaces/:twin/networkpolicies/tideway-default-deny",
  ],
  [
    "opens the network",
    "POST",
    "/apis/networking.k8s.io/v1/namespaces/:twin/networkpolicies",
    { metadata: { name: "open" } },
  ],
  [
    "binds a role",
    "POST",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/:twin/rolebindings",
    { metadata: { name: "b" } },
  ],
  [
    "makes a role",
    "POST",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/:twin/roles",
    { metadata: { name: "r" } },
  ],
  ["asks for a token", "POST", "/api/v1/namespaces/:twin/serviceaccounts/default/token", { spec: {} }],
  [
    "makes a service account",
    "POST",
    "/api/v1/namespaces/:twin/serviceaccounts",
    { metadata: { name: "s" } },
  ],
  [
    "makes an EndpointSlice",
    "POST",
    "/apis/discovery.k8s.io/v1/namespaces/:twin/endpointslices",
    { metadata: { name: "e" } },
  ],
  ["lifts a ResourceQuota", "DELETE", "/api/v1/namespaces/:twin/resourcequotas"],
  ["places a pod at another tenant's", "POST", `${OFFLOADING}/namespaces/:other/shadowpods`, {}],
  ["reads another tenant's pods", "GET", "/api/v1/namespaces/:other/pods"],
  ["reads another tenant's Secrets", "GET", "/api/v1/namespaces/:other/secrets"],
  ["reads another tenant's quota", "GET", `${OFFLOADING}/namespaces/tideway-tenant-north/tenantquotas`],
  ["places a pod in a namespace of the owner", "POST", `${OFFLOADING}/namespaces/default/shadowpods`, {}],
  ["reads Secrets of the services", "GET", "/api/v1/namespaces/tideway-system/secrets"],
  ["reads all pods", "GET", "/api/v1/pods"],
  ["reads all quotas", "GET", `${OFFLOADING}/tenantquotas`],
  ["reads the nodes", "GET", "/api/v1/nodes"],
  ["reads other peers", "GET", "/apis/discovery.tideway.dev/v1alpha1/foreignclusters"],
];

it.each(forbidden)("a tenant that %s is refused", async (_what, method, path, body) => {
  const real = path.replace(":twin", twin).replace(":other", OTHER).replace(":tenant", TENANT);
  expect(await ask(method, real, body)).toBe(403);
});

const service = (spec: object): object => ({
  metadata: { name: `s-${Math.random().toString(36).slice(2, 8)}` },
  spec: { ports: [{ port: 80 }], ...spec },
});
it.each<[string, object]>([
  ["opens a load balancer", { type: "LoadBalancer" }],
  ["opens a node port", { type: "NodePort" }],
  ["takes an external address", { externalIPs: ["10.0.0.1"] }],
  ["names something inside", { type: "ExternalName", externalName: "kubernetes.default.svc" }],
  ["chooses its address", { clusterIP: "10.96.0.10" }],
])("a tenant that %s by a Service is refused", async (_what, spec) => {
  expect([403, 422]).toContain(await ask("POST", `/api/v1/namespaces/${twin}/services`, service(spec)));
});

const refusalOf = (name: string) =>
  until(
    async () => {
      const s = await world.kube.find(shadowPods, name, twin);
      return findCondition(s?.status?.conditions, "Ready");
    },
    { what: `an answer to ${name}` },
  );
/** What the audit has of a ShadowPod, as soon as it has something. */
const recordsOf = (name: string) =>
  until(
    () => {
      const all = world.audited.filter((r) => r.object === `ShadowPod/${twin}/${name}`);
      return Promise.resolve(all.length > 0 && all);
    },
    { what: `the audit record of ${name}` },
  );
const c = (more: object): object => ({ containers: [{ name: "c", image: "i", ...more }] });
const wants = (resources: object): object => c({ resources });

it.each<[string, object, string]>([
  ["a path of the host", { volumes: [{ name: "v", hostPath: { path: "/" } }] }, "FieldRefused"],
  ["the host's network", { hostNetwork: true }, "FieldRefused"],
  ["the host's processes", { hostPID: true }, "FieldRefused"],
  ["privilege", c({ securityContext: { privileged: true } }), "FieldRefused"],
  ["a capability", c({ securityContext: { capabilities: { add: ["SYS_ADMIN"] } } }), "FieldRefused"],
  ["no seccomp", { securityContext: { seccompProfile: { type: "Unconfined" } } }, "FieldRefused"],
  ["a port of the host", c({ ports: [{ containerPort: 1, hostPort: 1 }] }), "FieldRefused"],
  ["a node", { nodeName: "west" }, "FieldRefused"],
  ["a service account", { serviceAccountName: "admin" }, "FieldRefused"],
  [
    "a token",
    { volumes: [{ name: "t", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] },
    "FieldRefused",
  ],
  ["a runtime class", { runtimeClassName: "unsafe" }, "FieldRefused"],
  ["a field nobody knows", { backdoor: true }, "FieldRefused"],
  ["more than all", wants({ requests: { cpu: "65" } }), "QuotaExceeded"],
  ["more than all, as a limit", wants({ limits: { memory: "65Gi" } }), "QuotaExceeded"],
  [
    "more than all, in an init container",
    { initContainers: [{ name: "x", image: "i", resources: { requests: { cpu: "65" } } }] },
    "QuotaExceeded",
  ],
  ["more than all, for the whole pod", { resources: { requests: { cpu: "65" } } }, "QuotaExceeded"],
  ["a device that is not offered", wants({ limits: { "gpu.example/a": "1" } }), "QuotaExceeded"],
  ["less than nothing", wants({ requests: { cpu: "-64" } }), "FieldRefused"],
  [
    "less than nothing, beside much",
    {
      containers: [
        { name: "a", image: "i", resources: { requests: { cpu: "99" } } },
        { name: "b", image: "i", resources: { requests: { cpu: "-98" } } },
      ],
    },
    "FieldRefused",
  ],
  ["pods back", wants({ requests: { pods: "-9" } }), "FieldRefused"],
  ["an amount of many digits", wants({ requests: { cpu: "9".repeat(100_000) } }), "FieldRefused"],
  ["no amount", wants({ requests: { cpu: "∞" } }), "FieldRefused"],
  ["containers that are none", { containers: "all" }, "FieldRefused"],
])("a tenant that asks for %s gets no pod, and it stands in the audit", async (what, pod, reason) => {
  const name = `a-${what.replaceAll(/[^a-z]+/g, "-")}`;
  const before = (await world.kube.get(tenantQuotas, "offer", TENANT)).status?.used;
  expect(await send(name, pod)).toBe(201);
  expect((await refusalOf(name)).reason).toBe(reason);
  expect(await world.kube.find(pods, name, twin)).toBeUndefined();
  expect((await world.kube.get(tenantQuotas, "offer", TENANT)).status?.used).toEqual(before);
  expect(await recordsOf(name)).toMatchObject([{ peer: EAST, outcome: "DENIED", reason }]);
  await ask("DELETE", `${OFFLOADING}/namespaces/${twin}/shadowpods/${name}`);
});

it.each<[string, object, object, (p: Pod) => unknown, unknown]>([
  [
    "another origin by a label",
    { podLabels: { "tideway.dev/origin": NORTH, "tideway.dev/peer": "north" } },
    {},
    (p) => [p.metadata.labels?.["tideway.dev/origin"], p.metadata.labels?.["tideway.dev/peer"]],
    [EAST, "east"],
  ],
  [
    "another origin by a label of the ShadowPod",
    {},
    { labels: { "tideway.dev/origin": NORTH } },
    (p) => p.metadata.labels?.["tideway.dev/origin"],
    EAST,
  ],
  [
    "another pod's UID by an annotation",
    { podAnnotations: { "tideway.dev/origin-uid": "somebody" } },
    {},
    (p) => String(p.metadata.annotations?.["tideway.dev/origin-uid"]).startsWith("uid-"),
    true,
  ],
  [
    "a profile by an annotation of the platform",
    { podAnnotations: { "container.apparmor.security.beta.kubernetes.io/c": "unconfined" } },
    {},
    (p) => Object.keys(p.metadata.annotations ?? {}).filter((k) => k.includes("apparmor")),
    [],
  ],
  [
    "an owner of its choice",
    {},
    { ownerReferences: [{ apiVersion: "v1", kind: "Namespace", name: "default", uid: "x" }] },
    (p) => p.metadata.ownerReferences?.map((o) => o.kind),
    ["ShadowPod"],
  ],
])("a tenant that says %s is not believed", async (what, spec, metadata, of, want) => {
  const name = `b-${what.replaceAll(/[^a-z]+/g, "-")}`;
  expect(await send(name, {}, spec, metadata)).toBe(201);
  expect(of(await world.podThere(twin, name))).toEqual(want);
  await ask("DELETE", `${OFFLOADING}/namespaces/${twin}/shadowpods/${name}`);
});

it("a tenant that says its pod has ended, when it makes it, is charged all the same", async () => {
  const made = { ...shadow("c-ended"), status: { phase: "Succeeded" } } as unknown as ShadowPod;
  expect(await ask("POST", `${OFFLOADING}/namespaces/${twin}/shadowpods`, made)).toBe(201);
  await world.podThere(twin, "c-ended");
  const { uid } = (await world.kube.get(shadowPods, "c-ended", twin)).metadata;
  const holders = (await world.kube.get(tenantQuotas, "offer", TENANT)).status?.holders ?? [];
  expect(holders.some((h) => h.uids.split("\n").includes(uid ?? "?"))).toBe(true);
});

it("a tenant that names a node pool which it was not offered gets no pod, and it stands in the audit", async () => {
  const rest = { resources: { cpu: "64", memory: "64Gi", pods: "1000" } };
  world.facts.setPools({ "": rest });
  expect(await send("p-gpu", { nodeSelector: { hardware: "gpu" } }, { pool: "gpu" })).toBe(201);
  const refusal = await refusalOf("p-gpu");
  expect(refusal).toMatchObject({ reason: "PoolNotOffered" });
  expect(refusal.message).toContain("node pool gpu is not offered to this tenant");
  expect(await world.kube.find(pods, "p-gpu", twin)).toBeUndefined();
  expect(await recordsOf("p-gpu")).toMatchObject([
    { peer: EAST, outcome: "DENIED", reason: "PoolNotOffered" },
  ]);
  // nor does it get one by saying another pool later
  const path = `${OFFLOADING}/namespaces/${twin}/shadowpods/p-gpu`;
  expect(await ask("PATCH", path, { spec: { pool: null } })).toBe(422);
  expect(await ask("PATCH", path, { spec: { pool: "other" } })).toBe(422);
  // it runs when it is offered, on the nodes of the pool and on the pool's account
  const gpu = { all: [{ key: "hardware", operator: "In", values: ["gpu"] }] };
  world.facts.setPools({ "": rest, gpu: { resources: { cpu: "1", pods: "1" }, nodes: [gpu] } });
  const pod = await world.podThere(twin, "p-gpu");
  const { nodeSelectorTerms } =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? {};
  expect(nodeSelectorTerms?.map((t) => t.matchExpressions?.at(-1))).toEqual(gpu.all);
  await until(
    async () => (await world.kube.find(tenantQuotas, "offer-gpu", TENANT))?.status?.used?.["pods"] === "1",
    { what: "charged to the pool" },
  );
});

it("what the API server refused stands in its audit, under the tenant's name", async () => {
  const lines = (): string[] => readFileSync(world.server.auditLog, "utf8").trimEnd().split("\n");
  type Entry = { auditID: string; user: { username: string }; responseStatus?: { code: number } };
  const byID = await until(
    () => {
      const all = new Map(lines().map((l) => [(JSON.parse(l) as Entry).auditID, JSON.parse(l) as Entry]));
      return Promise.resolve(refused.every((id) => all.has(id)) && all);
    },
    { what: "the records" },
  );
  expect(refused.length).toBeGreaterThanOrEqual(forbidden.length + 5);
  for (const id of refused) {
    expect(byID.get(id)?.user.username).toBe(`tideway:${EAST}`);
    expect(byID.get(id)?.responseStatus?.code).toBeGreaterThanOrEqual(400);
  }
});
