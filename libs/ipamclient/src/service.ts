import type { MethodDefinition } from "@grpc/grpc-js";
import { unaryMethod } from "@tideway/grpc";
import * as generated from "@tideway/protos/ipam";
import type * as m from "./messages.ts";

// The generated code exports its root as default, its declaration file as names.
const { v1 } = (generated as unknown as { default: typeof generated }).default.tideway.ipam;

/** Every method by name: what goes in and what comes out. */
export interface IpamMethods {
  acquirePrefix: [m.AcquirePrefixRequest, m.AcquirePrefixResponse];
  releasePrefix: [m.OwnerRequest, m.Empty];
  acquireAddress: [m.OwnerRequest, m.AcquireAddressResponse];
  releaseAddress: [m.OwnerRequest, m.Empty];
  mapAddress: [m.MapAddressRequest, m.MapAddressResponse];
  unmapAddress: [m.MapAddressRequest, m.Empty];
}

const method = <I, O>(name: string, request: unknown, response: unknown): MethodDefinition<I, O> =>
  unaryMethod("tideway.ipam.v1.Ipam", name, request, response);

/** The gRPC service, for clients and for the server. */
export const ipamService: {
  [K in keyof IpamMethods]: MethodDefinition<IpamMethods[K][0], IpamMethods[K][1]>;
} = {
  acquirePrefix: method("AcquirePrefix", v1.AcquirePrefixRequest, v1.AcquirePrefixResponse),
  releasePrefix: method("ReleasePrefix", v1.ReleasePrefixRequest, v1.ReleasePrefixResponse),
  acquireAddress: method("AcquireAddress", v1.AcquireAddressRequest, v1.AcquireAddressResponse),
  releaseAddress: method("ReleaseAddress", v1.ReleaseAddressRequest, v1.ReleaseAddressResponse),
  mapAddress: method("MapAddress", v1.MapAddressRequest, v1.MapAddressResponse),
  unmapAddress: method("UnmapAddress", v1.UnmapAddressRequest, v1.UnmapAddressResponse),
};
