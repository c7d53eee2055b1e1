/** Streams without end of a provider that means harm: they cost as little as their reader reads, and end with him. */
import { createServer as createHttp } from "node:http";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createKube, type Kube, PEER_BOUNDS } from "@tideway/k8s";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Flood, flood, identityOf, standsStill } from "./fixtures.ts";
import { sendLogs } from "./logs.ts";

const MB = 2 ** 20;
const identity = identityOf("localhost");

let provider: Http2SecureServer;
let kube: Kube;
/** Its log, once somebody asked; and whether its reader left. */
let log: Flood | undefined;
let left: Promise<unknown>;
const closing: (() => void)[] = [];

const listening = async (server: { listen(port: number, done: () => void): unknown; address(): unknown }) => {
  await new Promise<void>((done) => void server.listen(0, done));
  return (server.address() as AddressInfo).port;
};

beforeEach(async () => {
  log = undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  left = promise;
  provider = createSecureServer(identity, (req, res) => {
    res.on("error", () => undefined);
    res.writeHead(200, { "content-type": "text/plain" });
    if (!req.url.endsWith("/log?follow=true")) return void res.end("here");
    res.stream.once("close", resolve);
    log = flood(res.stream);
  });
  const port = await listening(provider);
  kube = createKube(
    { server: `https://localhost:${port}`, ca: identity.cert },
    { userAgent: "t", bounds: PEER_BOUNDS },
  );
  closing.push(
    () => kube.close(),
    () => provider.close(),
  );
});
afterEach(() => closing.splice(0).forEach((close) => close()));

/** Who asks for the log, and does not read what comes. */
const reader = async (): Promise<Socket> => {
  const ours = createHttp((_req, res) => {
    sendLogs(kube, "/log?follow=true", true, res).catch(() => res.destroy());
  });
  const socket = connect({ port: await listening(ours), host: "localhost" });
  socket.on("error", () => undefined);
  closing.push(
    () => socket.destroy(),
    () => ours.close(),
  );
  socket.pause();
  socket.write("GET /log HTTP/1.1\r\nHost: x\r\n\r\n");
  return socket;
};

it("a log without end waits for its reader, and others are served meanwhile", async () => {
  await reader();
  await standsStill(() => log);
  const before = log?.written ?? 0;
  const others = await Promise.all(
    Array.from({ length: 20 }, async () =>
      (await kube.request({ method: "GET", path: "/other" })).body.text(),
    ),
  );
  expect(others.every((text) => text === "here")).toBe(true);
  expect(log?.written).toBeLessThan(before + 32 * MB);
});

it("it ends at the provider when its reader leaves", async () => {
  const socket = await reader();
  await standsStill(() => log);
  socket.destroy();
  await left;
});

it("one that is read flows on", async () => {
  const socket = await reader();
  let read = 0;
  socket.on("data", (d: Buffer) => (read += d.length)).resume();
  await expect.poll(() => read > 64 * MB, { timeout: 20_000 }).toBe(true);
  socket.destroy();
  await left;
});
