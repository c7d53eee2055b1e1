import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import * as x509 from "@peculiar/x509";
import {
  BY_AUTH,
  BY_DISCOVERY,
  foreignClusters,
  invitations,
  MADE_BY,
  networkConfigs,
  ORIGIN,
  PROTOCOL_VERSION,
  resourceOffers,
  resourceRequests,
  tenants,
} from "@tideway/api";
import { createAuthClients } from "@tideway/authclient";
import { isForbidden } from "@tideway/errors";
import { certificateSigningRequests, namespaces, roleBindings } from "@tideway/k8s";
import { createCsr, generateKeyPair, isClusterID, parseCertificate } from "@tideway/pki";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consumersOf, denied } from "./consumer.ts";
import { eventually, type Replica, type Side, startSide, SYSTEM } from "./harness.ts";

x509.cryptoProvider.set(webcrypto as never);

let west: Side;
let auth: Replica;
const clients = createAuthClients();

beforeAll(async () => {
  west = await startSide("west");
  auth = await west.startAuth();
});
afterAll(async () => {
  clients.close();
  await west?.stop();
});

const Consumer = consumersOf(clients, () => auth);
type Consumer = InstanceType<typeof Consumer>;

const counted = async (reason: string): Promise<number> => {
  const metric = await auth.metrics.registry.getSingleMetric("tideway_auth_denials_total")?.get();
  return metric?.values.find((v) => v.labels.reason === reason)?.value ?? 0;
};
/** Everything a peering may leave behind. */
const leftOf = async (consumer: Consumer): Promise<string[]> => {
  const [ts, ns, fcs, csrs] = await Promise.all([
    west.kube.list(tenants),
    west.kube.list(namespaces),
    west.kube.list(foreignClusters),
    west.kube.list(certificateSigningRequests),
  ]);
  return [...ts, ...ns, ...fcs, ...csrs]
    .filter((o) => JSON.stringify(o).includes(consumer.id))
    .map((o) => o.metadata.name);
};

