import { createServer as createHttp, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { type Flood, flood, identityOf, standsStill } from "./fixtures.ts";
import { tunnel, type TunnelOutcome } from "./tunnel.ts";

const identity = identityOf("localhost");
const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

const listen = (server: Server): Promise<number> =>
  new Promise((done) => {
    closing.push(() => server.close());
    server.listen(0, () => done((server.address() as AddressInfo).port));
  });

/** A provider that does with an upgrade what the test says. */
const provider = async (onUpgrade: (req: IncomingMessage, socket: Duplex) => void): Promise<number> => {
  const server = createHttps({ ...identity, allowHalfOpen: true }, (req, res) => {
    res.writeHead(404, { "content-type": "application/json", "x-from": "provider" });
    res.write('{"kind":"Status",');
    res.end(`"path":"${req.url}"}`);
  });
  server.on("upgrade", (req, socket) => {
    socket.on("error", () => undefined);
    onUpgrade(req, socket);
  });
  return listen(server);
};

/** Our side of the tunnel, and a caller connected to it. */
const call = async (
  port: number,
  head = "",
): Promise<{ socket: Socket; outcome: Promise<TunnelOutcome> }> => {
  const { promise: outcome, resolve, reject } = Promise.withResolvers<TunnelOutcome>();
  const server = createHttp();
  server.on("upgrade", (request, socket, rest) => {
    socket.on("error", () => undefined);
    const credentials = { server: `https://localhost:${port}`, ca: identity.cert };
    tunnel({
      credentials,
      path: "/exec?a=1",
      request,
      socket,
      head: rest,
      answerMs: 1_000,
      peer: "west",
    }).then(resolve, reject);
  });
  const socket = connect({ port: await listen(server), host: "localhost", allowHalfOpen: true });
  closing.push(() => socket.destroy());
  const lines = [
    "POST /exec HTTP/1.1",
    "Host: x",
    "Connection: Upgrade",
    "Upgrade: SPDY/3.1",
    "X-Stream-Protocol-Version: v5",
    "X-Stream-Protocol-Version: v4",
  ];
  socket.write(
    `${[...lines, "Authorization: Bearer secret", "Impersonate-User: admin"].join("\r\n")}\r\n\r\n${head}`,
  );
  return { socket, outcome };
};

const untilEnd = async (socket: Socket): Promise<string> => {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
};
const SWITCH =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4\r\nConnection: Upgrade\r\n\r\n";

it("passes bytes both ways, the first of which came with the heads, and half-closes", async () => {
  let seen: IncomingMessage | undefined;
  const port = await provider((req, remote) => {
    seen = req;
    let got = "";
    remote.on("data", (d) => (got += String(d)));
    remote.on("end", () => remote.end(` after the end: ${got}`)); // answers after the caller's half was closed
    remote.write(`${SWITCH}first`);
  });
  const { socket, outcome } = await call(port, "early ");
  socket.end("late");
  expect(await untilEnd(socket)).toBe(`${SWITCH}first after the end: early late`);
  expect(await outcome).toBe("switched");
  expect(seen?.headers).toMatchObject({ upgrade: "SPDY/3.1", "x-stream-protocol-version": "v5, v4" });
  expect(seen?.headers).not.toHaveProperty("authorization");
  expect(seen?.headers).not.toHaveProperty("impersonate-user");
});

it("waits for the slower side", async () => {
  const size = 32 * 1024 * 1024;
  let written = 0;
  let stalled = false;
  const port = await provider((_req, remote) => {
    remote.write(SWITCH);
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (written < size) {
        written += chunk.length;
        if (!remote.write(chunk)) {
          stalled = true;
          return void remote.once("drain", more);
        }
      }
      remote.end();
    };
    more();
  });
  const { socket } = await call(port);
  await expect.poll(() => stalled, { timeout: 20_000 }).toBe(true);
  await new Promise((done) => setTimeout(done, 300)); // the caller does not read yet
  expect(written).toBeLessThan(size);
  let read = 0;
  for await (const chunk of socket) read += (chunk as Buffer).length;
  expect(read).toBe(size + SWITCH.length);
});

it("hands back the provider's refusal as it is", async () => {
  const server = createHttps(identity);
  server.on("upgrade", (req, socket) => {
    socket.end(
      `HTTP/1.1 404 Not Found\r\nX-From: provider\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n${req.url?.slice(0, 5)}\r\n0\r\n\r\n`,
    );
  });
  const { socket, outcome } = await call(await listen(server));
  const text = await untilEnd(socket);
  expect(text).toMatch(/^HTTP\/1\.1 404 Not Found\r\nX-From: provider\r\n/);
  expect(text).not.toMatch(/chunked/i);
  expect(text).toMatch(/\r\n\r\n\/exec$/);
  expect(await outcome).toBe("refused");
});

it("a refusal without end waits for its caller, and ends with it", async () => {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  let refusal: Flood | undefined;
  const server = createHttps(identity);
  server.on("upgrade", (_req, socket) => {
    socket.on("error", () => undefined);
    socket.once("close", resolve);
    socket.write("HTTP/1.1 500 No\r\n\r\n");
    refusal = flood(socket);
  });
  const { socket, outcome } = await call(await listen(server));
  await standsStill(() => refusal);
  socket.destroy();
  expect(await outcome).toBe("refused");
  await gone;
});

it("tells which cluster cannot be reached", async () => {
  const { socket, outcome } = await call(1);
  expect(await untilEnd(socket)).toMatch(
    /^HTTP\/1\.1 503 [^]*cluster west cannot be reached at https:\/\/localhost:1/,
  );
  expect(await outcome).toBe("unreachable");
});

it("a provider that accepts and says nothing is given up", async () => {
  const port = await provider(() => undefined);
  const { socket, outcome } = await call(port);
  expect(await untilEnd(socket)).toContain("no answer within 1 s");
  expect(await outcome).toBe("unreachable");
});

it.each(["caller", "provider"])("a %s that is gone takes the other side along", async (who) => {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  const port = await provider((_req, remote) => {
    remote.write(SWITCH);
    remote.on("close", resolve);
    remote.on("end", () => remote.end());
    if (who === "provider") setTimeout(() => remote.destroy(), 50);
    remote.resume();
  });
  const { socket, outcome } = await call(port);
  socket.once("data", () => who === "caller" && socket.resetAndDestroy());
  socket.on("error", () => undefined);
  socket.on("end", () => socket.end());
  expect(await outcome).toBe("switched");
  await gone;
});
