import { isAlreadyExists } from "@tideway/errors";
import { type Kube, type Secret, secrets } from "@tideway/k8s";
import { generateKeyPair, privateKeyPem, selfSigned } from "@tideway/pki";

/** PEM texts. */
export interface ServerIdentity {
  certificate: string;
  privateKey: string;
}

export interface IdentityPlace {
  /** Secret of type kubernetes.io/tls. */
  secret: string;
  namespace: string;
  /** The name that the certificate is for. */
  dnsName: string;
}

export const PART_OF = { "app.kubernetes.io/part-of": "tideway" };
const DAY = 24 * 3_600_000;
const YEARS_20 = 20 * 365 * DAY;
const b64 = (s: string): string => Buffer.from(s).toString("base64");

const manifest = (place: IdentityPlace, now: number): Secret => {
  const keys = generateKeyPair();
  const certificate = selfSigned({
    dnsName: place.dnsName,
    keys,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + YEARS_20),
  });
  return {
    metadata: { name: place.secret, namespace: place.namespace, labels: PART_OF },
    type: "kubernetes.io/tls",
    data: { "tls.crt": b64(certificate), "tls.key": b64(privateKeyPem(keys.privateKey)) },
  };
};

/**
 * The self-signed key and certificate that a service shows to those who pin it, valid for 20 years, made where they are
 * missing. Of several replicas that start at once one creates the Secret, and all read it.
 */
export const ensureServerIdentity = async (
  kube: Pick<Kube, "find" | "create" | "get">,
  place: IdentityPlace,
  now: number,
): Promise<ServerIdentity> => {
  let secret = await kube.find(secrets, place.secret, place.namespace);
  try {
    secret ??= await kube.create(secrets, manifest(place, now));
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
    secret = await kube.get(secrets, place.secret, place.namespace);
  }
  const text = (key: string): string => Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");
  return { certificate: text("tls.crt"), privateKey: text("tls.key") };
};
