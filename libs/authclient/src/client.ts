import { Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { CAPABILITIES, PROTOCOL_VERSION } from "@tideway/api";
import { InvalidError, TidewayError, TimeoutError, UnavailableError } from "@tideway/errors";
import { DeniedError, isDenial, REASON_KEY } from "./denial.ts";
import type * as m from "./messages.ts";
import { checkPin, fetchCertificate, pinnedCredentials, SERVER_NAME } from "./pinned.ts";
import { authService, type AuthMethods } from "./service.ts";

export interface ConnectOptions {
  /** host:port. */
  endpoint: string;
  /** The server must show a key that has one of these pins. */
  pins: readonly string[];
  /** Longest wait for a call's answer and for the handshake, in ms. Default 10,000. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** W3C trace context that the calls of this client join. */
  traceparent?: string | undefined;
  /** What this client says that it speaks; for tests of what others speak. Default PROTOCOL_VERSION; "" says nothing. */
  protocolVersion?: string;
}

/** A call ends with DeniedError, UnavailableError (try again later), ForbiddenError (wrong key) or InvalidError. */
export interface AuthClient {
  /** Pin of the key that the server has shown. */
  readonly pin: string;
  describe(): Promise<m.DescribeResponse>;
  authenticate(request: m.AuthenticateRequest): Promise<m.AuthenticateResponse>;
  renew(request: m.Signed): Promise<m.AuthenticateResponse>;
  release(request: m.Signed): Promise<m.ReleaseResponse>;
  checkPeering(request: m.CheckPeeringRequest): Promise<m.CheckPeeringResponse>;
}

/** Connections to many servers, kept by endpoint and pin and closed when idle. */
export interface AuthClients {
  connect(o: ConnectOptions): Promise<AuthClient>;
  close(): void;
}

/** Metadata that carries the trace context. */
export const TRACE_KEY = "traceparent";

/** Metadata in which a caller says what it speaks. */
export const VERSION_KEY = "tideway-protocol";
export const CAPABILITIES_KEY = "tideway-capabilities";

const UNREACHED = new Set([
  status.UNAVAILABLE,
  status.CANCELLED,
  status.ABORTED,
  status.INTERNAL,
  status.UNKNOWN,
]);

/** What a failed call means for the caller. */
export const errorOf = (err: ServiceError, where: string): TidewayError => {
  const reason = (err.metadata as Metadata | undefined)?.get(REASON_KEY)[0];
  if (isDenial(reason)) return new DeniedError(reason, err.details);
  const message = `${where}: ${err.details || status[err.code]}`;
  if (err.code === status.DEADLINE_EXCEEDED)
    return new UnavailableError(message, { cause: new TimeoutError("no answer in time") });
  if (err.code === status.INVALID_ARGUMENT || err.code === status.UNIMPLEMENTED)
    return new InvalidError(message);
  return UNREACHED.has(err.code) || err.code === status.RESOURCE_EXHAUSTED
    ? new UnavailableError(message)
    : new TidewayError(message);
};

const CHANNEL = {
  "grpc.ssl_target_name_override": SERVER_NAME,
  "grpc.default_authority": SERVER_NAME,
  "grpc.client_idle_timeout_ms": 60_000,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.enable_retries": 0,
  "grpc.enable_http_proxy": 0,
  "grpc.use_local_subchannel_pool": 1,
  "grpc.service_config_disable_resolution": 1,
};

interface Entry {
  channel: Client;
  pin: string;
}

export const createAuthClients = (): AuthClients => {
  const open = new Map<string, Promise<Entry>>();

  const dial = async (o: ConnectOptions, timeoutMs: number): Promise<Entry> => {
    const shown = await fetchCertificate(o.endpoint, timeoutMs, o.signal);
    const pin = checkPin(shown, o.pins, o.endpoint);
    return { channel: new Client(o.endpoint, pinnedCredentials(shown, pin, o.endpoint), CHANNEL), pin };
  };

  const connect = async (o: ConnectOptions): Promise<AuthClient> => {
    if (o.pins.length === 0)
      throw new InvalidError(`pins: none given for ${o.endpoint}; without one no server can be trusted`);
    const timeoutMs = o.timeoutMs ?? 10_000;
    const key = `${o.endpoint} ${[...o.pins].sort().join(" ")}`;
    const forget = (entry: Entry): void => {
      open.delete(key);
      entry.channel.close();
    };
    let entering = open.get(key);
    if (!entering) {
      entering = dial(o, timeoutMs);
      open.set(key, entering);
      entering.catch(() => open.delete(key));
    }
    const entry = await entering;

    const call = <K extends keyof AuthMethods>(
      name: K,
      request: AuthMethods[K][0],
    ): Promise<AuthMethods[K][1]> =>
      new Promise((resolve, reject) => {
        const { path, requestSerialize, responseDeserialize } = authService[name];
        const metadata = new Metadata();
        if (o.traceparent) metadata.set(TRACE_KEY, o.traceparent);
        const version = o.protocolVersion ?? PROTOCOL_VERSION;
        if (version) {
          metadata.set(VERSION_KEY, version);
          metadata.set(CAPABILITIES_KEY, CAPABILITIES.join(","));
        }
        const running = entry.channel.makeUnaryRequest<AuthMethods[K][0], AuthMethods[K][1]>(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (err, value) => {
            o.signal?.removeEventListener("abort", abort);
            if (!err && value !== undefined) return resolve(value);
            const error = errorOf(err as ServiceError, `${o.endpoint} ${name}`);
            // The server may have a new key now, or be another one: look at it anew next time.
            if (error instanceof UnavailableError && open.get(key) === entering) forget(entry);
            reject(error);
          },
        );
        const abort = (): void => running.cancel();
        o.signal?.addEventListener("abort", abort, { once: true });
      });

    return {
      pin: entry.pin,
      describe: () => call("describe", {}),
      authenticate: (request) => call("authenticate", request),
      renew: (request) => call("renew", request),
      release: (request) => call("release", request),
      checkPeering: (request) => call("checkPeering", request),
    };
  };

  return {
    connect,
    close: () => {
      for (const entering of open.values())
        entering.then(
          (e) => e.channel.close(),
          () => undefined,
        );
      open.clear();
    },
  };
};

const shared = createAuthClients();

/** A client over connections that the whole process shares. */
export const connect = (o: ConnectOptions): Promise<AuthClient> => shared.connect(o);
