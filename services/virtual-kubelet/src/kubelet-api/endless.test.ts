/** Streams without end of a provider that means harm: they cost as little as their reader reads, and end with him. */
import { createServer as createHttp } from "node:http";
import { createSecureServer, type Http2SecureServer } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createKube, type Kube, PEER_BOUNDS } from "@tideway/k8s";
import { generateKeyPair, privateKeyPem, selfSigned } from "@tideway/pki";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sendLogs } from "./logs.ts";

const MB = 2 ** 20;
const keys = generateKeyPair();
const cert = selfSigned({
  dnsName: "localhost",
  keys,
  notBefore: new Date(Date.now() - 1e6),
  notAfter: new Date(Date.now() + 1e8),
});

let provider: Http2SecureServer;
let kube: Kube;
/** Bytes of its log that the provider got rid of, and whether its reader left. */
let written: number;
let stalled: boolean;
let left: Promise<unknown>;
const closing: (() => void)[] = [];

const listening = async (server: { listen(port: number, done: () => void): unknown; address(): unknown }) => {
  await new Promise<void>((done) => void server.listen(0, done));
  return (server.address() as AddressInfo).port;
};

beforeEach(async () => {
  written = 0;
  stalled = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  left = promise;
  provider = createSecureServer({ cert, key: privateKeyPem(keys.privateKey) }, (req, res) => {
    res.on("error", () => undefined);
    res.writeHead(200, { "content-type": "text/plain" });
    if (!req.url.endsWith("/log?follow=true")) return void res.end("here");
    const chunk = Buffer.alloc(64 * 1024, "no line ends here ");
    const more = (): void => {
      while (!res.stream.destroyed) {
        written += chunk.length;
        stalled = !res.write(chunk);
        if (stalled) return void res.once("drain", more);
      }
    };
    res.stream.once("close", resolve);
    more();
  });
  const port = await listening(provider);
  kube = createKube(
    { server: `https://localhost:${port}`, ca: cert },
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
  await expect.poll(() => stalled, { timeout: 20_000 }).toBe(true);
  const before = written;
  const others = await Promise.all(
    Array.from({ length: 20 }, async () =>
      (await kube.request({ method: "GET", path: "/other" })).body.text(),
    ),
  );
  expect(others.every((text) => text === "here")).toBe(true);
  expect(written).toBeLessThan(before + 32 * MB);
});

it("it ends at the provider when its reader leaves", async () => {
  const socket = await reader();
  await expect.poll(() => stalled, { timeout: 20_000 }).toBe(true);
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
