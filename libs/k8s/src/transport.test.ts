import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { isTimeout, MisbehavedError } from "@tideway/errors";
import { generateKeyPair, privateKeyPem, selfSigned } from "@tideway/pki";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OWN_BOUNDS } from "./bounds.ts";
import { createTransport, type Transport, type TransportRequest } from "./transport.ts";

const keys = generateKeyPair();
const HOUR = 3_600_000;
const cert = selfSigned({
  dnsName: "server",
  keys,
  notBefore: new Date(Date.now() - HOUR),
  notAfter: new Date(Date.now() + HOUR),
});
const identity = { key: privateKeyPem(keys.privateKey), cert };

const ask = (path: string, more: Partial<TransportRequest> = {}): TransportRequest => ({
  method: "GET",
  path,
  headers: {},
  headersTimeoutMs: 5_000,
  bodyTimeoutMs: 5_000,
  ...more,
});
const open: (() => void)[] = [];
const clientOf = (port: number, atOnce = 64, prefix = "", bounds = OWN_BOUNDS): Transport => {
  const transport = createTransport(
    { server: `https://127.0.0.1:${port}${prefix}`, insecure: true },
    atOnce,
    bounds,
  );
  open.push(() => transport.close());
  return transport;
};
afterEach(() => open.splice(0).forEach((end) => end()));
const portOf = (s: { address(): unknown }): number => (s.address() as AddressInfo).port;
const textOf = async (t: Transport, path: string): Promise<string> => (await t.send(ask(path))).body.text();

describe("a server that speaks HTTP/2", () => {
  let server: Http2SecureServer;
  let sessions: ServerHttp2Session[];
  let sockets: Socket[];
  let most: number;
  beforeEach(async () => {
    sessions = [];
    most = 0;
    server = createSecureServer({ ...identity, settings: { maxConcurrentStreams: 100 } });
    sockets = [];
    server.on("connection", (s: Socket) => sockets.push(s));
    server.on("session", (s) => sessions.push(s));
    let now = 0;
    server.on("stream", (stream, headers) => {
      const path = String(headers[":path"]);
      stream.on("error", () => undefined);
      if (path === "/never") return;
      stream.respond({ ":status": path === "/missing" ? 404 : 200 });
      if (path === "/drips") {
        const drip = setInterval(() => stream.write(" "), 10);
        return void stream.once("close", () => clearInterval(drip));
      }
      if (path === "/stays") return void stream.write("{}\n");
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        stream.end(`${String(headers[":method"])} ${path}`);
      }, 20);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  afterEach(() => {
    for (const s of sessions) s.destroy();
    server.close();
  });

  test.each([
    ["that never is whole", "AnswerTooSlow", { bodyMs: 100 }],
    ["that is longer than is read", "AnswerTooLarge", { bytes: 20 }],
  ])("gives up an answer %s, and asks on", async (_, reason, bound) => {
    const t = clientOf(portOf(server), 64, "", { ...OWN_BOUNDS, ...bound });
    const err = await textOf(t, "/drips").catch((e: unknown) => e);
    expect(err).toBeInstanceOf(MisbehavedError);
    expect((err as MisbehavedError).reason).toBe(reason);
    expect(await textOf(t, "/next")).toBe("GET /next");
  });

  test("gets requests and streams over one connection, each answer to its own", async () => {
    const t = clientOf(portOf(server), 64, "/base");
    const stop = new AbortController();
    const streams = await Promise.all(
      Array.from({ length: 30 }, () => t.send(ask("/x/../stays", { bodyTimeoutMs: 0, signal: stop.signal }))),
    );
    const texts = await Promise.all(Array.from({ length: 30 }, (_, i) => textOf(t, `/${i}?a=b`)));
    expect(texts).toEqual(Array.from({ length: 30 }, (_, i) => `GET /base/${i}?a=b`));
    expect((await t.send(ask("/missing"))).status).toBe(200); // below the prefix
    expect(sessions).toHaveLength(1);
    stop.abort();
    await Promise.all(streams.map((s) => expect(s.body.text()).rejects.toThrow()));
  });

  test("whose answer is read late has lost nothing of it", async () => {
    const answer = await clientOf(portOf(server)).send(ask("/late"));
    await new Promise((later) => setTimeout(later, 30)); // the whole of it came meanwhile
    expect(await answer.body.text()).toBe("GET /late");
  });

  test("opens another connection when one has all the streams that it may", async () => {
    const t = clientOf(portOf(server));
    const streams = await Promise.all(
      Array.from({ length: 120 }, () => t.send(ask("/stays", { bodyTimeoutMs: 0 }))),
    );
    expect(await textOf(t, "/after")).toBe("GET /after");
    expect(sessions).toHaveLength(2);
    for (const s of streams) s.body.destroy();
  });

  test("sees no more requests at once than were asked for", async () => {
    const t = clientOf(portOf(server), 3);
    await Promise.all(Array.from({ length: 12 }, (_, i) => textOf(t, `/${i}`)));
    expect(most).toBe(3);
  });

  test("that does not answer is given up after the time that was given", async () => {
    const late = clientOf(portOf(server)).send(ask("/never", { headersTimeoutMs: 30 }));
    expect(isTimeout(await late.catch((err: unknown) => err))).toBe(true);
  });

  test("that falls silent in its answer is given up too", async () => {
    const answer = await clientOf(portOf(server)).send(ask("/stays", { bodyTimeoutMs: 30 }));
    expect(isTimeout(await answer.body.text().catch((err: unknown) => err))).toBe(true);
  });

  test("is not waited for by who gives up", async () => {
    const stop = new AbortController();
    const waiting = clientOf(portOf(server)).send(ask("/never", { signal: stop.signal }));
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  test("that closes its connections in good order loses no request", async () => {
    const t = clientOf(portOf(server));
    const asked: Promise<string>[] = [];
    for (let i = 0; i < 40; i++) {
      asked.push(textOf(t, `/${i}`));
      if (i % 10 === 5) for (const s of sessions) s.close(); // GOAWAY, and what is under way is still answered
      await new Promise((next) => setTimeout(next, 1));
    }
    expect(await Promise.all(asked)).toEqual(asked.map((_, i) => `GET /${i}`));
    expect(sessions.length).toBeGreaterThan(1);
  });

  test("whose connection breaks fails what was on it, and is asked over a new one", async () => {
    const t = clientOf(portOf(server));
    const stays = await t.send(ask("/stays", { bodyTimeoutMs: 0 }));
    const waiting = t.send(ask("/never")).catch((err: unknown) => err);
    await new Promise((next) => stays.body.once("data", next));
    for (const s of sockets) s.destroy();
    expect(await waiting).toBeInstanceOf(Error);
    expect(await textOf(t, "/again")).toBe("GET /again");
  });
});

test("a server that speaks HTTP/1.1 only is spoken to in that", async () => {
  const server = createServer(identity, (q, a) => {
    a.end(`${q.httpVersion} ${q.url}`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const t = clientOf(portOf(server));
  expect(await Promise.all([textOf(t, "/a"), textOf(t, "/b")])).toEqual(["1.1 /a", "1.1 /b"]);
  server.closeAllConnections();
  server.close();
});

test("nobody at the address is an error, soon", async () => {
  await expect(clientOf(1).send(ask("/"))).rejects.toThrow("ECONNREFUSED");
});
