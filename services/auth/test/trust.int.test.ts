import type { BusEvent } from "@tideway/bus";
import { invitations, resourceRequests, tenants } from "@tideway/api";
import { type AuthenticateResponse, createAuthClients } from "@tideway/authclient";
import { isForbidden } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { createCsr, generateKeyPair, spkiPin } from "@tideway/pki";
import type { FactOf } from "@tideway/protos";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consumersOf, denied } from "./consumer.ts";
import { eventually, type Replica, type Side, startSide, SYSTEM } from "./harness.ts";

let west: Side;
let auth: Replica;
const clients = createAuthClients();
const Consumer = consumersOf(clients, () => auth);
type Consumer = InstanceType<typeof Consumer>;

beforeAll(async () => {
  west = await startSide("west");
  auth = await west.startAuth();
});
afterAll(async () => {
  clients.close();
  await west?.stop();
});

type Entry = BusEvent & { data: FactOf["audit"] };
const auditOf = async (peer: string): Promise<Entry[]> => {
  const all: BusEvent[] = [];
  for await (const e of west.bus.events({ follow: false, entity: "audit", peer })) all.push(e);
  return all as Entry[];
};
const short = ({ data: { action, outcome, reason } }: Entry): string => `${action} ${outcome} ${reason}`;
const recorded = (peer: string, what: string): Promise<Entry> =>
  eventually(`"${what}" of ${peer}`, async () => (await auditOf(peer)).findLast((e) => short(e) === what));

describe("a tenancy leaves in the audit", () => {
  const east = new Consumer("bbbb0001-0000-4000-8000-000000000001", "east");
  const pin = spkiPin(east.keys.publicKey);

  test("its grant: who, from where, with which key, by which invitation", async () => {
    const { token, name } = await west.invite();
    const answer = await east.authenticate(token);
    const { data } = await recorded(east.id, "authenticate GRANTED IdentityGranted");
    const actor = { actorId: east.id, actorName: "east", actorAddress: "127.0.0.1", actorPin: pin };
    expect(data).toMatchObject({ ...actor, object: "Tenant/east", count: 1 });
    expect(data.message).toBe(`by Invitation ${name}, valid until ${answer.notAfter}`);

    const client = await east.connect();
    const next = generateKeyPair();
    await client.renew(east.signed("renew", answer, createCsr(east.id, next)));
    await recorded(east.id, "renew RENEWED IdentityRenewed");

    await west.says({ clusterId: east.id, name: "east", incoming: false });
    await recorded(east.id, "revoke REVOKED Revoked");
    expect(await denied(client.renew(east.signed("renew", answer, createCsr(east.id, next))))).toBe(
      "IncomingRefused",
    );
    await recorded(east.id, "renew DENIED IncomingRefused");

    await west.says({ clusterId: east.id, name: "east", incoming: true });
    await recorded(east.id, "restore GRANTED Granted");

    await client.release(east.signed("release", answer));
    await recorded(east.id, "release ENDED Released");
    await recorded(east.id, "end-tenancy ENDED Released");
    expect((await auditOf(east.id)).map(short)).toEqual([
      "authenticate GRANTED IdentityGranted",
      "renew RENEWED IdentityRenewed",
      "revoke REVOKED Revoked",
      "renew DENIED IncomingRefused",
      "restore GRANTED Granted",
      "release ENDED Released",
      "end-tenancy ENDED Released",
    ]);
  });
});

test("a stranger's attempts stand under unknown, whatever it calls itself, all of them counted", async () => {
  const stranger = new Consumer("bbbb0002-0000-4000-8000-000000000002", "stranger");
  const tries = Array.from({ length: 10 }, () => stranger.authenticate("A".repeat(43)));
  expect(await Promise.all(tries.map(denied))).toEqual(tries.map(() => "UnknownToken"));
  const alike = await eventually<Entry[]>("ten attempts", async () => {
    const all = (await auditOf("unknown")).filter((e) => e.data.actorId === stranger.id);
    return all.reduce((n, e) => n + e.data.count, 0) === 10 && all;
  });
  expect(alike.length).toBeLessThan(10);
  expect(alike[0]?.data).toMatchObject({
    outcome: "DENIED",
    reason: "UnknownToken",
    actorName: "stranger",
    actorPin: spkiPin(stranger.keys.publicKey),
  });
  expect(await auditOf(stranger.id)).toEqual([]);
});

