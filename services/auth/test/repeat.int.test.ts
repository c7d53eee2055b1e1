import { foreignClusters, invitations, ORIGIN, resourceRequests, type Tenant, tenants } from "@tideway/api";
import {
  authenticateRequest,
  type AuthenticateResponse,
  createAuthClients,
  denialOf,
} from "@tideway/authclient";
import { createKube } from "@tideway/k8s";
import { createCsr, generateKeyPair, type KeyPair, privateKeyPem } from "@tideway/pki";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Line, resumeSigning, startLine, stopSigning } from "./faults.ts";
import { eventually, type Replica, type Side, startSide, SYSTEM, tokenSecret } from "./harness.ts";

let east: Side;
let west: Side;
let atEast: Replica;
let atWest: Replica;
let line: Line;
const clients = createAuthClients();
/** Kubernetes' controllers look for their API server with growing pauses; until they have it nothing is signed. */
const AFTER_A_CRASH_MS = 110_000;

beforeAll(async () => {
  [east, west] = await Promise.all([startSide("east"), startSide("west")]);
  atEast = await east.startAuth();
  atWest = await west.startAuth();
  line = await startLine(Number(atWest.endpoint.split(":")[1]));
});
afterAll(async () => {
  clients.close();
  line?.close();
  await Promise.all([east?.stop(), west?.stop()]);
});

const issued = async (): Promise<number> => {
  const metric = await atWest.metrics.registry.getSingleMetric("tideway_auth_certificates_total")?.get();
  return metric?.values.find((v) => v.labels.kind === "first")?.value ?? 0;
};
const tenantsOf = (id: string): Promise<Tenant[]> =>
  west.kube.list(tenants, { labelSelector: `${ORIGIN}=${id}` });
const isUsed = (name: string) => async (): Promise<boolean> =>
  (await west.kube.get(invitations, name, SYSTEM)).status?.usedPin !== undefined;

/** Runs the call until the provider has answered it, and loses the answer on the way. */
const loseTheAnswer = async (invitation: string, call: () => Promise<unknown>): Promise<void> => {
  const before = await issued();
  await stopSigning(west);
  const running = call();
  await eventually("the token to be used", isUsed(invitation));
  line.mute();
  await resumeSigning(west);
  await eventually("the certificate to be given", async () => (await issued()) > before);
  line.cut();
  await running;
};

describe("a provider", () => {
  let runs = 0;
  let id = "";
  let keys: KeyPair;
  let token: string;
  let invitation: string;
  beforeEach(async () => {
    id = `cccc0001-0000-4000-8000-00000000000${runs++}`;
    keys = generateKeyPair();
    ({ token, name: invitation } = await west.invite());
  });

  /** A new key in each certificate request, as after a restart of the consumer. */
  const ask = async (
    o: { id?: string; keys?: KeyPair; to?: Replica } = {},
  ): Promise<AuthenticateResponse & { key: KeyPair }> => {
    const key = generateKeyPair();
    const clusterID = o.id ?? id;
    const client = await clients.connect({ endpoint: o.to?.endpoint ?? line.endpoint, pins: [atWest.pin] });
    const request = authenticateRequest({
      token,
      clusterID,
      clusterName: `cluster-${clusterID.slice(-4)}`,
      csr: createCsr(clusterID, key),
      authEndpoint: "",
      keys: o.keys ?? keys,
      audience: atWest.pin,
      nowMs: Date.now(),
    });
    return { ...(await client.authenticate(request)), key };
  };
  const outcome = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => "granted",
      (err: unknown) => denialOf(err)?.reason ?? "no answer",
    );

  test("answers a cluster whose answer was lost again, as the one tenant it is; nobody else", async () => {
    await loseTheAnswer(invitation, async () => expect(await outcome(ask())).toBe("no answer"));
    const [tenant] = await tenantsOf(id);
    expect(await outcome(ask({ keys: generateKeyPair() }))).toBe("TokenUsed");
    expect(await outcome(ask({ id: "cccc0002-0000-4000-8000-000000000001" }))).toBe("TokenUsed");

    const answer = await ask();
    expect(answer.tenantUid).toBe(tenant?.metadata.uid);
    expect(await tenantsOf(id)).toHaveLength(1);
    const { apiServer: server, ca, certificate: cert, tenantNamespace: namespace } = answer;
    const key = privateKeyPem(answer.key.privateKey);
    const asTenant = createKube({ server, ca, cert, key }, { userAgent: "test" });
    expect(await eventually("access", () => asTenant.list(resourceRequests, { namespace }))).toEqual([]);
    await asTenant.close();
  });

  test("whose API server dies before the certificate is signed answers when it is back", async () => {
    await stopSigning(west);
    const first = outcome(ask());
    await eventually("the token to be used", isUsed(invitation));
    await west.api.kill();
    expect(await first).toBe("no answer");
    await west.api.start();
    await resumeSigning(west);
    expect(await outcome(ask({ id: "cccc0002-0000-4000-8000-000000000002" }))).toBe("TokenUsed");
    await eventually("the answer", async () => (await outcome(ask())) === "granted", AFTER_A_CRASH_MS);
    expect(await tenantsOf(id)).toHaveLength(1);
  }, 240_000);

  test("that cannot sign says so before the caller gives up", async () => {
    await stopSigning(west);
    await expect(ask()).rejects.toThrow("signs no certificates at the moment");
    await resumeSigning(west);
    expect(await outcome(ask())).toBe("granted");
  });

  test("makes one tenant of calls that are repeated on all replicas at once", async () => {
    const second = await west.startAuth({ podName: "auth-west-2" });
    try {
      const calls = [atWest, second, atWest, second].map((to) => outcome(ask({ to })));
      expect(await Promise.all(calls)).toEqual(["granted", "granted", "granted", "granted"]);
      expect(await tenantsOf(id)).toHaveLength(1);
    } finally {
      await second.stop();
    }
  });

  test("lets nobody repeat a call when the peering that came of it has ended", async () => {
    await ask();
    await west.kube.delete(tenants, (await tenantsOf(id))[0]?.metadata.name ?? "");
    await eventually("the tenant to be gone", async () => (await tenantsOf(id)).length === 0);
    expect(await outcome(ask())).toBe("TokenUsed");
    expect(await tenantsOf(id)).toEqual([]);
  });
});

