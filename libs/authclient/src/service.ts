import type { MethodDefinition } from "@grpc/grpc-js";
import { unaryMethod } from "@tideway/grpc";
import * as generated from "@tideway/protos/auth";
import type * as m from "./messages.ts";

// The generated code exports its root as default, its declaration file as names.
const { v1 } = (generated as unknown as { default: typeof generated }).default.tideway.auth;

/** Every method by name: what goes in and what comes out. */
export interface AuthMethods {
  describe: [m.DescribeRequest, m.DescribeResponse];
  authenticate: [m.AuthenticateRequest, m.AuthenticateResponse];
  renew: [m.Signed, m.AuthenticateResponse];
  release: [m.Signed, m.ReleaseResponse];
  checkPeering: [m.CheckPeeringRequest, m.CheckPeeringResponse];
}

const method = <I, O>(name: string, request: unknown, response: unknown): MethodDefinition<I, O> =>
  unaryMethod("tideway.auth.v1.Auth", name, request, response);

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
