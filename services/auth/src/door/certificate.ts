import { SERVER_NAME } from "@tideway/authclient";
import { ensureServerIdentity, type ServerIdentity } from "@tideway/grpc/server";
import type { Kube } from "@tideway/k8s";
import { type KeyPair, keyPairOf, parseCertificate, spkiPin } from "@tideway/pki";

/** Secret with this cluster's long-lived key. Whoever loses it has to invite all peers anew. */
export const TLS_SECRET = "auth-tls";

export interface DoorIdentity extends ServerIdentity {
  keys: KeyPair;
  pin: string;
}

export const loadServerIdentity = async (
  kube: Kube,
  namespace: string,
  now: number,
): Promise<DoorIdentity> => {
  const place = { secret: TLS_SECRET, namespace, dnsName: SERVER_NAME };
  const identity = await ensureServerIdentity(kube, place, now);
  const keys = keyPairOf(identity.privateKey, `Secret ${namespace}/${TLS_SECRET}, tls.key`);
  const at = `Secret ${namespace}/${TLS_SECRET}, tls.crt`;
  return { ...identity, keys, pin: spkiPin(parseCertificate(identity.certificate, at)) };
};
