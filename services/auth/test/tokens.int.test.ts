/** An API server that signs no client certificates, and clusters that become its tenants all the same. */
import { foreignClusters, identities, resourceRequests, tenants } from "@tideway/api";
import { type AuthClients, createAuthClients } from "@tideway/authclient";
import { isForbidden, isInvalid } from "@tideway/errors";
import {
  type Credentials,
  createKube,
  type Kube,
  roleBindings,
  secrets,
  serviceAccounts,
} from "@tideway/k8s";
import { createCsr, generateKeyPair, parseCertificate } from "@tideway/pki";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consumersOf } from "./consumer.ts";
import { eventually, type Replica, type Side, startSide, tokenSecret } from "./harness.ts";

let west: Side;
let north: Side;
let auth: Replica;
let clients: AuthClients;
const Consumer = (): ReturnType<typeof consumersOf> => consumersOf(clients, () => auth);

beforeAll(async () => {
  clients = createAuthClients();
  [west, north] = await Promise.all([startSide("west", { signer: false }), startSide("north")]);
  await west.api.kubectl(
    "apply",
    "-f",
    join(import.meta.dirname, "../../../deploy/base/negotiator/admission-policy.yaml"),
  );
  auth = await west.startAuth();
}, 120_000);
afterAll(async () => {
  clients?.close();
  await Promise.all([west?.stop(), north?.stop()]);
});

const ID = "aaaa0001-0000-4000-8000-000000000001";
const NS = "tideway-tenant-east";
const withToken = (token: string): Kube => {
  const admin = west.kube.credentials;
  const credentials: Credentials = {
    server: west.api.url,
    ...(admin.ca ? { ca: admin.ca } : {}),
    token: () => token,
  };
  return createKube(credentials, { userAgent: "consumer" });
};
const OUTCOMES: Record<number, string> = { 200: "allowed", 401: "unauthorised", 403: "forbidden" };
const get = async (kube: Kube, path: string): Promise<string> => {
  const answer = await kube.request({ method: "GET", path });
  await answer.body.text();
  return OUTCOMES[answer.status] ?? String(answer.status);
};
const requestsIn = (ns: string): string =>
  `/apis/sharing.tideway.dev/v1alpha1/namespaces/${ns}/resourcerequests`;

/** The API server learns of a binding a moment after it is made. */
const isAllowed = (kube: Kube, namespace: string): Promise<unknown> =>
  eventually("access", async () => (await get(kube, requestsIn(namespace))) === "allowed");

