import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import type { Readable } from "node:stream";
import { TimeoutError } from "@tideway/errors";
import type { Credentials } from "./kubeconfig.ts";

export interface TransportRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal;
  /** Longest wait for the answer's headers, in ms; 0: no bound. */
  headersTimeoutMs: number;
  /** Longest silence in the answer's body, in ms; 0: no bound, and a connection of its own. */
  bodyTimeoutMs: number;
}

export interface TransportResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: Body;
}

export type Body = Readable & { text(): Promise<string>; json(): Promise<unknown>; dump(): Promise<void> };

export interface Transport {
  /** Any status is an answer; only a failing line, a timeout or the signal rejects. */
  send(r: TransportRequest): Promise<TransportResponse>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** A stream that is silent this long is probed by TCP, which gives a dead peer up 10 s later (libuv: 10 probes, 1 s apart). */
const KEEPALIVE_MS = 15_000;
/** Shorter than the API server's own 90 s, so that we and not it end an idle connection. */
const IDLE_MS = 60_000;

const textOf = async (body: Readable): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

const readable = (answer: IncomingMessage): Body =>
  Object.assign(answer, {
    text: () => textOf(answer),
    json: async () => JSON.parse(await textOf(answer)) as unknown,
    dump: () => Promise.resolve(void answer.resume()),
  });

/** HTTP/1.1 over TLS by Node's own client: kept-alive connections for requests, one each for streams. */
export const createTransport = (c: Credentials, connections: number): Transport => {
  const url = new URL(c.server);
  const tls = {
    ...(c.ca ? { ca: c.ca } : {}),
    ...(c.cert ? { cert: c.cert } : {}),
    ...(c.key ? { key: c.key } : {}),
    rejectUnauthorized: !c.insecure,
  };
  const agent = new Agent({
    ...tls,
    keepAlive: true,
    maxSockets: connections,
    scheduling: "lifo",
    timeout: IDLE_MS,
  });
  const streams = new Agent({ ...tls, keepAlive: false });
  const target = { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port || 443 };
  const prefix = url.pathname.replace(/\/+$/, "");

  const send = (r: TransportRequest): Promise<TransportResponse> =>
    new Promise((resolve, reject) => {
      const isStream = r.bodyTimeoutMs === 0;
      const body = r.body === undefined ? undefined : Buffer.from(r.body);
      const headers = body ? { ...r.headers, "content-length": String(body.length) } : r.headers;
      const req = request({
        ...target,
        method: r.method,
        path: `${prefix}${r.path}`,
        headers,
        agent: isStream ? streams : agent,
        ...(r.signal ? { signal: r.signal } : {}),
      });
      const late = (what: string) => (): void => void req.destroy(new TimeoutError(what));
      const answering = r.headersTimeoutMs
        ? setTimeout(late(`no answer within ${r.headersTimeoutMs} ms`), r.headersTimeoutMs)
        : undefined;
      req.on("socket", (socket) => {
        if (isStream) socket.setKeepAlive(true, KEEPALIVE_MS);
        if (!socket.connecting) return;
        const connecting = setTimeout(
          late(`not connected within ${CONNECT_TIMEOUT_MS} ms`),
          CONNECT_TIMEOUT_MS,
        );
        const connected = (): void => clearTimeout(connecting);
        socket.once("secureConnect", connected).once("close", connected);
      });
      req.on("error", (err) => {
        clearTimeout(answering);
        reject(err);
      });
      req.on("response", (answer) => {
        clearTimeout(answering);
        if (isStream) req.setTimeout(0);
        else
          answer.setTimeout(r.bodyTimeoutMs, () =>
            answer.destroy(new TimeoutError(`silent for ${r.bodyTimeoutMs} ms`)),
          );
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: readable(answer) });
      });
      req.end(body);
    });

  return {
    send,
    close: () => {
      agent.destroy();
      streams.destroy();
    },
  };
};
