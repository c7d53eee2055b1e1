import { connect } from "@nats-io/transport-node";
import { createLogger, silentLogger } from "@tideway/log";
import { startNats, type NatsServer } from "@tideway/sandbox";
import { createMetrics } from "@tideway/telemetry";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connectBus, type Bus, type BusEvent, type BusOptions } from "../src/index.ts";

let nats: NatsServer;
const open: Bus[] = [];
const join = async (service: string, o: Partial<BusOptions> = {}): Promise<Bus> => {
  const bus = await connectBus({
    url: nats.url,
    service,
    clusterID: "east",
    log: silentLogger,
    settleMs: 0,
    ...o,
  });
  open.push(bus);
  return bus;
};
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 25 });
const collect = async (bus: Bus, peer: string): Promise<BusEvent[]> => {
  const all: BusEvent[] = [];
  for await (const event of bus.events({ follow: false, peer })) all.push(event);
  return all;
};
let serial = 0;
/** A peer no other test knows. */
const newPeer = (): string => `peer-${++serial}`;

beforeAll(async () => {
  nats = await startNats();
});
afterAll(async () => {
  await Promise.all(open.map((bus) => bus.close()));
  await nats?.stop();
});

test("a view has the current state first, then changes", async () => {
  const auth = await join("auth");
  const peer = newPeer();
  await auth.publish(
    "identity",
    { peer, id: "outgoing" },
    { clusterId: peer, state: "DENIED", reason: "BadToken" },
  );
  await auth.publish("identity", { peer, id: "outgoing" }, { clusterId: peer, state: "GRANTED" });
  const view = await (await join("negotiator")).facts("identity");
  await view.synced;
  expect(view.get(peer, "outgoing")).toMatchObject({
    type: "dev.tideway.identity.granted",
    data: { state: "GRANTED", reason: "", clusterId: peer },
  });
  const seen: string[] = [];
  view.onChange((f) => void (f.peer === peer && seen.push(f.data.state)));
  await auth.publish("identity", { peer, id: "outgoing" }, { clusterId: peer, state: "REVOKED" });
  await until(() => expect(seen).toEqual(["GRANTED", "REVOKED"]));
});

test("a fact said at the very moment the one before it settles is stored too", async () => {
  const bus = await join("auth");
  const nats = await (await join("negotiator")).facts("identity");
  const last: Promise<void>[] = [];
  const peers = Array.from({ length: 12 }, newPeer);
  for (const [ticks, peer] of peers.entries()) {
    await bus.publish("identity", { peer, id: "outgoing" }, { clusterId: peer, state: "DENIED" });
    const again = bus.publish("identity", { peer, id: "outgoing" }, { clusterId: peer, state: "DENIED" });
    for (let i = 0; i < ticks; i++) await Promise.resolve();
    last.push(bus.publish("identity", { peer, id: "outgoing" }, { clusterId: peer, state: "GRANTED" }));
    await again;
  }
  await Promise.all(last);
  await until(() =>
    expect(peers.map((p) => nats.get(p, "outgoing")?.data.state)).toEqual(peers.map(() => "GRANTED")),
  );
});

test("a plain subscriber reads CloudEvents headers and JSON", async () => {
  const nc = await connect({ servers: nats.url.replace("nats://", "") });
  const peer = newPeer();
  const sub = nc.subscribe(`tideway.v1.offer.${peer}.>`, { max: 1 });
  await nc.flush();
  const bus = await join("negotiator");
  const traceparent = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
  await bus.publish(
    "offer",
    { peer, id: "incoming" },
    { clusterId: peer, state: "OFFERED", resources: { cpu: "2" } },
    { traceparent },
  );
  for await (const m of sub) {
    expect(m.headers?.get("ce-type")).toBe("dev.tideway.offer.offered");
    expect(m.headers?.get("ce-source")).toBe("/clusters/east/negotiator");
    expect(m.headers?.get("traceparent")).toBe(traceparent);
    expect(m.json()).toEqual({ clusterId: peer, state: "OFFERED", resources: { cpu: "2" } });
  }
  await nc.close();
});