describe("a consumer", () => {
  let invitation: string;
  const state = async (): Promise<string | undefined> =>
    (await east.bus.facts("identity")).get(west.clusterID, "outgoing")?.data.state;
  const granted = async (): Promise<boolean> => (await state()) === "GRANTED";
  const peer = (outgoing: boolean) =>
    east.knows({
      clusterId: west.clusterID,
      name: "west",
      authEndpoint: line.endpoint,
      pins: [atWest.pin],
      outgoing,
      tokenSecret: "token-west",
      unpeerDeadline: outgoing ? "" : new Date(Date.now() + 300_000).toISOString(),
    });
  const unanswered = async () => {
    const fc = await east.kube.get(foreignClusters, "west");
    return fc.status?.conditions?.find((c) => c.type === "Authenticated" && c.reason === "Unanswered");
  };
  beforeEach(async () => {
    const invited = await west.invite();
    invitation = invited.name;
    await tokenSecret(east, "token-west", invited.token);
    return async () => {
      await peer(false);
      // After a crash the controllers that end a namespace have to find back too.
      await eventually("the peering to end", async () => (await state()) === "GONE", AFTER_A_CRASH_MS);
      await eventually(
        "the tenancy to end",
        async () => (await tenantsOf(east.clusterID)).length === 0,
        AFTER_A_CRASH_MS,
      );
    };
  });

  test("whose answer was lost asks again by itself, with the same token", async () => {
    await loseTheAnswer(invitation, () => peer(true));
    await eventually("the identity", granted);
    expect(await tenantsOf(east.clusterID)).toHaveLength(1);
  });

  test("asks on while the provider's API server comes back, and says so", async () => {
    await stopSigning(west);
    await peer(true);
    await eventually("the token to be used", isUsed(invitation));
    await west.api.kill();
    const told = await eventually("the condition", unanswered);
    expect(told).toMatchObject({ status: "False" });
    expect(told.message).toContain("the same is asked for again until it expires");
    expect(told.message).toContain("next try at");
    await west.api.start();
    await resumeSigning(west);
    await eventually("the identity", granted, AFTER_A_CRASH_MS);
    expect(await tenantsOf(east.clusterID)).toHaveLength(1);
  }, 240_000);

  test("that is started anew before its answer came gets it all the same", async () => {
    await stopSigning(west);
    await peer(true);
    await eventually("the token to be used", isUsed(invitation));
    await atEast.stop();
    await resumeSigning(west);
    atEast = await east.startAuth();
    await eventually("the identity", granted);
    expect(await tenantsOf(east.clusterID)).toHaveLength(1);
  });
});
