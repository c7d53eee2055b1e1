import type { MethodDefinition } from "@grpc/grpc-js";
import * as generated from "@tideway/protos/auth";
import type * as m from "./messages.ts";

// The generated code exports its root as default, its declaration file as names.
const { v1 } = (generated as unknown as { default: typeof generated }).default.tideway.auth;

interface Codec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

/** Every method by name: what goes in and what comes out. */
export interface AuthMethods {
  describe: [m.DescribeRequest, m.DescribeResponse];
  authenticate: [m.AuthenticateRequest, m.AuthenticateResponse];
  renew: [m.Signed, m.AuthenticateResponse];
  release: [m.Signed, m.ReleaseResponse];
  checkPeering: [m.CheckPeeringRequest, m.CheckPeeringResponse];
}

const method = <I, O>(name: string, request: unknown, response: unknown): MethodDefinition<I, O> => {
  const serialize = (codec: unknown) => (value: unknown) =>
    Buffer.from((codec as Codec).encode(value as object).finish());
  const deserialize =
    <T>(codec: unknown) =>
    (bytes: Buffer) =>
      (codec as Codec).decode(bytes) as T;
  return {
    path: `/tideway.auth.v1.Auth/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: serialize(request),
    requestDeserialize: deserialize<I>(request),
    responseSerialize: serialize(response),
    responseDeserialize: deserialize<O>(response),
  };
};

/** The gRPC service, for clients and for the server. */
export const authService: {
  [K in keyof AuthMethods]: MethodDefinition<AuthMethods[K][0], AuthMethods[K][1]>;
} = {
  describe: method("Describe", v1.DescribeRequest, v1.DescribeResponse),
  authenticate: method("Authenticate", v1.AuthenticateRequest, v1.AuthenticateResponse),
  renew: method("Renew", v1.Signed, v1.AuthenticateResponse),
  release: method("Release", v1.Signed, v1.ReleaseResponse),
  checkPeering: method("CheckPeering", v1.CheckPeeringRequest, v1.CheckPeeringResponse),
};
