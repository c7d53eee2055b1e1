/**
 * Who means harm, at the door where clusters are let in: forged certificate requests, tokens that are not his, identities
 * of others. Each attempt is refused with its reason, stands in the audit, and changes nothing.
 */
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { foreignClusters, invitations, tenants } from "@tideway/api";
import { type AuthenticateResponse, createAuthClients, signedRequest } from "@tideway/authclient";
import type { BusEvent } from "@tideway/bus";
import { certificateSigningRequests, namespaces, roleBindings } from "@tideway/k8s";
import { createCsr, generateKeyPair, hashToken, newToken } from "@tideway/pki";
import type { FactOf } from "@tideway/protos";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consumersOf, denied } from "./consumer.ts";
import { eventually, type Replica, type Side, startSide, SYSTEM } from "./harness.ts";

x509.cryptoProvider.set(webcrypto as never);

let west: Side;
let auth: Replica;
const clients = createAuthClients();
const Consumer = consumersOf(clients, () => auth);
type Consumer = InstanceType<typeof Consumer>;

/** A tenant in good standing, of whose identity the attacker knows all but the key. */
const victim = new Consumer("cccc0000-0000-4000-8000-000000000000", "victim");
let held: AuthenticateResponse;
let good: { token: string; name: string };

let n = 0;
const stranger = (): Consumer => {
  const id = String(++n).padStart(4, "0");
  return new Consumer(`dddd${id}-0000-4000-8000-000000000000`, `stranger-${n}`);
};
/** What stands, without what says how long it still stands. */
const state = async (): Promise<string[]> => {
  const all = await Promise.all([
    west.kube.list(tenants),
    west.kube.list(namespaces),
    west.kube.list(foreignClusters),
    west.kube.list(roleBindings),
    west.kube.list(certificateSigningRequests),
  ]);
  const used = await west.kube.get(invitations, good.name, SYSTEM);
  return [
    ...all.flat().map((o) => JSON.stringify([o.metadata.name, o.metadata.uid, "spec" in o ? o.spec : o])),
    JSON.stringify(used.status?.usedBy ?? "unused"),
  ].sort();
};
/** The reasons recorded of who gave itself this ID. */
const recorded = async (id: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const e of west.bus.events({ follow: false, entity: "audit" })) {
    const { data } = e as BusEvent & { data: FactOf["audit"] };
    if ((data.actorId ?? "") === id && data.outcome === "DENIED") found.push(data.reason);
  }
  return found;
};

beforeAll(async () => {
  west = await startSide("west");
  auth = await west.startAuth({ env: { AUTH_FAILURE_BURST: "10000" } });
  held = await victim.authenticate((await west.invite()).token);
  good = await west.invite();
  await eventually("nothing under way", async () => {
    const tenant = await west.kube.get(tenants, "victim");
    const open = await west.kube.list(certificateSigningRequests);
    return tenant.status?.identityNotAfter === held.notAfter && open.length === 0;
  });
});
afterAll(async () => {
  clients.close();
  await west?.stop();
});

type Attempt = (a: Consumer) => Promise<unknown>;
/** Refused with the reason, recorded under the ID that was given, nothing changed. */
const fails = async (attempt: Attempt, reason: string, as: Consumer): Promise<void> => {
  const before = await state();
  const known = (await recorded(as.id)).length;
  expect(await denied(attempt(as))).toBe(reason);
  await eventually("the record", async () => (await recorded(as.id)).slice(known).includes(reason));
  expect(await state()).toEqual(before);
};

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const odd = async (
  name: string,
  extensions: x509.Extension[] = [],
  algorithm: object = P256,
): Promise<Buffer> => {
  const keys = await webcrypto.subtle.generateKey(algorithm as never, true, ["sign", "verify"]);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm as never,
    extensions,
  });
  return Buffer.from(csr.rawData);
};
const broken = (csr: Buffer): Buffer => {
  const copy = Buffer.from(csr);
  copy[copy.length - 1]! ^= 1;
  return copy;
};
const own = (id: string): string => `O=tideway:peers, CN=tideway:${id}`;

