import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, nkeyAuthenticator, type NatsConnection } from "@nats-io/transport-node";
import { silentLogger } from "@tideway/log";
import { freePorts, type NatsServer, startNats } from "@tideway/sandbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bus, connectBus } from "../src/index.ts";

/** The credentials that ship: users with their permissions, and one certificate for clients and for routes. */
const script = pathOf(import.meta.dirname, "../../../hack/bus-credentials.ts");
const dir = mkdtempSync(pathOf(tmpdir(), "tideway-bus-"));
const file = (name: string): string => readFileSync(pathOf(dir, name), "utf8");
const tls = `cert_file: "${dir}/tls.crt", key_file: "${dir}/tls.key", min_version: "1.3"`;

let servers: NatsServer[] = [];
const buses: Bus[] = [];

const join = async (service: string, server: NatsServer): Promise<Bus> => {
  const bus = await connectBus({
    url: server.url.replace("nats://", "tls://"),
    service,
    seed: file(`seeds/${service}`),
    ca: file("ca.crt"),
    replicas: 3,
    clusterID: "east",
    log: silentLogger,
    settleMs: 0,
  });
  buses.push(bus);
  return bus;
};
const read = (server: NatsServer): Promise<NatsConnection> =>
  connect({
    servers: server.url.replace("nats://", ""),
    tls: { ca: file("ca.crt") },
    authenticator: nkeyAuthenticator(new TextEncoder().encode(file("seeds/reader"))),
    inboxPrefix: "_INBOX_reader",
  });

beforeAll(async () => {
  execFileSync(process.execPath, [script, "--out", dir]);
  const ports = await freePorts(3);
  const routes = ports.map((p) => `nats-route://127.0.0.1:${p}`).join(", ");
  const config = (port: number, i: number): string => `
    server_name: bus-${i}
    tls { ${tls} }
    cluster {
      name: tideway, listen: "127.0.0.1:${port}", no_advertise: true, routes: [${routes}]
      tls { ${tls}, ca_file: "${dir}/ca.crt" }
    }
    ${file("users.conf")}`;
  servers = await Promise.all(ports.map((port, i) => startNats({ config: config(port, i) })));
});
afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(dir, { recursive: true });
});

test("three servers keep every fact; one that is lost is not missed, and catches up when it is back", async () => {
  const [first, second, third] = servers as [NatsServer, NatsServer, NatsServer];
  const [auth, negotiator] = [await join("auth", first), await join("negotiator", third)];
  const say = (state: "GRANTED" | "DENIED" | "REVOKED"): Promise<void> =>
    auth.publish("identity", { peer: "w", id: "outgoing" }, { clusterId: "w", state });
  await say("DENIED");
  const view = await negotiator.facts("identity");
  await view.synced;
  expect(view.get("w", "outgoing")?.data.state).toBe("DENIED");

  const nc = await read(first);
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  for (const stream of ["TIDEWAY_FACTS", "TIDEWAY_EVENTS"])
    expect((await jsm.streams.info(stream)).config.num_replicas).toBe(3);

  await second.kill();
  await say("GRANTED");
  await expect.poll(() => view.get("w", "outgoing")?.data.state).toBe("GRANTED");

  await second.start();
  const current = async (): Promise<boolean[] | undefined> => {
    const { cluster } = await jsm.streams.info("TIDEWAY_FACTS");
    return cluster?.replicas?.map((r) => r.current && !r.offline);
  };
  await expect.poll(current).toEqual([true, true]);

  await third.kill(); // no majority without the one that came back
  await say("REVOKED");
  const late = await (await join("replicator", second)).facts("identity");
  await late.synced;
  expect(late.get("w", "outgoing")?.data.state).toBe("REVOKED");
  await nc.close();
}, 180_000);
