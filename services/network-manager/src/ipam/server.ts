/** The gRPC server: TLS 1.3, a caller's token before anything else. */
import { Server, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import { describeError, isForbidden, isInvalid, isUnavailable } from "@tideway/errors";
import { type Listening, listen, type ServerIdentity } from "@tideway/grpc/server";
import { type IpamMethods, ipamService } from "@tideway/ipamclient";
import type { Logger } from "@tideway/log";
import { ExhaustedError } from "../pool/book.ts";
import type { Callers } from "./callers.ts";
import type { Handlers } from "./handlers.ts";

export type MethodName = keyof IpamMethods;
export const METHODS = Object.keys(ipamService) as MethodName[];
export const OUTCOMES = ["ok", "exhausted", "forbidden", "invalid", "unavailable", "error"] as const;
export type Outcome = (typeof OUTCOMES)[number];

const OPTIONS = {
  "grpc.max_receive_message_length": 64 * 1024,
  "grpc.max_concurrent_streams": 256,
  "grpc.max_connection_idle_ms": 300_000,
  "grpc.so_reuseport": 0,
};

export const failureOf = (err: unknown): { code: status; details: string; outcome: Outcome } => {
  const details = describeError(err);
  if (err instanceof ExhaustedError)
    return { code: status.RESOURCE_EXHAUSTED, details, outcome: "exhausted" };
  if (isForbidden(err)) return { code: status.PERMISSION_DENIED, details, outcome: "forbidden" };
  if (isInvalid(err)) return { code: status.INVALID_ARGUMENT, details, outcome: "invalid" };
  if (isUnavailable(err)) return { code: status.UNAVAILABLE, details, outcome: "unavailable" };
  return {
    code: status.INTERNAL,
    details: "internal error; the log of the network-manager has it",
    outcome: "error",
  };
};

export const serveIpam = async (o: {
  port: number;
  identity: ServerIdentity;
  callers: Callers;
  handlers: Handlers;
  served: (method: MethodName, outcome: Outcome, seconds: number) => void;
  log: Logger;
}): Promise<Listening> => {
  const server = new Server(OPTIONS);
  const serve =
    <K extends MethodName>(name: K) =>
    (
      call: ServerUnaryCall<IpamMethods[K][0], IpamMethods[K][1]>,
      answer: sendUnaryData<IpamMethods[K][1]>,
    ): void => {
      const startedAt = performance.now();
      const report = (outcome: Outcome): void =>
        o.served(name, outcome, (performance.now() - startedAt) / 1000);
      const [authorization] = call.metadata.get("authorization");
      o.callers
        .check(typeof authorization === "string" ? authorization : undefined)
        .then(() => o.handlers[name](call.request))
        .then(
          (value) => {
            report("ok");
            answer(null, value);
          },
          (err: unknown) => {
            const { outcome, ...failure } = failureOf(err);
            report(outcome);
            const level = outcome === "error" ? "error" : "warn";
            o.log[level]({ err, method: name, from: call.getPeer() }, "IPAM call failed");
            answer(failure);
          },
        );
    };
  server.addService(ipamService, Object.fromEntries(METHODS.map((m) => [m, serve(m)])));
  return listen(server, o);
};
