import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { TimeoutError } from "@tideway/errors";
import type { Bounds } from "./bounds.ts";
import {
  bodyOf,
  CONNECT_TIMEOUT_MS,
  IDLE_MS,
  type Place,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from "./transport.ts";

/** A stream that is silent this long is probed by TCP, which gives a dead peer up 10 s later (libuv: 10 probes, 1 s apart). */
const KEEPALIVE_MS = 15_000;

/** HTTP/1.1, for servers and proxies that speak nothing newer: kept-alive connections for requests, one each for streams. */
export const createHttp1 = (place: Place, atOnce: number, bounds: Bounds): Transport => {
  const { secureContext, rejectUnauthorized, host, port } = place;
  const tls = { secureContext, rejectUnauthorized };
  const agent = new Agent({
    ...tls,
    keepAlive: true,
    maxSockets: atOnce,
    scheduling: "lifo",
    timeout: IDLE_MS,
  });
  const streams = new Agent({ ...tls, keepAlive: false });

  const send = (r: TransportRequest): Promise<TransportResponse> =>
    new Promise((resolve, reject) => {
      const isStream = r.bodyTimeoutMs === 0;
      const body = r.body === undefined ? undefined : Buffer.from(r.body);
      const headers = body ? { ...r.headers, "content-length": String(body.length) } : r.headers;
      const req = request({
        host,
        port,
        method: r.method,
        path: `${place.prefix}${r.path}`,
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
      req.on("response", (answer: IncomingMessage) => {
        clearTimeout(answering);
        if (isStream) req.setTimeout(0);
        else
          answer.setTimeout(r.bodyTimeoutMs, () =>
            answer.destroy(new TimeoutError(`silent for ${r.bodyTimeoutMs} ms`)),
          );
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: bodyOf(answer, bounds) });
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
