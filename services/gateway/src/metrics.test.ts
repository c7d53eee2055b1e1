import { createMetrics } from "@tideway/telemetry";
import { expect, it } from "vitest";
import { gatewayMetrics } from "./metrics.ts";

const figures = (receivedBytes: number) => ({
  peer: "west",
  state: "CONNECTED" as const,
  receivedBytes,
  sentBytes: 0,
  latencyMs: 2,
  loss: 0,
  lastHandshake: undefined,
});

it("shows with each scrape what is true then", async () => {
  const all = createMetrics("test");
  const own = gatewayMetrics(all);
  let bytes = 0;
  own.beforeScrape(async () => {
    await Promise.resolve();
    own.peers([figures((bytes += 100))], 0);
  });
  const shown = async (): Promise<string | undefined> =>
    /^tideway_gateway_received_bytes_total\{.*\} (\d+)$/m.exec(await all.registry.metrics())?.[1];
  expect([await shown(), await shown()]).toEqual(["100", "200"]);
});

it("shows older figures rather than none", async () => {
  const all = createMetrics("test");
  const own = gatewayMetrics(all);
  own.peers([figures(7)], 0);
  own.beforeScrape(() => new Promise(() => undefined));
  expect(await all.registry.metrics()).toMatch(/received_bytes_total\{.*\} 7/);
});
