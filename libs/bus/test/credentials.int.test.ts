import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
import { silentLogger } from "@tideway/log";
import { startNats, type NatsServer } from "@tideway/sandbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectBus, type Bus } from "../src/index.ts";

const script = pathOf(import.meta.dirname, "../../../hack/bus-credentials.ts");
const dir = mkdtempSync(pathOf(tmpdir(), "tideway-bus-"));
const file = (name: string): string => readFileSync(pathOf(dir, name), "utf8");
const make = (): string => execFileSync(process.execPath, [script, "--out", dir], { encoding: "utf8" });

let nats: NatsServer;
const buses: Bus[] = [];
const join = async (user: string): Promise<Bus> => {
  const bus = await connectBus({
    url: nats.url.replace("nats://", "tls://"),
    service: user,
    seed: file(`seeds/${user}`),
    ca: file("ca.crt"),
    clusterID: "east",
    log: silentLogger,
    settleMs: 0,
    readOnly: user === "reader",
  });
  buses.push(bus);
  return bus;
};
const raw = (user: string) =>
  connect({
    servers: nats.url.replace("nats://", ""),
    tls: { ca: file("ca.crt") },
    authenticator: nkeyAuthenticator(new TextEncoder().encode(file(`seeds/${user}`))),
    inboxPrefix: `_INBOX_${user}`,
    reconnect: false,
  });
const refused = async (user: string, subject: string): Promise<void> => {
  const nc = await raw(user);
  const errors: string[] = [];
  void (async () => {
    for await (const s of nc.status()) if (s.type === "error") errors.push(String(s.error));
  })();
  nc.publish(subject, "{}");
  await nc.flush();
  await expect.poll(() => errors.join()).toMatch(/permissions violation/i);
  await nc.close();
};

beforeAll(async () => {
  make();
  const tls = `tls { cert_file: "${dir}/tls.crt", key_file: "${dir}/tls.key", min_version: "1.3" }\n`;
  nats = await startNats({ config: tls + file("users.conf") });
});
afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await nats?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("making them again keeps every credential", () => {
  const before = ["ca.crt", "ca.key", "tls.crt", "tls.key", "seeds/auth", "users.conf"].map(file);
  make();
  expect(["ca.crt", "ca.key", "tls.crt", "tls.key", "seeds/auth", "users.conf"].map(file)).toEqual(before);
});

test("a service says its own facts and hears those of others, over TLS, as its own user", async () => {
  const [auth, negotiator] = [await join("auth"), await join("negotiator")];
  await auth.publish("identity", { peer: "w", id: "outgoing" }, { clusterId: "w", state: "GRANTED" });
  await auth.publish("identity", { peer: "w", id: "outgoing" }, { clusterId: "w", state: "REVOKED" });
  const view = await negotiator.facts("identity");
  await view.synced;
  expect(view.get("w", "outgoing")?.data.state).toBe("REVOKED");
});

test("the reader reads facts and history without making anything", async () => {
  const reader = await join("reader");
  const view = await reader.facts("identity");
  await view.synced;
  expect(view.get("w", "outgoing")?.data.state).toBe("REVOKED");
  const types = async (): Promise<string[]> => {
    const all: string[] = [];
    for await (const e of reader.events({ follow: false })) all.push(e.type);
    return all;
  };
  await expect.poll(types).toEqual(["dev.tideway.identity.granted", "dev.tideway.identity.revoked"]);
});

test("the example of docs/events.md follows events, and goes on where it was", async () => {
  const run = async (wanted: RegExp): Promise<string> => {
    const child = spawn(
      process.execPath,
      [pathOf(import.meta.dirname, "../../../docs/examples/subscribe.ts")],
      {
        env: {
          ...process.env,
          BUS_URL: nats.url.replace("nats://", ""),
          BUS_CA_FILE: pathOf(dir, "ca.crt"),
          BUS_SEED_FILE: pathOf(dir, "seeds/reader"),
        },
      },
    );
    let out = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (d: Buffer) => (out += d.toString()));
    try {
      await expect.poll(() => out).toMatch(wanted);
    } finally {
      child.kill();
      await once(child, "exit");
    }
    return out;
  };
  const auth = await join("auth");
  expect(await run(/identity\.revoked/)).toMatch(
    /^\S+Z dev\.tideway\.identity\.granted tideway\.v1\.identity\.w\.outgoing \{/,
  );
  const nc = await raw("reader");
  const jsm = await jetstreamManager(nc);
  const waiting = async () => (await jsm.consumers.info("TIDEWAY_EVENTS", "my-program")).num_waiting;
  await expect.poll(waiting).toBe(0); // the server has noticed the program's end
  await nc.close();
  await auth.publish("identity", { peer: "w", id: "outgoing" }, { clusterId: "w", state: "GONE" });
  expect(await run(/identity\.gone/)).not.toMatch(/granted/);
});

test.each([
  ["auth", "tideway.v1.peer.w"],
  ["auth", "$JS.API.STREAM.DELETE.TIDEWAY_FACTS"],
  ["auth", "$JS.API.STREAM.PURGE.TIDEWAY_FACTS"],
  ["auth", "$JS.API.STREAM.UPDATE.TIDEWAY_FACTS"],
  ["auth", "_INBOX_negotiator.x"],
  ["admission", "tideway.v1.identity.w"],
  ["reader", "tideway.v1.identity.w"],
  ["reader", "$JS.API.STREAM.CREATE.OTHER"],
  ["reader", "$JS.API.STREAM.MSG.DELETE.TIDEWAY_EVENTS"],
])("%s may not publish to %s", (user, subject) => refused(user, subject));

test("a service cannot hear answers meant for another", async () => {
  const nc = await raw("auth");
  const denied = new Promise<string>((resolve) =>
    nc.subscribe("_INBOX_negotiator.>", { callback: (err) => void (err && resolve(String(err))) }),
  );
  expect(await denied).toMatch(/permissions violation/i);
  await nc.close();
});

test("who has no key is refused, and so is who trusts another CA", async () => {
  const servers = nats.url.replace("nats://", "");
  await expect(connect({ servers, tls: { ca: file("ca.crt") }, reconnect: false })).rejects.toThrow(
    /authorization/i,
  );
  await expect(connect({ servers, tls: {}, reconnect: false })).rejects.toThrow(/certificate|self/i);
});