test("saying the same again stores nothing; A, B, A stores three", async () => {
  const bus = await join("virtual-kubelet");
  const peer = newPeer();
  const say = (state: "READY" | "NOT_READY") => bus.publish("node", { peer }, { clusterId: peer, state });
  for (const state of ["READY", "READY", "NOT_READY", "READY", "READY"] as const) await say(state);
  const again = await join("virtual-kubelet"); // a restarted service republishes what the bus already holds
  await again.publish("node", { peer }, { clusterId: peer, state: "READY" });
  await until(async () => {
    const types = (await collect(bus, peer)).map((e) => e.type.split(".").at(-1));
    expect(types).toEqual(["ready", "not_ready", "ready"]);
  });
});

test("what another replica said in between is not taken for unchanged", async () => {
  const [a, b] = [await join("auth"), await join("auth")];
  const peer = newPeer();
  const say = (bus: Bus, state: "GRANTED" | "REVOKED") =>
    bus.publish("identity", { peer }, { clusterId: peer, state });
  await say(a, "GRANTED");
  await say(b, "REVOKED");
  const view = await (await join("reader")).facts("identity");
  await until(() => expect(view.get(peer)?.data.state).toBe("REVOKED"));
  await say(a, "GRANTED");
  await until(() => expect(view.get(peer)?.data.state).toBe("GRANTED"));
});

test("of a burst the newest state wins, and every call resolves", async () => {
  const bus = await join("replicator");
  const peer = newPeer();
  await Promise.all(
    Array.from({ length: 50 }, (_, backlog) =>
      bus.publish("replication", { peer }, { state: "CONNECTED", backlog }),
    ),
  );
  const view = await bus.facts("replication");
  await until(() => expect(view.get(peer)?.data.backlog).toBe(49));
});

test("data that is no such fact is refused at once", async () => {
  const bus = await join("auth");
  await expect(bus.publish("identity", { peer: "x" }, { state: "MAYBE" } as never)).rejects.toThrow(
    "field state must be one of",
  );
});

test("a malformed message hides nothing: logged with its field, counted, the rest stands", async () => {
  const lines: string[] = [];
  const metrics = createMetrics("reader");
  const log = createLogger({ service: "reader", destination: { write: (l) => void lines.push(l) } });
  const reader = await join("reader", { log, metrics });
  const auth = await join("auth");
  const peer = newPeer();
  const view = await reader.facts("identity");
  await auth.publish("identity", { peer }, { clusterId: peer, state: "GRANTED" });
  await until(() => expect(view.get(peer)?.data.state).toBe("GRANTED"));
  const nc = await connect({ servers: nats.url.replace("nats://", "") });
  nc.publish(`tideway.v1.identity.${peer}`, '{"state":5}');
  await nc.flush();
  await until(() => expect(lines.join()).toContain("header ce-specversion is missing"));
  expect(view.get(peer)?.data.state).toBe("GRANTED");
  await auth.publish("identity", { peer }, { clusterId: peer, state: "REVOKED" });
  await until(() => expect(view.get(peer)?.data.state).toBe("REVOKED"));
  expect(await metrics.registry.metrics()).toMatch(
    /received_total\{entity="identity",outcome="malformed".*\} [1-9]/,
  );
  await nc.close();
});

test("history starts where it is asked to, follows, and filters", async () => {
  const bus = await join("auth");
  const peer = newPeer();
  const say = (state: "GRANTED" | "REVOKED" | "GONE") =>
    bus.publish("identity", { peer }, { clusterId: peer, state });
  await say("GRANTED");
  await until(async () => expect(await collect(bus, peer)).toHaveLength(1));
  const seenAt = Date.now();
  await until(() => expect(Date.now()).toBeGreaterThan(seenAt)); // a time is told in whole milliseconds
  const since = new Date();
  const abort = new AbortController();
  const types: string[] = [];
  const following = (async () => {
    for await (const e of bus.events({ since, follow: true, entity: "identity", peer, signal: abort.signal }))
      types.push(e.type);
  })();
  await say("REVOKED");
  await say("GONE");
  await until(() => expect(types.at(-1)).toBe("dev.tideway.identity.gone"));
  expect(types).not.toContain("dev.tideway.identity.granted");
  abort.abort();
  await following;
});