describe("a certificate request", () => {
  const RSA = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  test.each<[what: string, csr: (id: string) => Promise<Buffer> | Buffer]>([
    ["in the name of another cluster", () => odd(own(victim.id))],
    ["that another cluster made for itself", () => createCsr(victim.id, victim.identity)],
    ["of an administrator", () => odd("O=system:masters, CN=kubernetes-admin")],
    ["of an administrator, in the group of peers", () => odd("O=tideway:peers, CN=kubernetes-admin")],
    ["in the group of administrators", (id) => odd(`O=system:masters, CN=tideway:${id}`)],
    ["in the group of administrators besides", (id) => odd(`O=system:masters, ${own(id)}`)],
    ["in both groups by one attribute", (id) => odd(`O=tideway:peers+O=system:masters, CN=tideway:${id}`)],
    ["of a node", () => odd("O=system:nodes, CN=system:node:n")],
    ["of a service of this cluster", () => odd("CN=system:serviceaccount:tideway-system:auth")],
    ["in no group", (id) => odd(`CN=tideway:${id}`)],
    ["with two names", (id) => odd(`${own(id)}, CN=admin`)],
    ["with a unit beside", (id) => odd(`${own(id)}, OU=x`)],
    ["whose name ends in a space", (id) => odd(`O=tideway:peers, CN="tideway:${id} "`)],
    ["whose name has a letter that looks alike", (id) => odd(`O=tideway:peers, CN=tidew\u0430y:${id}`)],
    [
      "with another name of a server",
      (id) =>
        odd(own(id), [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "kubernetes" }])]),
    ],
    ["that may sign others", (id) => odd(own(id), [new x509.BasicConstraintsExtension(true)])],
    [
      "that may serve",
      (id) => odd(own(id), [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth])]),
    ],
    ["that may sign certificates", (id) => odd(own(id), [new x509.KeyUsagesExtension(4)])],
    ["with a key of another curve", (id) => odd(own(id), [], { ...P256, namedCurve: "P-384" })],
    ["with a key of another kind", (id) => odd(own(id), [], RSA)],
    ["without the key it names", (id) => broken(createCsr(id, generateKeyPair()))],
    ["with something behind it", (id) => Buffer.concat([createCsr(id, generateKeyPair()), Buffer.alloc(9)])],
    ["that is none", () => Buffer.from("-----BEGIN CERTIFICATE REQUEST-----")],
    ["of nothing", () => Buffer.alloc(0)],
    ["of 50 KiB", () => Buffer.alloc(50 << 10, 0x30)],
  ])("%s is not signed", async (_what, csr) => {
    const a = stranger();
    await fails(async () => a.authenticate(good.token, await csr(a.id)), "InvalidCsr", a);
  });
});

describe("a token", () => {
  const by =
    (token: () => string | Promise<string>): Attempt =>
    async (a) =>
      a.authenticate(await token());
  test.each<[what: string, token: () => string | Promise<string>, reason: string]>([
    ["that is guessed", () => newToken(), "UnknownToken"],
    ["that is none", () => "guess", "UnknownToken"],
    ["that is not shown", () => "", "UnknownToken"],
    ["of which only the hash is known", () => hashToken(good.token), "UnknownToken"],
    ["with its last letter missing", () => good.token.slice(0, -1), "UnknownToken"],
    ["with a letter more", () => `${good.token}A`, "UnknownToken"],
    ["in capitals", () => good.token.toUpperCase(), "UnknownToken"],
    ["of 50,000 letters", () => "A".repeat(50_000), "InvalidRequest"],
    [
      "whose time is over",
      async () => (await west.invite({ expiresAt: new Date(Date.now() - 1).toISOString() })).token,
      "TokenExpired",
    ],
    [
      "that another cluster has used",
      async () => {
        const { token } = await west.invite();
        await victim.authenticate(token);
        return token;
      },
      "TokenUsed",
    ],
    [
      "that was taken back",
      async () => {
        const { token, name } = await west.invite();
        await west.kube.delete(invitations, name, SYSTEM);
        return token;
      },
      "UnknownToken",
    ],
  ])("%s opens nothing", async (_what, make, reason) => {
    const token = await make();
    await eventually("nothing under way", async () => {
      const open = await west.kube.list(certificateSigningRequests);
      return open.length === 0;
    });
    await fails(
      by(() => token),
      reason,
      stranger(),
    );
  });

  test("of another cluster's invitation opens nothing here", async () => {
    const a = stranger();
    const elsewhere = { ...a.request(newToken()) };
    await fails(async () => (await a.connect()).authenticate(elsewhere), "UnknownToken", a);
  });
});

describe("a proof", () => {
  const changed =
    (change: (r: ReturnType<Consumer["request"]>, a: Consumer) => object): Attempt =>
    async (a) => {
      const r = a.request(good.token);
      return (await a.connect()).authenticate({ ...r, ...change(r, a) });
    };
  test.each<[what: string, attempt: Attempt, reason: string]>([
    [
      "made for another certificate request",
      changed((_, a) => ({ csr: createCsr(a.id, generateKeyPair()) })),
      "InvalidRequest",
    ],
    [
      "by a key that is not pinned",
      changed(() => ({ pins: [`sha256/${"A".repeat(43)}=`] })),
      "InvalidRequest",
    ],
    ["that is missing", changed(() => ({ proof: undefined })), "InvalidRequest"],
    [
      "whose signature is another's",
      changed((r) => ({ proof: { ...r.proof, signature: victim.request("x").proof!.signature } })),
      "IdentityInvalid",
    ],
    ["with five keys", changed((r) => ({ pins: Array(5).fill(r.pins[0]) })), "InvalidRequest"],
    ["for an address that is a command", changed(() => ({ authEndpoint: "$(id):1" })), "InvalidRequest"],
    ["in a name with a path", changed(() => ({ clusterName: "../victim" })), "InvalidRequest"],
  ])("%s is none", async (_what, attempt, reason) => fails(attempt, reason, stranger()));

  test("made for another ID is none, and neither is one shown twice", async () => {
    const a = stranger();
    const other = stranger();
    const request = { ...a.request(good.token), clusterId: other.id };
    await fails(async () => (await a.connect()).authenticate(request), "InvalidRequest", other);
    const twice = a.request(newToken());
    await denied((await a.connect()).authenticate(twice));
    await fails(async () => (await a.connect()).authenticate(twice), "IdentityInvalid", a);
  });
});

