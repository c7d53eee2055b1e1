/**
 * Who means harm, at the bus: a service that was taken over, a reader, and somebody from outside, with the credentials and
 * rights that ship. The server refuses what they may not say or hear and logs who tried what; the facts stay as they are.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { createUser, fromSeed } from "@nats-io/nkeys";
import { connect, type NatsConnection, nkeyAuthenticator } from "@nats-io/transport-node";
import { silentLogger } from "@tideway/log";
import { type NatsServer, startNats, until } from "@tideway/sandbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bus, connectBus, type FactView } from "../src/index.ts";

const script = pathOf(import.meta.dirname, "../../../hack/bus-credentials.ts");
const dir = mkdtempSync(pathOf(tmpdir(), "tideway-bus-"));
const file = (name: string): string => readFileSync(pathOf(dir, name), "utf8");
const seedOf = (user: string): Uint8Array => new TextEncoder().encode(file(`seeds/${user}`));

let nats: NatsServer;
let auth: Bus;
let facts: FactView<"identity">;
const open: NatsConnection[] = [];

const tls = (): { ca: string } => ({ ca: file("ca.crt") });
const as = async (user: string): Promise<NatsConnection> => {
  const nc = await connect({
    servers: nats.url.replace("nats://", ""),
    tls: tls(),
    authenticator: nkeyAuthenticator(seedOf(user)),
    inboxPrefix: `_INBOX_${user}`,
    reconnect: false,
  });
  open.push(nc);
  return nc;
};
/** The lines that the server has added since. */
const logged = (from: number, what: string): Promise<unknown> =>
  until(() => Promise.resolve(nats.log().slice(from).includes(what)), {
    what: `"${what}" in the server's log`,
    everyMs: 10,
    explain: () => nats.log().slice(from),
  });
const known = (): string => JSON.stringify(facts.list().map((f) => [f.peer, f.id, f.data.state]));

beforeAll(async () => {
  execFileSync(process.execPath, [script, "--out", dir]);
  const config = `tls { cert_file: "${dir}/tls.crt", key_file: "${dir}/tls.key", min_version: "1.3" }\n`;
  nats = await startNats({ config: config + file("users.conf") });
  auth = await connectBus({
    url: nats.url.replace("nats://", "tls://"),
    service: "auth",
    seed: file("seeds/auth"),
    ca: file("ca.crt"),
    clusterID: "east",
    log: silentLogger,
    settleMs: 0,
  });
  await auth.publish("identity", { peer: "w", id: "incoming" }, { clusterId: "w", state: "REVOKED" });
  facts = await auth.facts("identity");
  await facts.synced;
});
afterAll(async () => {
  await Promise.all(open.map((nc) => nc.close()));
  await auth?.close();
  await nats?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test.each([
  ["the negotiator", "lets a revoked peer in again", "negotiator", "tideway.v1.identity.w.incoming"],
  ["discovery", "says a peer was never revoked", "discovery", "tideway.v1.identity.w.incoming"],
  ["admission", "offers what is not its own", "admission", "tideway.v1.offer.w.incoming"],
  ["the gateway", "says a peer is gone", "gateway", "tideway.v1.peer.w"],
  ["the mdns-agent", "says who is a peer", "mdns-agent", "tideway.v1.peer.w"],
  ["the mdns-agent", "says where this cluster's door is", "mdns-agent", "tideway.v1.door.local"],
  ["the mdns-agent", "writes into a peer's audit", "mdns-agent", "tideway.v1.audit.w.x"],
  ["the reader", "says a fact", "reader", "tideway.v1.identity.w.incoming"],
  ["auth", "empties the facts", "auth", "$JS.API.STREAM.PURGE.TIDEWAY_FACTS"],
  ["auth", "empties the history", "auth", "$JS.API.STREAM.PURGE.TIDEWAY_EVENTS"],
  ["auth", "deletes the history", "auth", "$JS.API.STREAM.DELETE.TIDEWAY_EVENTS"],
  ["auth", "has the history forget sooner", "auth", "$JS.API.STREAM.UPDATE.TIDEWAY_EVENTS"],
  ["the reader", "deletes one record of the audit", "reader", "$JS.API.STREAM.MSG.DELETE.TIDEWAY_EVENTS"],
  ["the reader", "fills the disk by a stream of its own", "reader", "$JS.API.STREAM.CREATE.MINE"],
  ["the mdns-agent", "makes a stream", "mdns-agent", "$JS.API.STREAM.CREATE.TIDEWAY_FACTS"],
  ["the negotiator", "answers in another's place", "negotiator", "_INBOX_auth.x"],
  ["auth", "speaks to the server itself", "auth", "$SYS.REQ.SERVER.PING"],
])("%s that was taken over and %s is refused, and it is logged", async (_who, _what, user, subject) => {
  const [before, from] = [known(), nats.log().length];
  const nc = await as(user);
  nc.publish(subject, JSON.stringify({ clusterId: "w", state: "GRANTED" }));
  await nc.flush().catch(() => undefined);
  await logged(from, `Publish Violation`);
  await logged(from, subject);
  expect(known()).toBe(before);
});

test.each([
  ["auth", "answers meant for another", "auth", "_INBOX_negotiator.>"],
  ["the mdns-agent", "who is a peer", "mdns-agent", "tideway.v1.peer.>"],
  ["the mdns-agent", "everything", "mdns-agent", ">"],
  ["the reader", "what the server tells of itself", "reader", "$SYS.>"],
])("%s that was taken over and hears %s is refused, and it is logged", async (_who, _what, user, subject) => {
  const from = nats.log().length;
  const nc = await as(user);
  const refused = new Promise<string>((resolve) =>
    nc.subscribe(subject, { callback: (err) => void (err && resolve(String(err))) }),
  );
  expect(await refused).toMatch(/permissions violation/i);
  await logged(from, "Subscription Violation");
});

const stranger = createUser();
test.each([
  ["no key", () => ({ tls: tls() })],
  ["a key of its own", () => ({ tls: tls(), authenticator: nkeyAuthenticator(stranger.getSeed()) })],
  ["a name and no key", () => ({ tls: tls(), user: fromSeed(seedOf("auth")).getPublicKey(), pass: "x" })],
])("who comes with %s is refused, and it is logged", async (_what, options) => {
  const from = nats.log().length;
  const servers = nats.url.replace("nats://", "");
  await expect(connect({ servers, reconnect: false, ...options() })).rejects.toThrow(/authorization/i);
  await logged(from, "authentication error");
});
