import { SERVER_NAME } from "@tideway/authclient";
import type { Listening } from "@tideway/grpc/server";
import { silentLogger } from "@tideway/log";
import { generateKeyPair, privateKeyPem, selfSigned, spkiPin } from "@tideway/pki";
import { type Handlers, openDoor } from "../src/door/server.ts";

export interface Future extends Listening {
  pin: string;
  /** Methods that were called, beside Describe. */
  asked: string[];
}

/** The auth service of a release to come: it says its version, and what else it is asked is noted. */
export const openFuture = async (clusterID: string, protocolVersion: string): Promise<Future> => {
  const keys = generateKeyPair();
  const day = 86_400_000;
  const certificate = selfSigned({
    keys,
    dnsName: SERVER_NAME,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
  });
  const asked: string[] = [];
  const noted = (method: string) => (): Promise<never> => {
    asked.push(method);
    return Promise.reject(new Error("asked in a language of the past"));
  };
  const handlers: Handlers = {
    describe: async () => ({
      clusterId: clusterID,
      clusterName: "future",
      timeMs: Date.now(),
      protocolVersion,
      capabilities: [],
    }),
    authenticate: noted("authenticate"),
    renew: noted("renew"),
    release: noted("release"),
    checkPeering: noted("checkPeering"),
  };
  const identity = { certificate, privateKey: privateKeyPem(keys.privateKey) };
  const door = await openDoor({
    port: 0,
    identity,
    handlers,
    unreadable: (_method, _ctx, problem) => new Error(problem),
    metrics: { served: () => undefined },
    log: silentLogger,
  });
  return { ...door, pin: spkiPin(keys.publicKey), asked };
};
