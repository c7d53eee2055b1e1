import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foreignClusters, identities, resourceRequests } from "@tideway/api";
import {
  certificateSigningRequests,
  createKube,
  type Kube,
  namespaces,
  nodes,
  roleBindings,
  secrets,
  serviceAccounts,
} from "@tideway/k8s";
import { checkout, peer, rolledOut, tideway, unpeer } from "@tideway/platform";
import { until } from "@tideway/sandbox";
import { apply, east, ensureUnpeered, isTrue, phaseIs, shell, type Side, STAY, west } from "./world.ts";

/** West uses east, whose API server signs no client certificates: deploy/components/token-identity. */

const NS = "tokened";
const TWIN = `tideway-west--${NS}`;
const TENANT = "tideway-tenant-west";
const HOME = "tideway-peer-east";
const COMPONENT = `${checkout}/deploy/components/token-identity`;

/** From now on nobody can even ask east's signer. */
const silence = [
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: "no-signer" },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ["certificates.k8s.io"],
            apiVersions: ["v1"],
            operations: ["CREATE"],
            resources: ["certificatesigningrequests"],
          },
        ],
      },
      validations: [{ expression: "object.spec.signerName != 'kubernetes.io/kube-apiserver-client'" }],
    },
  },
  {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name: "no-signer" },
    spec: { policyName: "no-signer", validationActions: ["Deny"] },
  },
];
const authPods = async (s: Side): Promise<string[]> => {
  const auth = ["-l", "app.kubernetes.io/name=auth", "-o", "name"];
  const names = await s.cluster.kubectl("-n", "tideway-system", "get", "pods", ...auth);
  return names.split("\n").filter(Boolean);
};
/** Resolves when the replica of before has ended too: until then it is a member, by its Lease. */
const identitiesOfEast = async (way: "=Token" | "-"): Promise<void> => {
  await east.cluster.kubectl("-n", "tideway-system", "set", "env", "deploy/auth", `AUTH_IDENTITIES${way}`);
  await rolledOut(east.cluster, "auth");
  await until(async () => (await authPods(east)).length === 1, { what: "one pod of auth" });
};

/** What west holds. */
const tokenNow = async (): Promise<string> => {
  const { data } = await west.kube.get(secrets, "tideway-identity", HOME);
  return Buffer.from(data?.["token"] ?? "", "base64").toString();
};
const claimsOf = (token: string): { sub: string; iat: number; exp: number } =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as never;
const asWest = async (): Promise<Kube> => {
  const token = await tokenNow();
  const { server, ca } = east.kube.credentials;
  return createKube({ server, ...(ca ? { ca } : {}), token: () => token }, { userAgent: "tideway-e2e-west" });
};
const may = (k: Kube): Promise<boolean> =>
  k.list(resourceRequests, { namespace: TENANT }).then(
    () => true,
    () => false,
  );
const nodeReady = async (): Promise<boolean> =>
  isTrue((await west.kube.find(nodes, "east"))?.status?.conditions, "Ready");
let idOfWest: string;
let began: number;

beforeAll(async () => {
  await ensureUnpeered();
  began = Date.now();
  idOfWest = (await west.kube.get(namespaces, "kube-system")).metadata.uid ?? "";
  for (const file of ["rbac.yaml", "admission-policy.yaml"])
    await east.cluster.kubectl("apply", "-f", `${COMPONENT}/${file}`);
  for (const manifest of silence) await apply(east.cluster, manifest);
  await identitiesOfEast("=Token");
  await peer(west.cluster, east.cluster);
  await until(nodeReady, { what: "virtual node east Ready on west" });
  await west.cluster.kubectl("create", "namespace", NS);
  const offload = ["offload", "namespace", NS, "--pod-offloading-strategy", "Remote"];
  await tideway(west.cluster, ...offload, "--wait", "--timeout", "60s");
});
afterAll(async () => {
  await tideway(east.cluster, "revoke", "west", "--undo").catch(() => undefined);
  await west.cluster.kubectl("delete", "namespace", NS, "--ignore-not-found", "--timeout=60s");
  await unpeer(west.cluster, east.cluster);
  await east.cluster.kubectl(
    "delete",
    "validatingadmissionpolicy,validatingadmissionpolicybinding",
    "no-signer",
    "tideway-auth-tokens",
  );
  await identitiesOfEast("-");
  await east.cluster.kubectl("delete", "-f", `${COMPONENT}/rbac.yaml`);
}, 180_000);

