import { type Server, ServerCredentials } from "@grpc/grpc-js";
import type { ServerIdentity } from "./identity.ts";

/** Nothing older than TLS 1.3; @grpc/grpc-js has no option for it. */
class Tls13 extends ServerCredentials {
  constructor(identity: ServerIdentity) {
    super({ minVersion: "TLSv1.3" }, { cert: identity.certificate, key: identity.privateKey });
  }
  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

export interface Listening {
  /** The port that is listened on. */
  port: number;
  /** Lets calls in flight end, for at most `graceMs`, default 3,000. */
  close(graceMs?: number): Promise<void>;
}

/** Listens on all addresses; port 0 takes a free one. */
export const listen = async (
  server: Server,
  o: { port: number; identity: ServerIdentity },
): Promise<Listening> => {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`0.0.0.0:${o.port}`, new Tls13(o.identity), (err, bound) =>
      err ? reject(err) : resolve(bound),
    );
  });
  return {
    port,
    close: (graceMs = 3_000) =>
      new Promise((resolve) => {
        const force = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, graceMs);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
};
