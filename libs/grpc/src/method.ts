/** What clients and servers of our gRPC services share. The server's part is `@tideway/grpc/server`. */
import type { MethodDefinition } from "@grpc/grpc-js";

interface Codec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

const serialize = (codec: unknown) => (value: unknown) =>
  Buffer.from((codec as Codec).encode(value as object).finish());
const deserialize =
  <T>(codec: unknown) =>
  (bytes: Buffer) =>
    (codec as Codec).decode(bytes) as T;

/**
 * A method with one request and one answer, by the message classes that protobufjs generated.
 * @param service Full name, such as `tideway.auth.v1.Auth`.
 */
export const unaryMethod = <I, O>(
  service: string,
  name: string,
  request: unknown,
  response: unknown,
): MethodDefinition<I, O> => ({
  path: `/${service}/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: serialize(request),
  requestDeserialize: deserialize<I>(request),
  responseSerialize: serialize(response),
  responseDeserialize: deserialize<O>(response),
});
