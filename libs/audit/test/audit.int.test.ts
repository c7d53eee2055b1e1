import { connectBus, type Bus, type BusEvent } from "@tideway/bus";
import { createLogger, silentLogger } from "@tideway/log";
import type { FactOf } from "@tideway/protos";
import { startNats, type NatsServer } from "@tideway/sandbox";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createAudit, type AuditRecord } from "../src/index.ts";

let nats: NatsServer;
let bus: Bus;
let reader: Bus;
const join = (service: string): Promise<Bus> =>
  connectBus({ url: nats.url, service, clusterID: "west", log: silentLogger, settleMs: 0 });
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 60_000, interval: 25 });
const history = async (peer: string): Promise<(BusEvent & { data: FactOf["audit"] })[]> => {
  const all: BusEvent[] = [];
  for await (const e of reader.events({ follow: false, entity: "audit", peer })) all.push(e);
  return all as (BusEvent & { data: FactOf["audit"] })[];
};
const total = async (peer: string): Promise<number> =>
  (await history(peer)).reduce((n, { data }) => n + data.count, 0);
const denied = (o: Partial<AuditRecord> = {}): AuditRecord => ({
  peer: "east",
  actor: { clusterID: "east", address: "10.0.0.7" },
  action: "authenticate",
  object: "Invitation/one",
  outcome: "DENIED",
  reason: "UnknownToken",
  message: "no such token",
  ...o,
});

beforeAll(async () => {
  nats = await startNats();
  bus = await join("auth");
  reader = await join("reader");
});
afterAll(async () => {
  await Promise.all([bus?.close(), reader?.close()]);
  await nats?.stop();
});

test("a decision is an event of the history and a line of the log", async () => {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const audit = createAudit({ bus, service: "auth", log: createLogger({ service: "auth", destination }) });
  audit.record(denied());
  await audit.close();
  await until(async () => expect(await history("east")).toHaveLength(1));
  const [event] = await history("east");
  const said = {
    outcome: "DENIED",
    reason: "UnknownToken",
    action: "authenticate",
    object: "Invitation/one",
    actorId: "east",
    actorAddress: "10.0.0.7",
    count: 1,
  };
  expect(event).toMatchObject({
    type: "dev.tideway.audit.denied",
    source: "/clusters/west/auth",
    data: said,
  });
  expect(lines).toEqual([expect.objectContaining({ audit: true, level: "info", peer: "east", ...said })]);
});

test("decisions made at the same moment overtake each other neither in the facts nor in the history", async () => {
  const audit = createAudit({ bus, service: "auth", log: silentLogger });
  const reasons = Array.from({ length: 200 }, (_, i) => `Reason${i}`);
  for (const reason of reasons) audit.record(denied({ peer: "many", reason }));
  await audit.close();
  await until(async () =>
    expect((await history("many")).map((e) => e.data.reason).sort()).toEqual([...reasons].sort()),
  );
});

test("of a storm nothing is lost in number, and the history stays short", async () => {
  const audit = createAudit({ bus, service: "auth", log: silentLogger });
  for (let i = 0; i < 10_000; i++) audit.record(denied({ peer: "storm", message: `try ${i}` }));
  await until(async () => expect(await total("storm")).toBe(10_000));
  expect(await history("storm")).toHaveLength(2);
  await audit.close();
});

test("what is decided while the bus is away is stored once when it is back", async () => {
  const audit = createAudit({ bus, service: "auth", log: silentLogger });
  await nats.kill();
  for (const reason of ["A", "B", "A"]) audit.record(denied({ peer: "away", reason }));
  await nats.start();
  await until(async () => expect(await total("away")).toBe(3));
  await audit.close();
});

test("a caller's words cannot forge a line", async () => {
  const audit = createAudit({ bus, service: "auth", log: silentLogger });
  audit.record(denied({ peer: "words", message: `a\nb\u001b[31m${"x".repeat(2_000)}` }));
  await audit.close();
  await until(async () => expect(await history("words")).toHaveLength(1));
  const message = (await history("words"))[0]?.data.message ?? "";
  expect(message.startsWith("a?b?[31mx")).toBe(true);
  expect(message).toHaveLength(512);
});
