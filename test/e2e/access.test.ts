import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { until } from "@tideway/sandbox";
import { isForbidden, isInvalid } from "@tideway/errors";
import { resourceOffers, resourceRequests, shadowPods, tenants } from "@tideway/api";
import {
  certificateSigningRequests,
  configMaps,
  createKube,
  type Kube,
  namespaces,
  nodes,
  pods,
  roleBindings,
  roles,
  secrets,
} from "@tideway/k8s";
import { resource } from "@tideway/k8s";
import {
  apply,
  dropNamespace,
  east,
  identityOf,
  offloadedNamespace,
  phaseIs,
  shell,
  STAY,
  west,
} from "./world.ts";

const NS = "access";
const TENANT = "tideway-tenant-east";
let twin: string;
let asEast: Kube;

beforeAll(async () => {
  twin = await offloadedNamespace(NS);
  asEast = createKube(await identityOf(east, "west"), { userAgent: "tideway-e2e-east" });
  await west.cluster.kubectl("create", "namespace", "tideway-tenant-other").catch(() => undefined);
  await apply(east.cluster, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "mine", namespace: NS },
    spec: { containers: [shell(STAY)] },
  });
  await phaseIs(east, NS, "mine", "Running");
});
afterAll(async () => {
  await asEast.close();
  await west.cluster.kubectl(
    "delete",
    "namespace",
    "tideway-tenant-other",
    "--ignore-not-found",
    "--wait=false",
  );
  await dropNamespace(NS);
});

const quotas = resource("", "v1", "resourcequotas", "ResourceQuota");
const clusterRoleBindings = resource(
  "rbac.authorization.k8s.io",
  "v1",
  "clusterrolebindings",
  "ClusterRoleBinding",
  false,
);
const networkPolicies = resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy");

const shadow = (name: string, pod: object, namespace = twin): never =>
  ({
    metadata: { name, namespace },
    spec: {
      originUID: "00000000-0000-0000-0000-000000000000",
      originNamespace: NS,
      pod,
      podLabels: {},
      podAnnotations: {},
    },
  }) as never;
const container = { name: "main", image: "tideway.local/workload:1" };
const make = (pod: object) => (): Promise<unknown> => asEast.create(shadowPods, shadow("attack", pod));

