import { isAlreadyExists } from "@tideway/errors";
import { type Kube, type Secret, secrets } from "@tideway/k8s";
import { SERVER_NAME } from "@tideway/authclient";
import {
  generateKeyPair,
  type KeyPair,
  keyPairOf,
  parseCertificate,
  privateKeyPem,
  selfSigned,
  spkiPin,
} from "@tideway/pki";

/** Secret with this cluster's long-lived key. Whoever loses it has to invite all peers anew. */
export const TLS_SECRET = "auth-tls";
const YEARS_20 = 20 * 365 * 24 * 3_600_000;
const DAY = 24 * 3_600_000;

export interface ServerIdentity {
  certificate: string;
  privateKey: string;
  keys: KeyPair;
  pin: string;
}

const b64 = (s: string): string => Buffer.from(s).toString("base64");

const manifest = (namespace: string, now: number): Secret => {
  const keys = generateKeyPair();
  const certificate = selfSigned({
    dnsName: SERVER_NAME,
    keys,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + YEARS_20),
  });
  return {
    metadata: { name: TLS_SECRET, namespace, labels: { "app.kubernetes.io/part-of": "tideway" } },
    type: "kubernetes.io/tls",
    data: { "tls.crt": b64(certificate), "tls.key": b64(privateKeyPem(keys.privateKey)) },
  };
};

/** Of several replicas that start at once one creates the Secret, and all read it. */
export const loadServerIdentity = async (
  kube: Kube,
  namespace: string,
  now: number,
): Promise<ServerIdentity> => {
  let secret = await kube.find(secrets, TLS_SECRET, namespace);
  try {
    secret ??= await kube.create(secrets, manifest(namespace, now));
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
    secret = await kube.get(secrets, TLS_SECRET, namespace);
  }
  const text = (key: string): string => Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");
  const keys = keyPairOf(text("tls.key"), `Secret ${namespace}/${TLS_SECRET}, tls.key`);
  const certificate = text("tls.crt");
  const pin = spkiPin(parseCertificate(certificate, `Secret ${namespace}/${TLS_SECRET}, tls.crt`));
  return { certificate, privateKey: text("tls.key"), keys, pin };
};
