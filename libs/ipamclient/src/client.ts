import { createSecureContext } from "node:tls";
import { ChannelCredentials, Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import {
  describeError,
  ForbiddenError,
  InvalidError,
  isForbidden,
  isInvalid,
  TidewayError,
  TimeoutError,
  UnavailableError,
} from "@tideway/errors";
import type * as m from "./messages.ts";
import { SERVER_NAME } from "./names.ts";
import { type IpamMethods, ipamService } from "./service.ts";
import type { Source } from "./sources.ts";

/** The pool or the external CIDR is full; the message says which, and how to enlarge it. Retrying does not help soon. */
export class ExhaustedError extends TidewayError {}

export interface IpamClientOptions {
  /** host:port, for example `ipam.tideway-system.svc:443`. */
  endpoint: string;
  /** PEM of the certificate that the server shows; no other one is trusted. */
  ca: Source;
  /** Service account token of the caller. */
  token: Source;
  /** Longest wait for one attempt, ms. Default 5,000. */
  timeoutMs?: number;
  /** How long a call is tried again while the server is away, ms. Default 15,000. */
  retryForMs?: number;
}

/** Every call is idempotent, so it is tried again until it is answered; it ends by ExhaustedError, InvalidError, ForbiddenError or UnavailableError. */
export interface IpamClient {
  /** The address of the external CIDR under which the peer's pods of this namespace reach the address, untranslated. */
  mapAddress(r: m.MapAddressRequest, signal?: AbortSignal): Promise<string>;
  unmapAddress(r: m.MapAddressRequest, signal?: AbortSignal): Promise<void>;
  acquirePrefix(
    r: { owner: string; wanted?: string; length?: number },
    signal?: AbortSignal,
  ): Promise<string>;
  releasePrefix(owner: string, signal?: AbortSignal): Promise<void>;
  acquireAddress(owner: string, signal?: AbortSignal): Promise<string>;
  releaseAddress(owner: string, signal?: AbortSignal): Promise<void>;
  close(): void;
}

const CHANNEL = {
  "grpc.ssl_target_name_override": SERVER_NAME,
  "grpc.default_authority": SERVER_NAME,
  "grpc.client_idle_timeout_ms": 60_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.service_config_disable_resolution": 1,
};

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

const errorOf = (err: ServiceError, where: string): TidewayError => {
  const message = `${where}: ${err.details || status[err.code]}`;
  switch (err.code) {
    case status.RESOURCE_EXHAUSTED:
      return new ExhaustedError(err.details);
    case status.INVALID_ARGUMENT:
    case status.UNIMPLEMENTED:
      return new InvalidError(message);
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return new ForbiddenError(message);
    case status.DEADLINE_EXCEEDED:
      return new UnavailableError(message, { cause: new TimeoutError("no answer in time") });
    default:
      return new UnavailableError(message);
  }
};

const isFinal = (err: unknown): boolean => err instanceof ExhaustedError || isInvalid(err);

export const createIpamClient = (o: IpamClientOptions): IpamClient => {
  const timeoutMs = o.timeoutMs ?? 5_000;
  const retryForMs = o.retryForMs ?? 15_000;
  let open: { ca: string; channel: Client } | undefined;
  let closed = false;

  const forget = (channel: Client): void => {
    if (open?.channel === channel) open = undefined;
    channel.close();
  };
  const dial = async (signal?: AbortSignal): Promise<Client> => {
    if (open) return open.channel;
    const ca = await o.ca(signal);
    if (closed) throw new UnavailableError("the client is closed");
    open ??= {
      ca,
      channel: new Client(
        o.endpoint,
        ChannelCredentials.createFromSecureContext(createSecureContext({ ca, minVersion: "TLSv1.3" })),
        CHANNEL,
      ),
    };
    return open.channel;
  };

  const once = async <K extends keyof IpamMethods>(
    name: K,
    request: IpamMethods[K][0],
    signal?: AbortSignal,
  ): Promise<IpamMethods[K][1]> => {
    const [channel, token] = await Promise.all([dial(signal), o.token(signal)]);
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    const { path, requestSerialize, responseDeserialize } = ipamService[name];
    return new Promise((resolve, reject) => {
      const running = channel.makeUnaryRequest<IpamMethods[K][0], IpamMethods[K][1]>(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (err, value) => {
          signal?.removeEventListener("abort", abort);
          if (!err && value !== undefined) return resolve(value);
          const error = errorOf(err as ServiceError, `${o.endpoint} ${name}`);
          // The server may show another certificate now: read it anew before the next attempt.
          if (error instanceof UnavailableError) forget(channel);
          reject(error);
        },
      );
      const abort = (): void => running.cancel();
      signal?.addEventListener("abort", abort, { once: true });
    });
  };

  const call = async <K extends keyof IpamMethods>(
    name: K,
    request: IpamMethods[K][0],
    signal?: AbortSignal,
  ): Promise<IpamMethods[K][1]> => {
    const until = Date.now() + retryForMs;
    let forbidden = 0;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await once(name, request, signal);
      } catch (err) {
        signal?.throwIfAborted();
        // A token may have been rotated between reading and using it: one more attempt reads it anew.
        if (isFinal(err) || (isForbidden(err) && ++forbidden > 1)) throw err;
        if (closed || Date.now() + pauseMs > until)
          throw new UnavailableError(`IPAM does not answer: ${describeError(err)}`, { cause: err });
        await pause(pauseMs * (0.5 + Math.random() / 2), signal);
      }
    }
  };

  return {
    mapAddress: async (r, signal) => (await call("mapAddress", r, signal)).external,
    unmapAddress: async (r, signal) => void (await call("unmapAddress", r, signal)),
    acquirePrefix: async ({ owner, wanted = "", length = 0 }, signal) =>
      (await call("acquirePrefix", { owner, wanted, length }, signal)).prefix,
    releasePrefix: async (owner, signal) => void (await call("releasePrefix", { owner }, signal)),
    acquireAddress: async (owner, signal) => (await call("acquireAddress", { owner }, signal)).address,
    releaseAddress: async (owner, signal) => void (await call("releaseAddress", { owner }, signal)),
    close: () => {
      closed = true;
      if (open) forget(open.channel);
    },
  };
};

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms).unref();
    signal?.addEventListener("abort", done, { once: true });
  });