const forbidden: [string, () => Promise<unknown>][] = [
  [
    "list another tenant's requests",
    () => asEast.list(resourceRequests, { namespace: "tideway-tenant-other" }),
  ],
  ["list requests of all tenants", () => asEast.list(resourceRequests)],
  ["read Secrets of its tenant namespace", () => asEast.list(secrets, { namespace: TENANT })],
  ["read Secrets of the system namespace", () => asEast.list(secrets, { namespace: "tideway-system" })],
  ["read Secrets of kube-system", () => asEast.list(secrets, { namespace: "kube-system" })],
  ["read the tenants", () => asEast.list(tenants)],
  ["read the provider's nodes", () => asEast.list(nodes)],
  ["read the provider's namespaces", () => asEast.list(namespaces)],
  ["read pods everywhere", () => asEast.list(pods)],
  [
    "write a request's status",
    () =>
      asEast.patch(
        resourceRequests,
        "request",
        TENANT,
        { status: { decision: "Accepted" } },
        { subresource: "status" },
      ),
  ],
  [
    "write an offer",
    () => asEast.patch(resourceOffers, "offer", TENANT, { spec: { resources: { cpu: "1000" } } }),
  ],
  [
    "create an offer",
    () =>
      asEast.create(resourceOffers, {
        metadata: { name: "mine", namespace: TENANT },
        spec: { clusterID: "x", resources: { cpu: "1000" } },
      }),
  ],
  ["delete an offer", () => asEast.delete(resourceOffers, "offer", TENANT)],
  [
    "write an offer's status",
    () => asEast.patch(resourceOffers, "offer", TENANT, { status: {} }, { subresource: "status" }),
  ],
  ["create a quota", () => asEast.create(quotas, { metadata: { name: "q", namespace: twin } })],
  [
    "write a ShadowPod's status",
    () => asEast.patch(shadowPods, "mine", twin, { status: { phase: "Failed" } }, { subresource: "status" }),
  ],
  [
    "create a Pod itself",
    () =>
      asEast.create(pods, { metadata: { name: "p", namespace: twin }, spec: { containers: [container] } }),
  ],
  ["delete a Pod itself", () => asEast.delete(pods, "mine", twin)],
  [
    "write a Pod's status",
    () => asEast.patch(pods, "mine", twin, { status: { phase: "Failed" } }, { subresource: "status" }),
  ],
  ["create a namespace", () => asEast.create(namespaces, { metadata: { name: "tideway-east--own" } })],
  [
    "create a namespace outside its prefix",
    () => asEast.create(namespaces, { metadata: { name: "anything" } }),
  ],
  [
    "relabel its twin namespace",
    () =>
      asEast.patch(namespaces, twin, undefined, {
        metadata: { labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
      }),
  ],
  ["create a role", () => asEast.create(roles, { metadata: { name: "r", namespace: TENANT }, rules: [] })],
  [
    "bind itself a role",
    () =>
      asEast.create(roleBindings, {
        metadata: { name: "b", namespace: TENANT },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [],
      }),
  ],
  [
    "bind itself cluster-admin",
    () =>
      asEast.create(clusterRoleBindings, {
        metadata: { name: "b" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [],
      } as never),
  ],
  [
    "create a certificate request",
    () =>
      asEast.create(certificateSigningRequests, {
        metadata: { name: "x" },
        spec: { request: "eA==", signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] },
      }),
  ],
  ["open its network policy", () => asEast.delete(networkPolicies, "tideway-default-deny", twin)],
  [
    "write ConfigMaps of the system namespace",
    () => asEast.patch(configMaps, "tideway-cluster", "tideway-system", { data: { clusterName: "mine" } }),
  ],
  [
    "make a ShadowPod in another namespace",
    () => asEast.create(shadowPods, shadow("attack", { containers: [container] }, "default")),
  ],
  [
    "make a token of the provider",
    () =>
      asEast.createSub(resource("", "v1", "serviceaccounts", "ServiceAccount"), "default", twin, "token", {}),
  ],
  ["a privileged ShadowPod", make({ containers: [{ ...container, securityContext: { privileged: true } }] })],
  [
    "a ShadowPod with hostPath",
    make({ containers: [container], volumes: [{ name: "v", hostPath: { path: "/" } }] }),
  ],
  ["a ShadowPod with hostNetwork", make({ hostNetwork: true, containers: [container] })],
  ["a ShadowPod with hostPID", make({ hostPID: true, containers: [container] })],
  ["a ShadowPod with hostIPC", make({ hostIPC: true, containers: [container] })],
  [
    "a ShadowPod with a hostPort",
    make({ containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 80 }] }] }),
  ],
  [
    "a ShadowPod with added capabilities",
    make({ containers: [{ ...container, securityContext: { capabilities: { add: ["SYS_ADMIN"] } } }] }),
  ],
  ["a ShadowPod on a chosen node", make({ nodeName: "west-1", containers: [container] })],
  [
    "a ShadowPod with a service account of the provider",
    make({ serviceAccountName: "admin", containers: [container] }),
  ],
];

describe("east's identity on west", () => {
  it.each(forbidden)("may not: %s", async (_what, attempt) => {
    const err = await attempt().then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(err, "the call went through").toBeDefined();
    expect(isForbidden(err) || isInvalid(err), String(err)).toBe(true);
    expect((err as Error).message.length).toBeGreaterThan(40);
  });

  it("leaves each denial in the audit log", async () => {
    await until(
      () => {
        const denied = readFileSync(west.cluster.auditLog, "utf8")
          .split("\n")
          .filter((l) => l.includes('"username":"tideway:') && l.includes('"code":403'));
        return Promise.resolve(denied.length >= forbidden.length - 12);
      },
      { what: "the denials in the audit log" },
    );
  });
});