describe("when the bus goes away", () => {
  test("it is waited for at start, and the log says where", async () => {
    const lines: string[] = [];
    const log = createLogger({ service: "auth", destination: { write: (l) => void lines.push(l) } });
    await nats.kill();
    const status: boolean[] = [];
    const joining = join("auth", { log, onStatus: (ok) => void status.push(ok) });
    await until(() => expect(lines.join()).toContain("waiting for the bus"));
    expect(lines.join()).toContain(nats.url);
    expect(status).toEqual([false]);
    await nats.start();
    expect((await joining).connected()).toBe(true);
    expect(status).toEqual([false, true]);
  });

  test("waiting ends with the signal", async () => {
    await nats.kill();
    const abort = new AbortController();
    const joining = join("auth", { signal: abort.signal });
    abort.abort();
    await expect(joining).rejects.toThrow("stopped before the bus");
    await nats.start();
  });

  test("what is said meanwhile is stored once it is back, and a view reads on", async () => {
    const bus = await join("auth");
    const peer = newPeer();
    const view = await bus.facts("identity");
    await bus.publish("identity", { peer }, { clusterId: peer, state: "GRANTED" });
    await until(() => expect(view.get(peer)?.data.state).toBe("GRANTED"));
    const states: string[] = [];
    view.onChange((f) => void (f.peer === peer && states.push(f.data.state)));
    await nats.kill();
    await until(() => expect(bus.connected()).toBe(false));
    const said = bus.publish("identity", { peer }, { clusterId: peer, state: "REVOKED" });
    await nats.start();
    await said;
    await until(() => expect(states).toEqual(["GRANTED", "REVOKED"]));
  });

  test("losing its storage loses no state: streams are made again, owners are asked to speak, views keep what they had", async () => {
    const [owner, reader] = [await join("discovery"), await join("auth")];
    const [peer, quiet] = [newPeer(), newPeer()];
    const say = (phase: "PRESENT" | "GONE") => owner.publish("peer", { peer }, { clusterId: peer, phase });
    let asked = 0;
    owner.onReconnect(() => {
      asked++;
      void say("PRESENT");
    });
    await say("PRESENT");
    await owner.publish("peer", { peer: quiet }, { clusterId: quiet, phase: "PRESENT" });
    const view = await reader.facts("peer");
    await view.synced;
    await nats.kill();
    await nats.start({ wipe: true });
    await until(() => expect(asked).toBeGreaterThan(0));
    const late = await (await join("negotiator")).facts("peer");
    await until(() => expect(late.get(peer)?.data.phase).toBe("PRESENT"));
    expect(view.get(quiet)?.data.phase).toBe("PRESENT"); // its owner is away; nobody said it is gone
    await say("GONE");
    await until(() => expect(view.get(peer)?.data.phase).toBe("GONE"));
  });

  test("closing gives up what cannot be stored, and says so", async () => {
    const bus = await join("auth");
    await nats.kill();
    await until(() => expect(bus.connected()).toBe(false));
    const said = bus.publish("identity", { peer: "x" }, { state: "GRANTED" });
    const refused = expect(said).rejects.toThrow("closed before");
    await bus.close();
    await refused;
    await expect(bus.publish("identity", { peer: "x" }, { state: "GRANTED" })).rejects.toThrow(
      "the bus is closed",
    );
    await nats.start();
  });
});

test("absence counts only when the streams are older than the time publishers need", async () => {
  await Promise.all(open.splice(0).map((bus) => bus.close()));
  await nats.kill();
  await nats.start({ wipe: true });
  const startedAt = performance.now();
  const bus = await join("auth", { settleMs: 600 });
  const view = await bus.facts("peer");
  await view.synced;
  expect(performance.now() - startedAt).toBeGreaterThan(500);
  expect(view.list()).toEqual([]);
});
