import {
  type Metadata as GrpcMetadata,
  Metadata,
  Server,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { UNVERSIONED } from "@tideway/api";
import {
  type AuthMethods,
  authService,
  CAPABILITIES_KEY,
  denialOf,
  REASON_KEY,
  TRACE_KEY,
  VERSION_KEY,
} from "@tideway/authclient";
import { describeError, isInvalid, isTimeout, isUnavailable } from "@tideway/errors";
import { type Listening, listen, type ServerIdentity } from "@tideway/grpc/server";
import type { Logger } from "@tideway/log";
import { withSpan } from "@tideway/telemetry";
import { sourceOf } from "./limiter.ts";

export interface CallContext {
  /** Address of the caller, without its port. */
  source: string;
  /** Version of the protocol that it says it speaks, and what it can beyond that. */
  protocolVersion: string;
  capabilities: readonly string[];
}
export type Handlers = {
  [K in keyof AuthMethods]: (request: AuthMethods[K][0], ctx: CallContext) => Promise<AuthMethods[K][1]>;
};
export type MethodName = keyof AuthMethods;
export type Outcome = "ok" | "denied" | "invalid" | "unavailable" | "error";

export interface DoorMetrics {
  served(method: MethodName, outcome: Outcome, seconds: number): void;
}

const OPTIONS = {
  "grpc.max_receive_message_length": 64 * 1024, // the largest request is a few kilobytes
  "grpc.max_send_message_length": 256 * 1024,
  "grpc.max_concurrent_streams": 64,
  "grpc.max_connection_idle_ms": 120_000,
  "grpc.max_connection_age_ms": 3_600_000,
  "grpc.so_reuseport": 0,
};

interface Failure {
  code: status;
  details: string;
  metadata?: GrpcMetadata;
  outcome: Outcome;
}

/** A denial and a malformed request are the caller's to read; what went wrong inside is not. */
export const failureOf = (err: unknown): Failure => {
  const denial = denialOf(err);
  if (denial) {
    const metadata = new Metadata();
    metadata.set(REASON_KEY, denial.reason);
    const code = denial.reason === "RateLimited" ? status.RESOURCE_EXHAUSTED : status.PERMISSION_DENIED;
    return { code, details: denial.message, metadata, outcome: "denied" };
  }
  if (isInvalid(err))
    return { code: status.INVALID_ARGUMENT, details: describeError(err), outcome: "invalid" };
  if (isUnavailable(err))
    return {
      code: status.UNAVAILABLE,
      details: "this cluster's API server is not available; try again",
      outcome: "unavailable",
    };
  if (isTimeout(err))
    return {
      code: status.UNAVAILABLE,
      details: "this cluster signs no certificates at the moment; try again",
      outcome: "unavailable",
    };
  return {
    code: status.INTERNAL,
    details: "internal error; the log of the auth service has it",
    outcome: "error",
  };
};

const said = (metadata: GrpcMetadata, key: string): string | undefined => {
  const [value] = metadata.get(key);
  return typeof value === "string" ? value : undefined;
};

const contextOf = (call: { metadata: GrpcMetadata; getPeer(): string }): CallContext => ({
  source: sourceOf(call.getPeer()),
  protocolVersion: said(call.metadata, VERSION_KEY) ?? UNVERSIONED,
  capabilities: (said(call.metadata, CAPABILITIES_KEY) ?? "").split(",").slice(0, 32),
});

/** A request, or why its bytes are none. */
type Decoded<T> = { request: T } | { problem: string };

/** Never throws: what cannot be read is refused, counted and recorded like any other attempt. */
const decoding =
  <T>(decode: (bytes: Buffer) => T) =>
  (bytes: Buffer): Decoded<T> => {
    try {
      return { request: decode(bytes) };
    } catch (err) {
      return { problem: describeError(err) };
    }
  };

export interface DoorOptions {
  port: number;
  identity: ServerIdentity;
  handlers: Handlers;
  /** Told of a request that cannot be read; answers what the caller is told. */
  unreadable: (method: MethodName, ctx: CallContext, problem: string) => Error;
  metrics: DoorMetrics;
  log: Logger;
}

export const openDoor = async (o: DoorOptions): Promise<Listening> => {
  const server = new Server(OPTIONS);
  const serve =
    <K extends MethodName>(name: K) =>
    (
      call: ServerUnaryCall<Decoded<AuthMethods[K][0]>, AuthMethods[K][1]>,
      answer: sendUnaryData<AuthMethods[K][1]>,
    ): void => {
      const startedAt = performance.now();
      const report = (outcome: Outcome): void =>
        o.metrics.served(name, outcome, (performance.now() - startedAt) / 1000);
      const span = { traceparent: said(call.metadata, TRACE_KEY) };
      const ctx = contextOf(call);
      const handle = () =>
        "problem" in call.request
          ? Promise.reject<AuthMethods[K][1]>(o.unreadable(name, ctx, call.request.problem))
          : o.handlers[name](call.request.request, ctx);
      withSpan(`auth.serve.${name}`, span, handle).then(
        (value) => {
          report("ok");
          answer(null, value);
        },
        (err: unknown) => {
          const { outcome, ...failure } = failureOf(err);
          report(outcome);
          if (outcome !== "denied") o.log.error({ err, method: name }, "call failed"); // denials are logged where they are decided
          answer(failure);
        },
      );
    };
  const service = Object.fromEntries(
    Object.entries(authService).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: decoding<unknown>(method.requestDeserialize) },
    ]),
  );
  server.addService(service, {
    describe: serve("describe"),
    authenticate: serve("authenticate"),
    renew: serve("renew"),
    release: serve("release"),
    checkPeering: serve("checkPeering"),
  });
  return listen(server, o);
};