describe("a peer of a cluster that signs no certificates", () => {
  it("is an account of its tenant's namespace for an hour, and the signer was not asked", async () => {
    const { sub, iat, exp } = claimsOf(await tokenNow());
    expect(sub).toBe(`system:serviceaccount:${TENANT}:tideway-${idOfWest}`);
    expect(exp - iat).toBe(3600);
    const asked = (await east.kube.list(certificateSigningRequests)).map((c) => c.metadata.creationTimestamp);
    expect(asked.filter((at) => Date.parse(at ?? "") > began)).toEqual([]);
  });

  it("runs pods there, with logs and exec", async () => {
    await apply(west.cluster, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "crossing", namespace: NS },
      spec: { containers: [shell(`echo here; ${STAY}`)] },
    });
    await phaseIs(west, NS, "crossing", "Running");
    await phaseIs(east, TWIN, "crossing", "Running");
    expect(await west.cluster.kubectl("-n", NS, "logs", "crossing")).toContain("here");
    expect(await west.cluster.kubectl("-n", NS, "exec", "crossing", "--", "echo", "hello")).toContain(
      "hello",
    );
  });

  it("renews when half of the hour is over, also where its service was away then, and nothing is interrupted", async () => {
    const before = await tokenNow();
    const { uid } = (await phaseIs(east, TWIN, "crossing", "Running")).metadata;
    const [identity] = await west.kube.list(identities, { namespace: HOME });
    const { name } = identity!.metadata;
    await west.cluster.kubectl("-n", "tideway-system", "scale", "deploy/auth", "--replicas=0");
    await until(async () => (await authPods(west)).length === 0, { what: "auth to be away" });
    const renewAt = new Date(Date.now() - 1_000).toISOString().replace(/\.\d+Z/, "Z");
    await west.kube.patch(identities, name, HOME, { status: { renewAt } }, { subresource: "status" });
    await west.cluster.kubectl("-n", "tideway-system", "scale", "deploy/auth", "--replicas=1");
    await until(async () => (await tokenNow()) !== before, { what: "another token" });
    expect(claimsOf(await tokenNow()).sub).toBe(claimsOf(before).sub);
    expect(await may(await asWest())).toBe(true);
    expect(await nodeReady()).toBe(true);
    expect((await phaseIs(east, TWIN, "crossing", "Running")).metadata.uid).toBe(uid);
    expect(await tideway(east.cluster, "audit", "west", "-o", "json")).toContain("RENEWED");
  });

  it("is cut off within a second when it is revoked: the account is gone, and the node knows", async () => {
    const kube = await asWest();
    expect(await may(kube)).toBe(true);
    await tideway(east.cluster, "revoke", "west", "--pods", "keep", "--reason", "tried");
    const from = Date.now();
    await until(async () => !(await may(kube)), { what: "no to the API", everyMs: 10, timeoutMs: 5_000 });
    const took = Date.now() - from;
    console.info(`revoked: API after ${took} ms`);
    expect(took).toBeLessThan(1_000);
    await kube.close();
    expect(await east.kube.find(serviceAccounts, `tideway-${idOfWest}`, TENANT)).toBeUndefined();
    const bound = (await east.kube.list(roleBindings, { namespace: TENANT })).flatMap(
      (b) => b.subjects ?? [],
    );
    expect(bound.filter((s) => s.name === `tideway-${idOfWest}`)).toEqual([]);
    await until(async () => !(await nodeReady()), { what: "the node to know" });
    expect((await west.kube.get(foreignClusters, "east")).spec.outgoingPeering).toBe("Yes");
    expect((await phaseIs(east, TWIN, "crossing", "Running")).metadata.deletionTimestamp).toBeUndefined();
  });

  it("comes back with another token when that is taken back", async () => {
    await tideway(east.cluster, "revoke", "west", "--undo");
    await until(nodeReady, { what: "the node Ready again", timeoutMs: 90_000 });
    expect(await may(await asWest())).toBe(true);
  });
});