describe("an invitation", () => {
  test("is filled in with what the invited cluster needs", async () => {
    const { name } = await west.invite();
    const { status } = await eventually("the invitation to be ready", async () => {
      const i = await west.kube.get(invitations, name, SYSTEM);
      return i.status?.conditions?.find((c) => c.type === "Ready")?.status === "True" && i;
    });
    expect(status).toMatchObject({ clusterID: west.clusterID, clusterName: "west", pin: auth.pin });
  });

  test("makes a tenant: namespace, role, ForeignCluster and a certificate that may negotiate and nothing else", async () => {
    const east = new Consumer("aaaa0001-0000-4000-8000-000000000001", "east");
    const { token, name } = await west.invite();
    const startedAt = performance.now();
    const answer = await east.authenticate(token);
    const took = performance.now() - startedAt;
    console.info(`authenticate took ${Math.round(took)} ms`);
    expect(answer).toMatchObject({
      clusterId: west.clusterID,
      clusterName: "west",
      tenantNamespace: "tideway-tenant-east",
      apiServer: west.api.url,
    });
    expect(isClusterID(answer.clusterId)).toBe(true);
    expect(parseCertificate(answer.certificate, "c").subject).toBe(`O=tideway:peers\nCN=tideway:${east.id}`);
    const life = Date.parse(answer.notAfter) - Date.now();
    expect(life).toBeGreaterThan(3500_000);
    expect(life).toBeLessThan(3700_000);

    const asEast = east.kube(answer);
    const ns = answer.tenantNamespace;
    await eventually("the right to ask", () =>
      asEast.create(resourceRequests, {
        metadata: { name: "request", namespace: ns },
        spec: { clusterID: east.id },
      }),
    );
    const forbidden = async (call: Promise<unknown>): Promise<boolean> => call.then(() => false, isForbidden);
    expect(
      await forbidden(
        asEast.patch(
          resourceRequests,
          "request",
          ns,
          { status: { decision: "Accepted" } },
          { subresource: "status" },
        ),
      ),
    ).toBe(true);
    expect(
      await forbidden(
        asEast.create(resourceOffers, {
          metadata: { name: "offer", namespace: ns },
          spec: { clusterID: east.id, resources: {}, labels: {}, storageClasses: [] },
        }),
      ),
    ).toBe(true);
    expect(await forbidden(asEast.list(resourceRequests))).toBe(true);
    expect(await forbidden(asEast.list(tenants))).toBe(true);
    await asEast.close();

    const fc = await west.kube.get(foreignClusters, "east");
    expect(fc.spec).toMatchObject({ clusterID: east.id, outgoingPeering: "No", authEndpoint: "127.0.0.1:9" });
    expect((await west.kube.get(invitations, name, SYSTEM)).status).toMatchObject({ usedBy: east.id });
    await eventually(
      "the request to be deleted",
      async () => (await west.kube.list(certificateSigningRequests)).length === 0,
    );
    await eventually(
      "the expiry to be noted",
      async () => (await west.kube.get(tenants, "east")).status?.identityNotAfter === answer.notAfter,
    );
  });

  test("is good once: used, expired and guessed tokens are denied and counted", async () => {
    const { token } = await west.invite();
    await new Consumer("aaaa0002-0000-4000-8000-000000000001", "first").authenticate(token);
    const late = new Consumer("aaaa0002-0000-4000-8000-000000000002", "late");
    const before = await counted("TokenUsed");
    expect(await denied(late.authenticate(token))).toBe("TokenUsed");
    expect(await counted("TokenUsed")).toBe(before + 1);
    const old = await west.invite({ expiresAt: new Date(Date.now() - 1000).toISOString() });
    expect(await denied(late.authenticate(old.token))).toBe("TokenExpired");
    expect(await denied(late.authenticate("A".repeat(43)))).toBe("UnknownToken");
    expect(await denied(late.authenticate("guess"))).toBe("UnknownToken");
    expect(await leftOf(late)).toEqual([]);
  });

  test("used by two calls on two replicas at once is won by exactly one", async () => {
    const second = await west.startAuth({ podName: "auth-west-2" });
    try {
      for (let round = 0; round < 3; round++) {
        const { token } = await west.invite();
        const calls = [auth, second, auth, second].map((to, i) =>
          denied(
            new Consumer(
              `aaaa0003-0000-4000-8000-00000000${round}00${i}`,
              `racer-${round}-${i}`,
            ).authenticate(token, undefined, to),
          ),
        );
        expect((await Promise.all(calls)).sort()).toEqual(["TokenUsed", "TokenUsed", "TokenUsed", "granted"]);
      }
    } finally {
      await second.stop();
    }
  });

  test("that is standing serves any number of clusters", async () => {
    const { token } = await west.invite({ standing: true });
    const all = ["4", "5"].map((n) =>
      denied(new Consumer(`aaaa0004-0000-4000-8000-00000000000${n}`, `standing-${n}`).authenticate(token)),
    );
    expect(await Promise.all(all)).toEqual(["granted", "granted"]);
  });
});

describe("a certificate request is denied", () => {
  const id = "aaaa0005-0000-4000-8000-000000000001";
  const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const odd = async (name: string, extensions: x509.Extension[] = []): Promise<Buffer> => {
    const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
    const csr = await x509.Pkcs10CertificateRequestGenerator.create({
      name,
      keys,
      signingAlgorithm: P256,
      extensions,
    });
    return Buffer.from(csr.rawData);
  };
  test.each([
    ["with another cluster's CN", `O=tideway:peers, CN=tideway:other`, []],
    ["with an administrator's CN", `O=tideway:peers, CN=kubernetes-admin`, []],
    ["with a second O", `O=tideway:peers, O=system:masters, CN=tideway:${id}`, []],
    [
      "with a SAN",
      `O=tideway:peers, CN=tideway:${id}`,
      [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "kubernetes" }])],
    ],
    ["with an extension", `O=tideway:peers, CN=tideway:${id}`, [new x509.BasicConstraintsExtension(true)]],
  ])("%s, and the invitation stays good", async (_, name, extensions) => {
    const consumer = new Consumer(id, "odd");
    const { token, name: invitation } = await west.invite();
    expect(await denied(consumer.authenticate(token, await odd(name, extensions)))).toBe("InvalidCsr");
    expect((await west.kube.get(invitations, invitation, SYSTEM)).status?.usedAt).toBeUndefined();
    expect(await leftOf(consumer)).toEqual([]);
  });
});