describe("an identity", () => {
  test("of another cluster is not taken with an invitation and a key of one's own", async () => {
    const thief = new Consumer(victim.id, "victim");
    await fails((a) => a.authenticate(good.token), "ClusterKeyMismatch", thief);
  });

  test("of this cluster itself is not given away", async () => {
    const self = new Consumer(west.clusterID, "west");
    await fails((a) => a.authenticate(good.token), "SelfPeering", self);
  });

  const next = generateKeyPair();
  const renewal = (a: Consumer, o: Partial<Parameters<typeof signedRequest>[0]> = {}): Promise<unknown> =>
    a.connect().then((c) =>
      c.renew(
        signedRequest({
          purpose: "renew",
          clusterID: victim.id,
          tenant: held.tenantUid,
          certificate: held.certificate,
          keys: a.identity,
          audience: auth.pin,
          csr: createCsr(victim.id, next),
          nowMs: Date.now(),
          ...o,
        }),
      ),
    );
  const nobody = new Consumer("", "nobody");
  test.each<[what: string, attempt: Attempt, reason: string, as: Consumer]>([
    ["is not renewed without its key", () => renewal(stranger()), "IdentityInvalid", nobody],
    [
      "is not renewed by a certificate that nobody here signed",
      () => renewal(stranger(), { certificate: selfSigned }),
      "IdentityInvalid",
      nobody,
    ],
    [
      "is not renewed by a call made for another server",
      () => renewal(victim, { audience: `sha256/${"A".repeat(43)}=` }),
      "IdentityInvalid",
      nobody,
    ],
    [
      "is not renewed by a call to leave",
      () => renewal(victim, { purpose: "release" }),
      "IdentityInvalid",
      nobody,
    ],
    [
      "is not renewed by a call that was recorded an hour ago",
      () => renewal(victim, { nowMs: Date.now() - 3_600_000 }),
      "ClockSkewed",
      nobody,
    ],
    [
      "is not renewed for another cluster's name",
      () => renewal(victim, { csr: createCsr(stranger().id, next) }),
      "InvalidCsr",
      victim,
    ],
    [
      "is not renewed for an earlier peering",
      () => renewal(victim, { tenant: "00000000-0000-0000-0000-000000000000" }),
      "TenantUnknown",
      victim,
    ],
    [
      "does not leave by somebody else's word",
      async () => {
        const thief = stranger();
        return (await thief.connect()).release(
          signedRequest({
            purpose: "release",
            clusterID: victim.id,
            tenant: held.tenantUid,
            certificate: held.certificate,
            keys: thief.identity,
            audience: auth.pin,
            nowMs: Date.now(),
          }),
        );
      },
      "IdentityInvalid",
      nobody,
    ],
  ])("%s", async (_what, attempt, reason, as) => fails(attempt, reason, as));

  test("that its owner still holds is as good as before all of that", async () => {
    const renewed = await renewal(victim);
    expect(renewed).toMatchObject({ tenantUid: held.tenantUid });
  });
});

test("who guesses on from one address is not even listened to, and who holds an identity is", async () => {
  const strict = await west.startAuth({
    podName: "auth-strict",
    env: { AUTH_FAILURE_BURST: "5", AUTH_FAILURES_PER_MINUTE: "1" },
  });
  try {
    const a = stranger();
    const reasons = new Map<string, number>();
    for (let i = 0; i < 200; i++) {
      const reason = await denied(a.authenticate(newToken(), undefined, strict));
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    expect(Object.fromEntries(reasons)).toEqual({ UnknownToken: 5, RateLimited: 195 });
    await eventually("the record", async () => (await recorded(a.id)).includes("RateLimited"));
    const client = await victim.connect(strict);
    const call = victim.signed("renew", held, createCsr(victim.id, generateKeyPair()));
    expect(await denied(client.renew(call))).toBe("granted");
  } finally {
    await strict.stop();
  }
});

let selfSigned: string;
beforeAll(async () => {
  const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    name: own(victim.id),
    keys,
    signingAlgorithm: P256,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
  });
  selfSigned = made.toString("pem");
});
