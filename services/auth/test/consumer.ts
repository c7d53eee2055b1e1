import {
  authenticateRequest,
  type AuthClient,
  type AuthenticateResponse,
  type AuthClients,
  denialOf,
  signedRequest,
} from "@tideway/authclient";
import { createKube, type Kube } from "@tideway/k8s";
import { createCsr, generateKeyPair, type KeyPair } from "@tideway/pki";
import type { Replica } from "./harness.ts";

/** Clusters that want in, each with a long-lived key of its own; they know one replica of auth. */
export const consumersOf = (clients: AuthClients, home: () => Replica) =>
  class Consumer {
    readonly keys: KeyPair = generateKeyPair();
    readonly identity: KeyPair = generateKeyPair();
    readonly id: string;
    readonly name: string;
    constructor(id: string, name = id) {
      this.id = id;
      this.name = name;
    }
    connect(to: Replica = home()): Promise<AuthClient> {
      return clients.connect({ endpoint: to.endpoint, pins: [to.pin] });
    }
    request(
      token: string,
      csr: Uint8Array = createCsr(this.id, this.identity),
      authEndpoint = "127.0.0.1:9",
    ) {
      return authenticateRequest({
        token,
        clusterID: this.id,
        clusterName: this.name,
        csr,
        authEndpoint,
        keys: this.keys,
        audience: home().pin,
        nowMs: Date.now(),
      });
    }
    async authenticate(token: string, csr?: Uint8Array, to: Replica = home()): Promise<AuthenticateResponse> {
      return (await this.connect(to)).authenticate(this.request(token, csr));
    }
    kube(a: AuthenticateResponse): Kube {
      return createKube(
        {
          server: a.apiServer,
          ca: a.ca,
          cert: a.certificate,
          key: this.identity.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        },
        { userAgent: "consumer" },
      );
    }
    signed(purpose: "renew" | "release", a: AuthenticateResponse, csr?: Uint8Array) {
      return signedRequest({
        purpose,
        clusterID: this.id,
        tenant: a.tenantUid,
        certificate: a.certificate,
        keys: this.identity,
        audience: home().pin,
        nowMs: Date.now(),
        ...(csr ? { csr } : {}),
      });
    }
  };

/** Reason of the denial, or "granted". */
export const denied = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "granted",
    (err: unknown) => denialOf(err)?.reason ?? String(err),
  );