describe("a cluster ID", () => {
  const id = "aaaa0006-0000-4000-8000-000000000001";
  test("belongs to the key that came first, whoever else holds an invitation", async () => {
    await new Consumer(id, "honest").authenticate((await west.invite()).token);
    await eventually("the tenant", () => west.kube.find(tenants, "honest"));
    const { token } = await west.invite();
    expect(await denied(new Consumer(id, "honest").authenticate(token))).toBe("ClusterKeyMismatch");
  });
  test("that is this cluster's own is denied", async () => {
    expect(await denied(new Consumer(west.clusterID, "self").authenticate((await west.invite()).token))).toBe(
      "SelfPeering",
    );
  });
  test("gets a name of its own where its human name is taken", async () => {
    const twin = new Consumer("bbbb0006-0000-4000-8000-000000000002", "honest");
    expect((await twin.authenticate((await west.invite()).token)).tenantNamespace).toBe(
      "tideway-tenant-honest-bbbb00",
    );
  });
});

describe("a tenant", () => {
  test("renews with its current key; another key, server or replay does not", async () => {
    const east = new Consumer("aaaa0007-0000-4000-8000-000000000001", "renewer");
    const answer = await east.authenticate((await west.invite()).token);
    const client = await east.connect();
    const next = generateKeyPair();
    const call = east.signed("renew", answer, createCsr(east.id, next));
    const renewed = await client.renew(call);
    expect(parseCertificate(renewed.certificate, "c").publicKey.equals(next.publicKey)).toBe(true);
    expect(renewed.tenantUid).toBe(answer.tenantUid);
    expect(await denied(client.renew(call))).toBe("IdentityInvalid"); // replay
    const thief = new Consumer(east.id, "thief");
    expect(await denied(client.renew(thief.signed("renew", answer, createCsr(east.id, next))))).toBe(
      "IdentityInvalid",
    );
    expect(await denied(client.renew(east.signed("release", answer)))).toBe("IdentityInvalid"); // another purpose
    expect(await denied(client.renew(east.signed("renew", answer, createCsr("other", next))))).toBe(
      "InvalidCsr",
    );
    expect(
      await denied(
        client.renew(east.signed("renew", { ...answer, tenantUid: "another" }, createCsr(east.id, next))),
      ),
    ).toBe("TenantUnknown");
  });

  test("that is revoked can do nothing at once, may not renew, and is let in again by the same flag", async () => {
    const east = new Consumer("aaaa0008-0000-4000-8000-000000000001", "revoked");
    const answer = await east.authenticate((await west.invite()).token);
    const asEast = east.kube(answer);
    const may = (): Promise<boolean> =>
      asEast.list(resourceRequests, { namespace: answer.tenantNamespace }).then(
        () => true,
        () => false,
      );
    await eventually("access", may);
    const facts = await west.bus.facts("identity");
    await west.says({ clusterId: east.id, name: "revoked", incoming: false });
    await eventually(
      "the binding to be gone",
      async () => !(await west.kube.find(roleBindings, "tideway-peer", answer.tenantNamespace)),
    );
    await eventually("the fact", async () => facts.get(east.id, "incoming")?.data.state === "REVOKED");
    await eventually("no access", async () => !(await may()));
    expect(
      await denied(
        (await east.connect()).renew(east.signed("renew", answer, createCsr(east.id, generateKeyPair()))),
      ),
    ).toBe("IncomingRefused");
    await west.says({ clusterId: east.id, name: "revoked", incoming: true });
    await eventually("access again", may);
    await eventually("the fact", async () => facts.get(east.id, "incoming")?.data.state === "GRANTED");
    await asEast.close();
  });

  test("has its binding back when somebody deletes or changes it, also while auth was away", async () => {
    const east = new Consumer("aaaa0012-0000-4000-8000-000000000001", "bound");
    const { tenantNamespace: ns } = await east.authenticate((await west.invite()).token);
    const binding = () => west.kube.find(roleBindings, "tideway-peer", ns);
    const wanted = await eventually("the binding", binding);
    const again = (what: string, uid?: string) =>
      eventually(`the binding to be back after ${what}`, async () => {
        const b = await binding();
        const same =
          JSON.stringify([b?.roleRef, b?.subjects, b?.metadata.labels]) ===
          JSON.stringify([wanted.roleRef, wanted.subjects, wanted.metadata.labels]);
        return same && b?.metadata.uid !== uid;
      });
    await west.kube.delete(roleBindings, "tideway-peer", ns);
    await again("its deletion", wanted.metadata.uid);
    const change = (patch: object) => west.kube.patch(roleBindings, "tideway-peer", ns, patch);
    await change({ subjects: [{ ...wanted.subjects?.[0], name: "tideway:somebody-else" }] });
    await again("another subject");
    await change({ metadata: { labels: { [ORIGIN]: null } } });
    await again("a label was taken");
    await auth.stop();
    await west.kube.delete(roleBindings, "tideway-peer", ns);
    await west.kube.create(roleBindings, {
      metadata: { name: "tideway-peer", namespace: ns },
      roleRef: { ...wanted.roleRef, name: "view" },
      subjects: wanted.subjects ?? [],
    });
    auth = await west.startAuth();
    await again("another role");

    await west.says({ clusterId: east.id, name: "bound", incoming: false });
    await eventually("the binding to be gone", async () => !(await binding()));
    await west.kube.create(roleBindings, {
      metadata: { name: "tideway-peer", namespace: ns },
      roleRef: wanted.roleRef,
      subjects: wanted.subjects ?? [],
    });
    await eventually("what was put there in its place to be gone", async () => !(await binding()));
  });

  test("whose ForeignCluster the owner deletes is a tenant no more", async () => {
    const east = new Consumer("aaaa0011-0000-4000-8000-000000000001", "disowned");
    await east.authenticate((await west.invite()).token);
    await west.says({ clusterId: east.id, name: "disowned", incoming: true });
    // In the place of discovery: a finalizer keeps it while the peering is taken down.
    await west.kube.patch(foreignClusters, "disowned", undefined, {
      metadata: { finalizers: ["test.tideway.dev/hold"] },
    });
    await west.kube.delete(foreignClusters, "disowned");
    await west.says({ clusterId: east.id, name: "disowned", incoming: false });
    await eventually("the tenant to be gone", async () => !(await west.kube.find(tenants, "disowned")));
    await west.kube.patch(foreignClusters, "disowned", undefined, { metadata: { finalizers: null } });
    await eventually("nothing left", async () => (await leftOf(east)).length === 0);
  });

  test("that releases leaves nothing, and a replayed release does not touch a later peering", async () => {
    const east = new Consumer("aaaa0009-0000-4000-8000-000000000001", "leaver");
    const first = await east.authenticate((await west.invite()).token);
    const client = await east.connect();
    expect(await client.release(east.signed("release", first))).toMatchObject({ released: true });
    await eventually("nothing left", async () => (await leftOf(east)).length === 0);
    expect(await client.release(east.signed("release", first))).toEqual(expect.objectContaining({}));
    const again = await eventually("a second peering", async () =>
      east.authenticate((await west.invite()).token),
    );
    expect((await client.release(east.signed("release", first))).released).toBe(false);
    expect(await west.kube.find(tenants, "leaver")).toBeDefined();
    await client.release(east.signed("release", again));
    await eventually("nothing left", async () => (await leftOf(east)).length === 0);
  });
});

