import type { BusEvent } from "@tideway/bus";
import { createAuthClients } from "@tideway/authclient";
import { createCsr, generateKeyPair, spkiPin } from "@tideway/pki";
import type { FactOf } from "@tideway/protos";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consumersOf, denied } from "./consumer.ts";
import { eventually, type Replica, type Side, startSide } from "./harness.ts";

let west: Side;
let auth: Replica;
const clients = createAuthClients();
const Consumer = consumersOf(clients, () => auth);

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
