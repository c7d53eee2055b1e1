import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { createSecureContext, type SecureContext } from "node:tls";
import { createHttp1 } from "./http1.ts";
import { createHttp2, NotSpokenError } from "./http2.ts";
import { MisbehavedError } from "@tideway/errors";
import type { Bounds } from "./bounds.ts";
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
  /** Longest silence in the answer's body, in ms; 0: no bound, a stream that may last. */
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

/** Where the server is, and who we are there. */
export interface Place {
  host: string;
  port: number;
  /** Of every path, without a slash at its end. */
  prefix: string;
  /** What the server's certificate has to name, where it is a name. */
  servername?: string;
  secureContext: SecureContext;
  rejectUnauthorized: boolean;
}

export const CONNECT_TIMEOUT_MS = 5_000;
/** Shorter than the API server's own 90 s, so that we and not it end an idle connection. */
export const IDLE_MS = 60_000;

/** By events: `for await` calls an HTTP/2 answer that was whole before the loop began a premature close (Node 24). */
const textOf = (body: Readable, { bytes, bodyMs }: Bounds): Promise<string> =>
  new Promise((resolve, reject) => {
    const broken = (): void => reject(body.errored ?? new Error("connection closed in the answer"));
    if (body.destroyed) return broken();
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = (reason: string, why: string): void =>
      void body.destroy(new MisbehavedError(reason, `an answer ${why}`));
    const late = Number.isFinite(bodyMs)
      ? setTimeout(() => refuse("AnswerTooSlow", `was not whole after ${bodyMs} ms`), bodyMs)
      : undefined;
    body.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > bytes) return refuse("AnswerTooLarge", `has more than ${bytes} bytes`);
      chunks.push(chunk);
    });
    body.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    body.once("error", reject);
    body.once("close", () => {
      clearTimeout(late);
      broken();
    });
  });

export const parseAnswer = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new MisbehavedError("NotJson", "an answer is no JSON", { cause });
  }
};

export const bodyOf = (answer: Readable, bounds: Bounds): Body =>
  Object.assign(answer, {
    text: () => textOf(answer, bounds),
    json: async () => parseAnswer(await textOf(answer, bounds)),
    dump: () => Promise.resolve(void answer.resume()),
  });

const placeOf = (c: Credentials): Place => {
  const url = new URL(c.server);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return {
    host,
    port: Number(url.port || 443),
    prefix: url.pathname.replace(/\/+$/, ""),
    ...(isIP(host) ? {} : { servername: host }),
    // Once: reading certificates is the dearest part of opening a connection.
    secureContext: createSecureContext({
      ...(c.ca ? { ca: c.ca } : {}),
      ...(c.cert ? { cert: c.cert } : {}),
      ...(c.key ? { key: c.key } : {}),
    }),
    rejectUnauthorized: !c.insecure,
  };
};

/**
 * HTTP/2 where the server speaks it, as every API server does unless told otherwise: one connection carries requests
 * and watches together. `atOnce`: ordinary requests that may be under way at the same time.
 */
export const createTransport = (c: Credentials, atOnce: number, bounds: Bounds): Transport => {
  const place = placeOf(c);
  const multiplexed = createHttp2(place, atOnce, bounds);
  let plain: Transport | undefined;
  return {
    send: async (r) => {
      if (plain) return plain.send(r);
      try {
        return await multiplexed.send(r);
      } catch (err) {
        if (!(err instanceof NotSpokenError)) throw err;
        plain ??= createHttp1(place, atOnce, bounds);
        return plain.send(r);
      }
    },
    close: () => {
      multiplexed.close();
      plain?.close();
    },
  };
};
