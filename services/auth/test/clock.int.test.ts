import { foreignClusters, tenants } from "@tideway/api";
import type { FactOf } from "@tideway/bus";
import { secrets } from "@tideway/k8s";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Replica, type Side, startSide, tokenSecret } from "./harness.ts";

/** Two clusters whose clocks are moved by hand; certificates are signed by real API servers for a real hour. */
let east: Side;
let west: Side;
let atEast: Replica | undefined;
let atWest: Replica | undefined;
const MINUTE = 60_000;
/** How far each clock is ahead of the real one, ms. */
const ahead = { east: 0, west: 0 };
const both = (ms: number): void => void (ahead.east = ahead.west = ms);
// Below what the kernel gives to others.
const PORT = 21_443 + (process.pid % 6_000);
let pin = "";

const startEast = async (): Promise<void> => {
  atEast = await east.startAuth({ clock: { now: () => Date.now() + ahead.east } });
};
const startWest = async (): Promise<void> => {
  atWest = await west.startAuth({ port: PORT, clock: { now: () => Date.now() + ahead.west } });
  pin = atWest.pin;
};
/** What sleeps until a time does not see a clock that jumps: a restart does, and is what an outage ends with. */
const restartEast = async (): Promise<void> => {
  await atEast?.stop();
  await startEast();
};
const wants = (token: string): Promise<void> =>
  east.knows({
    clusterId: west.clusterID,
    name: "west",
    authEndpoint: `127.0.0.1:${PORT}`,
    pins: [pin],
    outgoing: true,
    tokenSecret: token,
  });
const invited = async (name: string, minutes: number): Promise<void> => {
  const expiresAt = new Date(Date.now() + minutes * MINUTE).toISOString();
  await tokenSecret(east, name, (await west.invite({ expiresAt })).token);
  await wants(name);
};
const fact = async (): Promise<FactOf["identity"] | undefined> =>
  (await east.bus.facts("identity")).get(west.clusterID, "outgoing")?.data;
const isSo = (what: string, is: (f: FactOf["identity"]) => boolean): Promise<FactOf["identity"]> =>
  eventually(what, async () => {
    const f = await fact();
    return f && is(f) && f;
  });
const granted = (but = ""): Promise<FactOf["identity"]> =>
  isSo("a new certificate", (f) => f.state === "GRANTED" && f.reason === "Granted" && f.serial !== but);
/** Both clocks are right, and east has an identity whose hour begins now; its serial. */
const fresh = async (minutes = 6_000): Promise<string> => {
  const before = await fact();
  await atEast?.stop();
  await atWest?.stop();
  both(0);
  if (before?.localNamespace) await east.kube.delete(secrets, "tideway-identity", before.localNamespace);
  await Promise.all([startWest(), startEast()]);
  await invited(`token-${++tokens}`, minutes);
  return (await granted(before?.serial)).serial;
};
let tokens = 0;
const audited = (what: string): Promise<unknown> =>
  eventually(`"${what}" in the audit`, async () => {
    for await (const e of west.bus.events({ follow: false, entity: "audit", peer: east.clusterID })) {
      const { action, outcome, reason } = e.data as FactOf["audit"];
      if (`${action} ${outcome} ${reason}` === what) return true;
    }
    return false;
  });

beforeAll(async () => {
  [east, west] = await Promise.all([startSide("east"), startSide("west")]);
  await startWest();
  await startEast();
});
afterAll(async () => {
  await Promise.all([east?.stop(), west?.stop()]);
});

test("before half of its hour an identity is not renewed, also not by a restart; after half it is", async () => {
  const serial = await fresh();
  both(26 * MINUTE);
  await restartEast();
  await isSo("the identity to be held", (f) => f.state === "GRANTED");
  expect((await fact())?.serial).toBe(serial);
  both(34 * MINUTE);
  await restartEast();
  await granted(serial);
});

test("an outage of the provider that is shorter than the identity's life costs nothing", async () => {
  const serial = await fresh();
  await atWest?.stop();
  both(50 * MINUTE);
  await restartEast();
  const failing = await isSo("the renewal to fail", (f) => f.reason === "RenewalFailing");
  expect(failing).toMatchObject({ state: "GRANTED", serial });
  await startWest();
  await granted(serial);
});

test("clocks five minutes apart, either way, do not matter; more is refused and said in seconds", async () => {
  for (const [mine, theirs] of [
    [34, 34 + 4.8],
    [34, 34 - 4.8],
  ] as const) {
    const serial = await fresh();
    [ahead.east, ahead.west] = [mine * MINUTE, theirs * MINUTE];
    await restartEast();
    await granted(serial);
  }
  const serial = await fresh();
  [ahead.east, ahead.west] = [34 * MINUTE, 39.5 * MINUTE];
  await restartEast();
  const refused = await isSo("the renewal to be refused", (f) => f.reason === "RenewalFailing");
  expect(refused.message).toMatch(/clocks differ by 33\d s, at most 300 s are allowed/);
  ahead.west = ahead.east;
  await restartEast();
  await granted(serial);
});

test("who was away for longer than its identity's life comes back by an invitation, as the same tenant", async () => {
  await fresh(15);
  const before = (await west.kube.get(tenants, "east")).metadata.uid;
  await atEast?.stop();
  await atWest?.stop();
  both(70 * MINUTE);
  await Promise.all([startWest(), startEast()]);
  await eventually("the tenant to be expired", async () => {
    const t = await west.kube.get(tenants, "east");
    return t.status?.conditions?.some((c) => c.type === "Ready" && c.reason === "IdentityExpired");
  });
  await isSo("the old invitation to be refused", (f) => f.state === "DENIED" && f.reason === "TokenExpired");
  await fresh();
  expect((await west.kube.get(tenants, "east")).metadata.uid).toBe(before);
});

test("a revocation made while the consumer was away meets it at its renewal, and is taken back the same way", async () => {
  const serial = await fresh();
  await atEast?.stop();
  await west.kube.patch(tenants, "east", undefined, { spec: { revoked: { reason: "unpaid" } } });
  await audited("revoke REVOKED Revoked");
  await atWest?.stop(); // a restart of the provider forgets nothing of it
  await startWest();
  both(34 * MINUTE);
  await startEast();
  const revoked = await isSo("to be revoked", (f) => f.state === "REVOKED");
  expect(revoked.message).toContain("unpaid");
  await eventually("the condition", async () => {
    const fc = await east.kube.get(foreignClusters, "west");
    const c = fc.status?.conditions?.find(({ type }) => type === "Authenticated");
    return c?.status === "False" && c.reason === "Revoked";
  });
  await west.kube.patch(tenants, "east", undefined, { spec: { revoked: null } });
  await restartEast();
  await granted(serial);
});

test("a tenant that nobody has heard of for a day after its identity is forgotten", async () => {
  await atEast?.stop();
  await atWest?.stop();
  ahead.west = (60 + 24 * 60 + 40) * MINUTE;
  await startWest();
  await audited("expire ENDED Forgotten");
  await eventually("no tenant", async () => !(await west.kube.find(tenants, "east")));
});