test("who guesses on is limited, and who holds an identity is not", async () => {
  const limited = await west.startAuth({
    podName: "auth-limited",
    env: { AUTH_FAILURE_BURST: "3", AUTH_FAILURES_PER_MINUTE: "1" },
  });
  try {
    const guesser = new Consumer("aaaa0010-0000-4000-8000-000000000001", "guesser");
    const reasons: string[] = [];
    for (let i = 0; i < 5; i++)
      reasons.push(await denied(guesser.authenticate("A".repeat(43), undefined, limited)));
    expect(reasons).toEqual(["UnknownToken", "UnknownToken", "UnknownToken", "RateLimited", "RateLimited"]);
    expect(await denied(guesser.connect(limited).then((c) => c.describe()))).toBe("granted");
  } finally {
    await limited.stop();
  }
});

describe("who speaks", () => {
  const speaking = async (protocolVersion: string, c: Consumer): Promise<string> => {
    const own = createAuthClients();
    try {
      const client = await own.connect({ endpoint: auth.endpoint, pins: [auth.pin], protocolVersion });
      return await denied(client.authenticate(c.request((await west.invite()).token)));
    } finally {
      own.close();
    }
  };

  test.each([
    ["0.3", "one minor version newer"],
    ["0.1", "one minor version older"],
    ["", "the release before versions were said"],
  ])("%s, %s, is served", async (version, _what) => {
    const c = new Consumer(`aaaa0020-0000-4000-8000-0000000000${version ? `0${version.at(-1)}` : "10"}`);
    expect(await speaking(version, c)).toBe("granted");
  });

  test.each(["0.4", "1.2", "nonsense"])("%s is refused, and nothing is used or made", async (version) => {
    const c = new Consumer("aaaa0021-0000-4000-8000-000000000001");
    expect(await speaking(version, c)).toBe("VersionIncompatible");
    expect(await leftOf(c)).toEqual([]);
  });

  test("another version holds an identity may leave with it, and not renew it", async () => {
    const c = new Consumer("aaaa0022-0000-4000-8000-000000000001");
    const answer = await c.authenticate((await west.invite()).token);
    const own = createAuthClients();
    const client = await own.connect({ endpoint: auth.endpoint, pins: [auth.pin], protocolVersion: "1.0" });
    const renewal = c.signed("renew", answer, createCsr(c.id, generateKeyPair()));
    expect(await denied(client.renew(renewal))).toBe("VersionIncompatible");
    expect((await client.release(c.signed("release", answer))).released).toBe(true);
    own.close();
  });
});