describe("a cluster whose API server signs no client certificates", () => {
  test("gives a token of an account of its tenant, which may negotiate there and nothing else", async () => {
    const east = new (Consumer())(ID, "east");
    const { token } = await west.invite();
    const answer = await east.authenticate(token);
    expect(answer.token).not.toBe("");
    const life = Date.parse(answer.notAfter) - Date.now();
    expect(life).toBeGreaterThan(3_500_000);
    expect(life).toBeLessThan(3_700_000);
    const kube = withToken(answer.token);
    await eventually("the right to ask", () =>
      kube.create(resourceRequests, {
        metadata: { name: "request", namespace: NS, labels: { "tideway.dev/origin": ID } },
        spec: { clusterID: ID },
      }),
    );
    const status = { status: { decision: "Accepted" } };
    await expect(
      kube.patch(resourceRequests, "request", NS, status, { subresource: "status" }),
    ).rejects.toSatisfy(isForbidden);
    expect(await get(kube, requestsIn("default"))).toBe("forbidden");
    expect(await get(kube, `/api/v1/namespaces/${NS}/secrets`)).toBe("forbidden");
    // the API server's own policies know it by its account as they know others by their certificate
    const asOther = (labels: Record<string, string>) =>
      kube.patch(resourceRequests, "request", NS, { metadata: { labels } });
    await eventually("another's label refused", () =>
      asOther({ "tideway.dev/origin": "somebody-else" }).then(() => false, isInvalid),
    );
    await asOther({ "tideway.dev/origin": ID, mine: "yes" });
    // the certificate is for auth alone
    const byCertificate = east.kube(answer);
    expect(await get(byCertificate, requestsIn(NS))).toBe("unauthorised");
    await Promise.all([kube, byCertificate].map((k) => k.close()));
  });

  test("renews token and certificate together, for the same account", async () => {
    const east = new (Consumer())(ID.replace(/1$/, "2"), "renewing");
    const { token } = await west.invite();
    const first = await east.authenticate(token);
    const { uid } = (await west.kube.get(serviceAccounts, `tideway-${east.id}`, "tideway-tenant-renewing"))
      .metadata;
    const keys = generateKeyPair();
    const next = await (await east.connect()).renew(east.signed("renew", first, createCsr(east.id, keys)));
    expect(next.token).not.toBe("");
    expect(next.token).not.toBe(first.token);
    expect(parseCertificate(next.certificate, "c").serialNumber).not.toBe(
      parseCertificate(first.certificate, "c").serialNumber,
    );
    const kube = withToken(next.token);
    await isAllowed(kube, "tideway-tenant-renewing");
    expect(
      (await west.kube.get(serviceAccounts, `tideway-${east.id}`, "tideway-tenant-renewing")).metadata.uid,
    ).toBe(uid);
    await kube.close();
  });

  test("cuts a revoked peer off within a second, ends all its tokens, and takes it back when it is restored", async () => {
    const cutOff = async (n: number, name: string) => {
      const east = new (Consumer())(ID.replace(/1$/, String(n)), name);
      const answer = await east.authenticate((await west.invite()).token);
      const home = `tideway-tenant-${name}`;
      const kube = withToken(answer.token);
      const look = () => get(kube, requestsIn(home));
      await isAllowed(kube, home);
      const { uid } = (await west.kube.get(tenants, name)).metadata;
      const at = performance.now();
      await west.kube.patch(tenants, name, undefined, {
        metadata: { uid },
        spec: { revoked: { reason: "enough", pods: "Keep" } },
      });
      await eventually("cut off", async () => (await look()) !== "allowed");
      return { east, answer, home, kube, look, tookMs: performance.now() - at };
    };
    const others = [await cutOff(5, "revoked-5"), await cutOff(6, "revoked-6")];
    const { east, answer, home, kube, look, tookMs } = await cutOff(3, "revoked");
    const all = [...others.map((o) => o.tookMs), tookMs];
    console.info(`revoked after, ms: ${all.map(Math.round).join(", ")}`);
    expect(Math.min(...all)).toBeLessThan(1_000); // the machine may be busy once
    await eventually(
      "no account",
      async () => (await west.kube.find(serviceAccounts, `tideway-${east.id}`, home)) === undefined,
    );
    await eventually("the token void", async () => (await look()) === "unauthorised");
    await west.kube.patch(tenants, "revoked", undefined, { spec: { revoked: null } });
    await eventually("bound again", () => west.kube.find(roleBindings, "tideway-peer", home));
    expect(await look()).toBe("unauthorised"); // what was void stays void
    const renew = async (): Promise<string | undefined> =>
      (await east.connect()).renew(east.signed("renew", answer, createCsr(east.id, generateKeyPair()))).then(
        (a) => a.token,
        () => undefined,
      );
    const back = withToken(await eventually("a new token", renew));
    await isAllowed(back, home);
    await Promise.all([kube, back, ...others.map((o) => o.kube)].map((k) => k.close()));
  });

  test("leaves nothing of a tenant that goes", async () => {
    const east = new (Consumer())(ID.replace(/1$/, "4"), "leaving");
    const { token } = await west.invite();
    const answer = await east.authenticate(token);
    expect(await (await east.connect()).release(east.signed("release", answer))).toEqual({ released: true });
    await eventually("gone", async () => (await west.kube.find(tenants, "leaving")) === undefined);
    expect(
      await west.kube.find(serviceAccounts, `tideway-${east.id}`, "tideway-tenant-leaving"),
    ).toBeUndefined();
  });
});

describe("a consumer of such a cluster", () => {
  test("keeps the token beside its certificate, for who acts at the peer", async () => {
    await north.startAuth();
    const { token } = await west.invite();
    await tokenSecret(north, "west-token", token);
    await north.knows({
      clusterId: west.clusterID,
      name: "west",
      outgoing: true,
      authEndpoint: auth.endpoint,
      pins: [auth.pin],
      tokenSecret: "west-token",
    });
    const secret = await eventually("the identity", () =>
      north.kube.find(secrets, "tideway-identity", "tideway-peer-west"),
    );
    const text = (key: string) => Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");
    expect(parseCertificate(text("tls.crt"), "tls.crt").subject).toContain(`tideway:${north.clusterID}`);
    const kube = withToken(text("token"));
    await isAllowed(kube, text("namespace"));
    await kube.close();
    await eventually("granted", async () => {
      const i = await north.kube.find(identities, "outgoing", "tideway-peer-west");
      return i?.status?.conditions?.[0]?.reason === "Granted";
    });
    expect(await north.kube.find(foreignClusters, "west")).toBeDefined();
  });
});
