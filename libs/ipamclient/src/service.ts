import type { MethodDefinition } from "@grpc/grpc-js";
import * as generated from "@tideway/protos/ipam";
import type * as m from "./messages.ts";

// The generated code exports its root as default, its declaration file as names.
const { v1 } = (generated as unknown as { default: typeof generated }).default.tideway.ipam;

interface Codec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

/** Every method by name: what goes in and what comes out. */
export interface IpamMethods {
  acquirePrefix: [m.AcquirePrefixRequest, m.AcquirePrefixResponse];
  releasePrefix: [m.OwnerRequest, m.Empty];
  acquireAddress: [m.OwnerRequest, m.AcquireAddressResponse];
  releaseAddress: [m.OwnerRequest, m.Empty];
  mapAddress: [m.MapAddressRequest, m.MapAddressResponse];
  unmapAddress: [m.MapAddressRequest, m.Empty];
}

const method = <I, O>(name: string, request: unknown, response: unknown): MethodDefinition<I, O> => {
  const serialize = (codec: unknown) => (value: unknown) =>
    Buffer.from((codec as Codec).encode(value as object).finish());
  const deserialize =
    <T>(codec: unknown) =>
    (bytes: Buffer) =>
      (codec as Codec).decode(bytes) as T;
  return {
    path: `/tideway.ipam.v1.Ipam/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: serialize(request),
    requestDeserialize: deserialize<I>(request),
    responseSerialize: serialize(response),
    responseDeserialize: deserialize<O>(response),
  };
};

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
