/** The key and certificate of the IPAM service: kept in a Secret, told in a ConfigMap, the same for all replicas. */
import { IPAM_CONFIG_MAP, SERVER_NAME } from "@tideway/ipamclient";
import { isAlreadyExists } from "@tideway/errors";
import { configMaps, type Kube, type Secret, secrets } from "@tideway/k8s";
import { generateKeyPair, parseCertificate, privateKeyPem, selfSigned, spkiPin } from "@tideway/pki";

export const TLS_SECRET = "ipam-tls";
const DAY = 24 * 3_600_000;
const YEARS_20 = 20 * 365 * DAY;

export interface ServerIdentity {
  certificate: string;
  privateKey: string;
}

const b64 = (s: string): string => Buffer.from(s).toString("base64");
const LABELS = { "app.kubernetes.io/part-of": "tideway" };

const manifest = (namespace: string, now: number): Secret => {
  const keys = generateKeyPair();
  const certificate = selfSigned({
    dnsName: SERVER_NAME,
    keys,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + YEARS_20),
  });
  return {
    metadata: { name: TLS_SECRET, namespace, labels: LABELS },
    type: "kubernetes.io/tls",
    data: { "tls.crt": b64(certificate), "tls.key": b64(privateKeyPem(keys.privateKey)) },
  };
};

/** Of several replicas that start at once one creates the Secret, and all read it. */
export const loadServerIdentity = async (
  kube: Pick<Kube, "find" | "create" | "get" | "apply">,
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
  const certificate = text("tls.crt");
  const pin = spkiPin(parseCertificate(certificate, `Secret ${namespace}/${TLS_SECRET}, tls.crt`));
  await kube.apply(
    configMaps,
    { metadata: { name: IPAM_CONFIG_MAP, namespace, labels: LABELS }, data: { "ca.crt": certificate, pin } },
    { fieldManager: "network-manager" },
  );
  return { certificate, privateKey: text("tls.key") };
};
