import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import {
  controllerMetrics,
  createMetrics,
  currentTraceparent,
  newTraceparent,
  OPEN,
  parseTraceparent,
  serveMetrics,
  startTracing,
  withSpan,
} from "./index.ts";

test("every series of a closed label set stands at 0 from the start", async () => {
  const m = createMetrics("auth");
  m.counter({ name: "tideway_x_total", help: "x", labels: { a: ["1", "2"], b: ["u", "v"] } });
  m.counter({ name: "tideway_y_total", help: "y" });
  const text = await m.registry.metrics();
  expect(text.match(/tideway_x_total\{.*\} 0/g)).toHaveLength(4);
  expect(text).toMatch(/tideway_y_total\{service="auth"\} 0/);
  expect(text).toMatch(/process_resident_memory_bytes\{service="auth"\} \d{6,}/);
});

test("a series of an open label goes with its peer", async () => {
  const m = createMetrics("auth");
  const up = m.gauge({ name: "tideway_up", help: "up", labels: { peer: OPEN } });
  up.set({ peer: "west" }, 1);
  expect(await m.registry.metrics()).toContain('peer="west"');
  up.remove({ peer: "west" });
  expect(await m.registry.metrics()).not.toContain('peer="west"');
});

test("series that are counted elsewhere are read at each scrape, and go when they are not named", async () => {
  const m = createMetrics("auth");
  let peers = ["west"];
  const read = () => peers.map((peer) => [{ peer }, 5] as const);
  m.counter({ name: "tideway_x_total", help: "x", labels: { peer: OPEN } }).collectAll(read);
  m.gauge({ name: "tideway_y", help: "y", labels: { peer: OPEN } }).collectAll(read);
  for (let i = 0; i < 2; i++)
    expect((await m.registry.metrics()).match(/tideway_[xy].*peer="west".* 5/g)).toHaveLength(2);
  peers = [];
  expect(await m.registry.metrics()).not.toContain('peer="west"');
});

test("a controller reports outcomes, duration and queue length", async () => {
  const m = createMetrics("auth");
  const c = controllerMetrics(m);
  c.depth("peer", () => 3);
  c.reconciled("peer", "success", 0.01);
  const text = await m.registry.metrics();
  expect(text).toMatch(/tideway_reconcile_total\{controller="peer",outcome="success",service="auth"\} 1/);
  expect(text).toMatch(/tideway_reconcile_total\{controller="peer",outcome="error",service="auth"\} 0/);
  expect(text).toMatch(/tideway_queue_length\{controller="peer",service="auth"\} 3/);
});

test("metrics are served at /metrics only", async () => {
  const server = await serveMetrics(createMetrics("auth"), 0);
  const at = `http://127.0.0.1:${server.port}`;
  expect((await fetch(`${at}/metrics`)).status).toBe(200);
  expect((await fetch(`${at}/`)).status).toBe(404);
  await server.close();
});

test.each([
  "",
  "00-abc-def-01",
  `00-${"0".repeat(32)}-${"1".repeat(16)}-01`,
  `00-${"1".repeat(32)}-${"0".repeat(16)}-01`,
  `ff-${"1".repeat(32)}-${"1".repeat(16)}-01`,
  `00-${"G".repeat(32)}-${"1".repeat(16)}-01`,
])("an invalid traceparent is no parent: %j", (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

test("a span keeps the trace and is the parent of what runs inside", async () => {
  const cause = newTraceparent();
  await withSpan("outer", { traceparent: cause }, async (outer) => {
    expect(currentTraceparent()).toBe(outer.traceparent);
    expect(parseTraceparent(outer.traceparent)?.traceId).toBe(parseTraceparent(cause)?.traceId);
    expect(outer.traceparent).not.toBe(cause);
    await withSpan("inner", {}, (inner) => {
      expect(parseTraceparent(inner.traceparent)?.traceId).toBe(parseTraceparent(cause)?.traceId);
    });
  });
  expect(currentTraceparent()).toBeUndefined();
});

test("exports spans when an endpoint is set, under the same trace", async () => {
  const bodies: string[] = [];
  const collector = createServer((req, res) => {
    req.setEncoding("utf8").on("data", (d: string) => bodies.push(`${req.url} ${d}`));
    req.on("end", () => res.end("{}"));
  });
  await new Promise<void>((done) => void collector.listen(0, done));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const tracing = await startTracing({ service: "auth", env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } });
  const cause = newTraceparent();
  await expect(
    withSpan("reconcile", { traceparent: cause }, () => Promise.reject(new Error("refused"))),
  ).rejects.toThrow("refused");
  await tracing.shutdown();
  collector.close();
  expect(bodies.join()).toContain("/v1/traces");
  expect(bodies.join()).toContain(parseTraceparent(cause)?.traceId ?? "none");
  expect(bodies.join()).toContain("refused");
});