test("a server with another key is not talked to", async () => {
  await expect(
    clients.connect({ endpoint: auth.endpoint, pins: [`sha256/${"A".repeat(43)}=`] }),
  ).rejects.toThrow("expected sha256/AAAA");
});

test("nothing older than TLS 1.3 is spoken", async () => {
  const [host, port] = auth.endpoint.split(":");
  const speak = (maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<string> =>
    new Promise((resolve) => {
      const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false, maxVersion }, () => {
        resolve(socket.getProtocol() ?? "none");
        socket.destroy();
      });
      socket.once("error", () => resolve("refused"));
    });
  expect([await speak("TLSv1.2"), await speak("TLSv1.3")]).toEqual(["refused", "TLSv1.3"]);
});

test("auth may make no namespace but tenant namespaces", async () => {
  const asAuth = west.api.kubectl(
    "--as=system:serviceaccount:tideway-system:auth",
    "create",
    "namespace",
    "innocent",
  );
  await expect(asAuth).rejects.toThrow("tideway-tenant-");
});

test("a peer writes the NetworkConfig of its own ID, marked as its own, and no other", async () => {
  const sly = new Consumer("aaaa0009-0000-4000-8000-000000000009", "sly");
  const { token } = await west.invite();
  const answer = await sly.authenticate(token);
  const asSly = sly.kube(answer);
  const namespace = answer.tenantNamespace;
  const config = (id: string, origin: string | undefined, mtu = 1420) => ({
    metadata: { name: id, namespace, ...(origin ? { labels: { [ORIGIN]: origin } } : {}) },
    spec: {
      clusterID: id,
      podCIDR: "10.200.0.0/16",
      externalCIDR: "10.201.0.0/16",
      keys: [{ generation: 1, publicKey: `${"A".repeat(43)}=` }],
      mtu,
    },
  });
  const other = "aaaa0010-0000-4000-8000-000000000010";
  const outcome = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => "done",
      (err: unknown) => String(err),
    );
  const put = (c: ReturnType<typeof config>): Promise<string> =>
    outcome(asSly.apply(networkConfigs, c, { fieldManager: "replicator" }));
  const remove = (name: string): Promise<string> => outcome(asSly.delete(networkConfigs, name, namespace));
  await eventually("access", () => asSly.list(networkConfigs, { namespace }));

  // The provider's own, and something of the provider under the peer's name.
  await west.kube.create(networkConfigs, config(west.clusterID, undefined));
  await west.kube.create(networkConfigs, config(sly.id, undefined));
  const names = /named by its own cluster ID/;
  const marks = /carry its own cluster ID in the label/;
  expect(await put(config(west.clusterID, sly.id, 1300))).toMatch(names);
  expect(await put(config(west.clusterID, west.clusterID, 1300))).toMatch(names);
  expect(await remove(west.clusterID)).toMatch(names);
  expect(await put(config(other, other))).toMatch(names);
  expect(await put(config(other, sly.id))).toMatch(names);
  expect(await put(config(sly.id, sly.id))).toMatch(marks);
  expect(await remove(sly.id)).toMatch(marks);
  expect((await west.kube.get(networkConfigs, west.clusterID, namespace)).spec.mtu).toBe(1420);
  await west.kube.delete(networkConfigs, sly.id, namespace);

  expect(await put(config(sly.id, undefined))).toMatch(marks);
  expect(await put(config(sly.id, other))).toMatch(marks);
  expect(await put(config(sly.id, sly.id))).toBe("done");
  expect(await put(config(sly.id, sly.id, 1300))).toBe("done");
  const relabel = asSly.patch(networkConfigs, sly.id, namespace, {
    metadata: { labels: { [ORIGIN]: other } },
  });
  expect(await outcome(relabel)).toMatch(marks);
  const status = { status: { conditions: [] } };
  const judge = asSly.patch(networkConfigs, sly.id, namespace, status, { subresource: "status" });
  expect(await judge.then(() => false, isForbidden)).toBe(true);
  expect((await asSly.list(networkConfigs, { namespace })).map((c) => c.metadata.name).sort()).toEqual(
    [sly.id, west.clusterID].sort(),
  );
  expect(await remove(sly.id)).toBe("done");
  await asSly.close();
});

