import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
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

/** The server does not speak HTTP/2; nothing was sent. */
export class NotSpokenError extends Error {
  override readonly name = "NotSpokenError";
}

/** A connection and how many streams are open on it. */
interface Line {
  session: ClientHttp2Session;
  open: number;
  /** Asked for a sign of life that has not come yet. */
  asked: boolean;
  /** Told when it ends: requests that have no answer yet. */
  waiting: Set<(why: Error) => void>;
  idle?: NodeJS.Timeout;
}

/** As many as Go's server takes on one connection (golang.org/x/net/http2 as the API server sets it). */
const STREAMS = 100;
/**
 * Received and not yet read, of a stream and of a connection: all streams of a connection together never fill it, so
 * that a reader who is slow (of a pod's log) holds up nobody else.
 */
const STREAM_WINDOW = 256 * 1024;
const LINE_WINDOW = 2 * STREAMS * STREAM_WINDOW;
/** MB that Node may hold for a connection before it breaks it off; a list of many objects is large. */
const LINE_MEMORY_MB = 256;
/** A connection with open streams is asked for a sign of life this often, and given up when none comes in time. */
const ASK_MS = 15_000;
const SIGN_MS = 10_000;
/** The same after a request that was not answered in time. */
const SOON_MS = 3_000;

const { NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM } = constants;

/** The server has not looked at it (RFC 9113, 8.7): it may be sent again. */
class RefusedError extends Error {
  override readonly name = "RefusedError";
}