test("who claims to be a tenant and has another key shows in that tenant's audit, with the key it has", async () => {
  const victim = new Consumer("bbbb0003-0000-4000-8000-000000000003", "victim");
  await victim.authenticate((await west.invite()).token);
  const thief = new Consumer(victim.id, "victim");
  expect(await denied(thief.authenticate((await west.invite()).token))).toBe("ClusterKeyMismatch");
  const { data } = await recorded(victim.id, "authenticate DENIED ClusterKeyMismatch");
  expect(data.actorPin).toBe(spkiPin(thief.keys.publicKey));
});

describe("a revocation", () => {
  const open: Kube[] = [];
  afterAll(() => Promise.all(open.map((k) => k.close())));
  const revoke = (name: string, revoked: object | null): Promise<unknown> =>
    west.kube.patch(tenants, name, undefined, { spec: { revoked } });
  /** Milliseconds until the tenant's own requests are forbidden. */
  const cutOff = async (c: Consumer, a: AuthenticateResponse): Promise<number> => {
    const kube = c.kube(a);
    open.push(kube);
    const list = () => kube.list(resourceRequests, { namespace: a.tenantNamespace });
    await eventually("access", list);
    const from = performance.now();
    await revoke(c.name, { reason: "unpaid", pods: "Keep" });
    await eventually("no access", async () =>
      list().then(
        () => false,
        (err: unknown) => isForbidden(err),
      ),
    );
    return performance.now() - from;
  };

  test("cuts off within a second what holds a valid certificate; nothing is renewed, and others are told", async () => {
    const c = new Consumer("bbbb0004-0000-4000-8000-000000000004", "debtor");
    const answer = await c.authenticate((await west.invite()).token);
    const facts = await west.bus.facts("identity");
    const took = [await cutOff(c, answer)];
    for (const n of [7, 8]) {
      const other = new Consumer(`bbbb000${n}-0000-4000-8000-00000000000${n}`, `debtor-${n}`);
      took.push(await cutOff(other, await other.authenticate((await west.invite()).token)));
    }
    console.info(`from the revocation to the first refused request, ms: ${took.map(Math.round).join(", ")}`);
    expect(Math.min(...took)).toBeLessThan(1_000); // the machine may be busy once
    await eventually("the fact", async () => facts.get(c.id, "incoming")?.data.state === "REVOKED");
    expect(facts.get(c.id, "incoming")?.data).toMatchObject({ reason: "Revoked", podsKept: true });
    const renewal = (await c.connect()).renew(c.signed("renew", answer, createCsr(c.id, generateKeyPair())));
    await expect(renewal).rejects.toThrow("revoked by the owner of this cluster: unpaid");
    const { data } = await recorded(c.id, "revoke REVOKED Revoked");
    expect(data.message).toContain("unpaid");
  });

  test("outlives the tenancy and a restart: who leaves does not come back by a standing invitation", async () => {
    const c = new Consumer("bbbb0005-0000-4000-8000-000000000005", "returner");
    const { token } = await west.invite({ standing: true });
    const answer = await c.authenticate(token);
    await cutOff(c, answer);
    const released = await (await c.connect()).release(c.signed("release", answer));
    expect(released.released).toBe(true);
    expect(await denied(c.authenticate(token))).toBe("IncomingRefused");
    await auth.stop();
    auth = await west.startAuth();
    expect(await denied(c.authenticate(token))).toBe("IncomingRefused");

    await revoke(c.name, null);
    const again = await eventually("to be let in again", async () =>
      c.authenticate(token).catch(() => undefined),
    );
    const kube = c.kube(again);
    open.push(kube);
    await eventually("access", async () =>
      kube.list(resourceRequests, { namespace: again.tenantNamespace }).then(
        () => true,
        () => false,
      ),
    );
    await recorded(c.id, "restore GRANTED Granted");
  });
});

test("an invitation that was taken back opens nothing, at once", async () => {
  const c = new Consumer("bbbb0006-0000-4000-8000-000000000006", "late");
  const { token, name } = await west.invite({ standing: true });
  await west.kube.delete(invitations, name, SYSTEM);
  expect(await denied(c.authenticate(token))).toBe("UnknownToken");
});
