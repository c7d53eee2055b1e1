import type { ClientRequest, IncomingMessage } from "node:http";
import { request as send, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import type { Socket } from "node:net";
import type { Credentials } from "@tideway/k8s";
import { statusText } from "./status.ts";

export interface TunnelOptions {
  credentials: Credentials;
  /** Path and query at the provider. */
  path: string;
  request: IncomingMessage;
  socket: Duplex;
  /** Bytes that came with the request. */
  head: Buffer;
  /** Longest wait for connection and answer, in ms. */
  answerMs: number;
  /** The provider's name, for messages. */
  peer: string;
}

/** `switched`: both sides talk now; `refused`: the provider answered otherwise, and the caller has its answer. */
export type TunnelOutcome = "switched" | "refused" | "unreachable" | "abandoned";

/** Nothing else of the caller's goes to another cluster: not its token, not whom it may impersonate. */
const PASSED = /^(connection|upgrade|content-length|user-agent|x-stream-protocol-version|sec-websocket-.*)$/i;

const passedHeaders = (raw: readonly string[]): Record<string, string[]> => {
  const out: Record<string, string[]> = {};
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    if (PASSED.test(name)) (out[name] ??= []).push(raw[i + 1] ?? "");
  }
  return out;
};

/** As it came, header for header. */
const headOf = (res: IncomingMessage, leaveOut?: RegExp): string => {
  let text = `HTTP/1.1 ${res.statusCode ?? 502} ${res.statusMessage ?? ""}\r\n`;
  for (let i = 0; i + 1 < res.rawHeaders.length; i += 2)
    if (!leaveOut?.test(res.rawHeaders[i] ?? ""))
      text += `${res.rawHeaders[i]}: ${res.rawHeaders[i + 1]}\r\n`;
  return text;
};

/** Everything written is delivered, then the connection is over, whatever the other end still has in mind. */
const finish = (socket: Duplex): void => {
  if (!socket.destroyed) (socket as Socket).destroySoon();
};

/** Ends a connection with an answer of our own. */
export const answerOn = (socket: Duplex, code: number, reason: string, message: string): void => {
  if (socket.destroyed) return;
  const body = statusText(code, reason, message);
  const head = `HTTP/1.1 ${code} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  socket.write(`${head}Connection: close\r\n\r\n${body}`);
  finish(socket);
};

/** A dead peer of a silent session is found by the kernel, after this many ms without a word. */
const KEEP_ALIVE_MS = 30_000;
const tune = (socket: Duplex): void => {
  (socket as Socket).setNoDelay?.(true);
  (socket as Socket).setKeepAlive?.(true, KEEP_ALIVE_MS);
  (socket as Socket).setTimeout?.(0);
};

/** How long one direction may go on in silence after the other has ended, in ms. */
const LINGER_MS = 60_000;

/**
 * Bytes both ways until both sides have ended. One side's end is passed on and the other direction goes on
 * (half-close); a side that is gone takes the other along, after what it said was delivered. `pipe` waits for
 * the slower side (backpressure).
 */
export const splice = (a: Duplex, b: Duplex): Promise<void> => {
  const closed = (one: Duplex, other: Duplex): Promise<void> =>
    new Promise((done) => {
      one.once("error", () => undefined); // said by `close`
      one.once("close", () => {
        finish(other);
        done();
      });
    });
  const both = Promise.all([closed(a, b), closed(b, a)]);
  const linger = (ended: Duplex, other: Socket): void => {
    ended.once("end", () => other.setTimeout?.(LINGER_MS, () => other.destroy()));
  };
  linger(a, b as Socket);
  linger(b, a as Socket);
  a.pipe(b);
  b.pipe(a);
  return both.then(() => undefined);
};

const openRequest = async (o: TunnelOptions): Promise<ClientRequest> => {
  const { credentials: c, request } = o;
  const url = new URL(c.server);
  const headers = passedHeaders(request.rawHeaders);
  if (c.token) headers.Authorization = [`Bearer ${await c.token()}`];
  const options: RequestOptions & { allowHalfOpen: boolean; ALPNProtocols: string[] } = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port || 443,
    path: url.pathname.replace(/\/$/, "") + o.path,
    method: request.method ?? "POST",
    headers,
    agent: false,
    ...(c.ca ? { ca: c.ca } : {}),
    ...(c.cert ? { cert: c.cert } : {}),
    ...(c.key ? { key: c.key } : {}),
    rejectUnauthorized: !c.insecure,
    ALPNProtocols: ["http/1.1"], // HTTP/2 knows no upgrade
    allowHalfOpen: true,
  };
  return send(options);
};

/** Asks the provider for the same upgrade and, when it agrees, gets out of the way. Resolves at the end of it. */
export const tunnel = async (
  o: TunnelOptions,
  onSwitched: () => void = () => undefined,
): Promise<TunnelOutcome> => {
  const { socket } = o;
  tune(socket);
  const upstream = await openRequest(o);
  const { promise, resolve } = Promise.withResolvers<TunnelOutcome>();
  const timer = setTimeout(
    () => upstream.destroy(new Error(`no answer within ${o.answerMs / 1000} s`)),
    o.answerMs,
  );
  let answered = false;

  const callerLeft = (): void => {
    if (answered) return;
    upstream.destroy();
    resolve("abandoned");
  };
  socket.once("close", callerLeft);
  socket.once("error", callerLeft);

  upstream.once("upgrade", (res, remote, head) => {
    answered = true;
    clearTimeout(timer);
    tune(remote);
    socket.write(`${headOf(res)}\r\n`);
    if (head.length > 0) socket.write(head);
    if (o.head.length > 0) remote.write(o.head);
    onSwitched();
    void splice(socket, remote).then(() => resolve("switched"));
  });
  upstream.once("response", (res) => {
    answered = true;
    clearTimeout(timer);
    // the body comes decoded, so its length is told by the end of the connection
    socket.write(`${headOf(res, /^(transfer-encoding|connection|keep-alive)$/i)}Connection: close\r\n\r\n`);
    res.once("error", () => socket.destroy());
    res.pipe(socket, { end: false });
    res.once("end", () => finish(socket));
    socket.once("close", () => {
      upstream.destroy();
      resolve("refused");
    });
  });
  upstream.on("error", (err) => {
    clearTimeout(timer);
    if (answered) return;
    answered = true;
    answerOn(
      socket,
      503,
      "ServiceUnavailable",
      `cluster ${o.peer} cannot be reached at ${o.credentials.server}: ${err.message}`,
    );
    resolve("unreachable");
  });
  upstream.end();
  return promise;
};
