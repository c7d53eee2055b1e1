/** A peer's auth service as far as discovery asks it: a real gRPC server with a real pinned certificate. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { authService, SERVER_NAME } from "@tideway/authclient";
import { generateKeyPair, type KeyPair, privateKeyPem, selfSigned, spkiPin } from "@tideway/pki";

export interface Door {
  endpoint: string;
  pin: string;
  /** Answers from now on as another cluster. */
  become(clusterID: string): void;
  close(): Promise<void>;
  /** At the same address, with the same key. */
  open(): Promise<void>;
}

const DAY_MS = 86_400_000;

export const openDoor = async (clusterID: string, keys: KeyPair = generateKeyPair()): Promise<Door> => {
  const now = Date.now();
  const certificate = selfSigned({
    keys,
    dnsName: SERVER_NAME,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + DAY_MS),
  });
  const pair = {
    cert_chain: Buffer.from(certificate),
    private_key: Buffer.from(privateKeyPem(keys.privateKey)),
  };
  let id = clusterID;
  let port = 0;
  let server: Server | undefined;

  const open = async (): Promise<void> => {
    server = new Server();
    server.addService(
      { describe: authService.describe },
      {
        describe: (_call: unknown, done: (err: null, value: object) => void) =>
          done(null, { clusterId: id, clusterName: "west", timeMs: Date.now() }),
      },
    );
    const credentials = ServerCredentials.createSsl(null, [pair]);
    port = await new Promise<number>((resolve, reject) =>
      server?.bindAsync(`127.0.0.1:${port}`, credentials, (err, bound) =>
        err ? reject(err) : resolve(bound),
      ),
    );
  };
  await open();
  return {
    endpoint: `127.0.0.1:${port}`,
    pin: spkiPin(keys.publicKey),
    become: (other) => void (id = other),
    open,
    close: () => {
      server?.forceShutdown();
      server = undefined;
      return Promise.resolve();
    },
  };
};