test("the right to end a namespace reaches tenant namespaces and no other", async () => {
  const dir = mkdtempSync(join(tmpdir(), "tideway-auth-"));
  const file = (name: string, object: object): string => {
    writeFileSync(join(dir, name), JSON.stringify(object));
    return join(dir, name);
  };
  const asAuth = (...args: string[]): Promise<string> =>
    west.api.kubectl(...args, `--as=system:serviceaccount:${SYSTEM}:auth`);
  const roleRef = {
    apiGroup: "rbac.authorization.k8s.io",
    kind: "ClusterRole",
    name: "tideway-namespace-end",
  };
  const binding = file("binding.json", {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: roleRef.name, namespace: "default" },
    roleRef,
  });
  const space = file("namespace.json", await west.kube.get(namespaces, "default"));
  try {
    await expect(asAuth("apply", "--server-side", "-f", binding)).rejects.toThrow("in no other");
    await expect(asAuth("replace", "--raw=/api/v1/namespaces/default/finalize", "-f", space)).rejects.toThrow(
      "no other",
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

describe("a cluster that announces itself", () => {
  test("what this one lets others know of its door is on the bus", async () => {
    const doors = await west.bus.facts("door");
    await eventually("the door", () => Promise.resolve(doors.get("local")?.data.pin === auth.pin));
    expect(doors.get("local")?.data).toMatchObject({
      clusterId: west.clusterID,
      clusterName: "west",
      state: "CLOSED", // this one has no address
      protocolVersion: PROTOCOL_VERSION,
    });
  });

  test("is let in with the key it proves, whatever was announced in its name, and its ForeignCluster has that key", async () => {
    const consumer = new Consumer("announced-id", "announced");
    const forged = `sha256/${"F".repeat(43)}=`;
    const spec = {
      clusterID: consumer.id,
      clusterName: "announced",
      authEndpoint: "192.0.2.9:1",
      pins: [forged],
    };
    const labels = { [MADE_BY]: BY_DISCOVERY };
    await west.kube.create(foreignClusters, { metadata: { name: "announced", labels }, spec });
    await west.says({ clusterId: consumer.id, name: "announced", claimed: true, pins: [forged] });
    await consumer.authenticate((await west.invite()).token);
    await eventually("its ForeignCluster", async () => {
      const known = await west.kube.get(foreignClusters, "announced");
      return known.metadata.labels?.[MADE_BY] === BY_AUTH && !known.spec.pins.includes(forged);
    });
  });
});