const dialSocket = (place: Place): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const { host, port, servername, secureContext, rejectUnauthorized } = place;
    const socket = connectTls({
      host,
      port,
      ...(servername ? { servername } : {}),
      secureContext,
      rejectUnauthorized,
      ALPNProtocols: ["h2", "http/1.1"],
    });
    socket.setNoDelay(true);
    const late = setTimeout(
      () => socket.destroy(new TimeoutError(`not connected within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    );
    socket.once("secureConnect", () => {
      clearTimeout(late);
      if (socket.alpnProtocol === "h2") return resolve(socket);
      socket.destroy();
      reject(new NotSpokenError(`${host}:${port} speaks HTTP/1.1 only`));
    });
    socket.once("close", () => {
      clearTimeout(late);
      reject(new Error("connection closed"));
    });
    socket.on("error", reject);
  });

/** At most `n` at the same time; the others wait for their turn. */
const createTurns = (n: number) => {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return {
    take: async (): Promise<void> => {
      if (busy < n) return void busy++;
      await new Promise<void>((go) => waiting.push(go));
    },
    give: (): void => {
      const next = waiting.shift();
      if (next) next();
      else busy--;
    },
  };
};

/** Requests and streams share connections; one more is opened when those that stand are full. */
export const createHttp2 = (place: Place, atOnce: number, bounds: Bounds): Transport => {
  const lines = new Set<Line>();
  const turns = createTurns(atOnce);
  let dialing: Promise<void> | undefined;
  let closed = false;

  const ask = (line: Line, withinMs: number): void => {
    if (line.asked || line.session.destroyed) return;
    line.asked = true;
    const late = setTimeout(
      () => line.session.destroy(new TimeoutError(`no sign of life within ${withinMs} ms`)),
      withinMs,
    );
    late.unref();
    const answered = (): void => {
      clearTimeout(late);
      line.asked = false;
    };
    if (!line.session.ping(answered)) answered();
  };

  const dial = async (): Promise<void> => {
    const socket = await dialSocket(place);
    const session = connect(`https://${place.host.includes(":") ? `[${place.host}]` : place.host}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      maxSessionMemory: LINE_MEMORY_MB,
    });
    const line: Line = { session, open: 0, asked: false, waiting: new Set() };
    const pulse = setInterval(() => line.open > 0 && ask(line, SIGN_MS), ASK_MS).unref();
    session.once("connect", () => session.destroyed || session.setLocalWindowSize(LINE_WINDOW));
    session.on("goaway", () => lines.delete(line));
    session.on("error", () => lines.delete(line)); // each of its streams is told too
    session.on("close", () => {
      lines.delete(line);
      clearInterval(pulse);
      clearTimeout(line.idle);
    });
    // The session closes when its streams have, and one that has no answer would wait for it.
    socket.once("close", () => {
      lines.delete(line);
      for (const end of line.waiting) end(new Error("connection closed"));
    });
    if (closed) return session.destroy();
    lines.add(line);
  };

  /** A place on a connection, to be given back by `leave`. */
  const enter = async (): Promise<Line> => {
    for (;;) {
      if (closed) throw new Error("the client was closed");
      for (const line of lines) {
        const most = Math.min(STREAMS, line.session.remoteSettings.maxConcurrentStreams ?? STREAMS);
        if (line.open >= most || line.session.closed || line.session.destroyed) continue;
        if (line.open++ === 0) line.session.ref();
        clearTimeout(line.idle);
        return line;
      }
      dialing ??= dial().finally(() => (dialing = undefined));
      await dialing;
    }
  };
  const leave = (line: Line): void => {
    if (--line.open > 0 || line.session.destroyed) return;
    line.session.unref(); // as long as nothing is under way it keeps no process from its end
    line.idle = setTimeout(() => line.session.close(), IDLE_MS).unref();
  };

  const begin = (line: Line, r: TransportRequest, body: Buffer | undefined): ClientHttp2Stream => {
    try {
      return line.session.request(
        {
          ":method": r.method,
          ":path": `${place.prefix}${r.path}`,
          ...r.headers,
          ...(body ? { "content-length": String(body.length) } : {}),
        },
        { endStream: body === undefined },
      );
    } catch (cause) {
      lines.delete(line);
      leave(line);
      throw new RefusedError("the connection is ending", { cause });
    }
  };

  const exchange = (line: Line, r: TransportRequest): Promise<TransportResponse> => {
    const body = r.body === undefined ? undefined : Buffer.from(r.body);
    const stream = begin(line, r, body);
    return new Promise((resolve, reject) => {
      let answered = false;
      const giveUp = (why: Error): void => {
        stream.rstCode || stream.close(NGHTTP2_CANCEL);
        stream.destroy(why);
        reject(why);
      };
      const late = r.headersTimeoutMs
        ? setTimeout(() => {
            ask(line, SOON_MS);
            giveUp(new TimeoutError(`no answer within ${r.headersTimeoutMs} ms`));
          }, r.headersTimeoutMs)
        : undefined;
      line.waiting.add(giveUp);
      const aborted = (): void => giveUp(r.signal?.reason as Error);
      r.signal?.addEventListener("abort", aborted, { once: true });
      stream.once("response", (headers) => {
        answered = true;
        line.waiting.delete(giveUp);
        clearTimeout(late);
        if (r.bodyTimeoutMs > 0)
          stream.setTimeout(r.bodyTimeoutMs, () => {
            ask(line, SOON_MS);
            stream.destroy(new TimeoutError(`silent for ${r.bodyTimeoutMs} ms`));
          });
        resolve({ status: Number(headers[":status"] ?? 0), headers, body: bodyOf(stream, bounds) });
      });
      const failed = (err: Error): void => {
        if (stream.rstCode !== NGHTTP2_REFUSED_STREAM) return reject(err);
        lines.delete(line); // it is ending, or full by another's count: what is under way on it goes on
        reject(new RefusedError("the server took nothing more", { cause: err }));
      };
      stream.on("error", failed);
      stream.once("close", () => {
        line.waiting.delete(giveUp);
        clearTimeout(late);
        r.signal?.removeEventListener("abort", aborted);
        leave(line);
        if (!answered) failed(new Error("connection closed"));
      });
      if (body) stream.end(body);
    });
  };

  /** The same, given up when the signal aborts. */
  const enterFor = async (signal: AbortSignal | undefined): Promise<Line> => {
    signal?.throwIfAborted();
    const entering = enter();
    if (!signal) return entering;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([entering, aborted]);
    } catch (err) {
      entering.then(leave, () => undefined);
      throw err;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };

  /** Once more, on another connection, what the server has certainly not seen. */
  const attempt = async (r: TransportRequest): Promise<TransportResponse> => {
    for (let tries = 1; ; tries++)
      try {
        return await exchange(await enterFor(r.signal), r);
      } catch (err) {
        if (!(err instanceof RefusedError) || tries > 2) throw err;
      }
  };

  const send = async (r: TransportRequest): Promise<TransportResponse> => {
    if (r.bodyTimeoutMs === 0) return attempt(r);
    await turns.take();
    try {
      const answer = await attempt(r);
      answer.body.once("close", turns.give);
      return answer;
    } catch (err) {
      turns.give();
      throw err;
    }
  };

  return {
    send,
    close: () => {
      closed = true;
      for (const { session } of lines) session.destroy();
    },
  };
};
