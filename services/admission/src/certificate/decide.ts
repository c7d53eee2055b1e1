import type { Secret } from "@tideway/k8s";
import {
  generateKeyPair,
  keyPairOf,
  parseBundle,
  parseCertificate,
  privateKeyPem,
  selfSigned,
  validityOf,
} from "@tideway/pki";

/** What the Secret holds. */
export interface Material {
  cert: string;
  key: string;
  /** Every certificate that a replica may still serve; what the API server is told to trust. PEM. */
  bundle: string;
  notAfter: number;
  /** When the next one is due, in ms since the epoch. */
  rotateAt: number;
}

export const SECRET_KEYS = { cert: "tls.crt", key: "tls.key", bundle: "ca.crt" } as const;

const text = (secret: Readonly<Secret>, key: string): string =>
  Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");

/** `undefined`: not usable, for whatever reason; it is made anew. */
export const materialOf = (secret: Readonly<Secret> | undefined, dnsName: string): Material | undefined => {
  if (!secret) return undefined;
  const [cert, key, bundle] = [
    text(secret, SECRET_KEYS.cert),
    text(secret, SECRET_KEYS.key),
    text(secret, SECRET_KEYS.bundle),
  ];
  try {
    const certificate = parseCertificate(cert, SECRET_KEYS.cert);
    const { notBefore, notAfter } = validityOf(certificate);
    const fits =
      certificate.checkPrivateKey(keyPairOf(key).privateKey) && certificate.checkHost(dnsName) !== undefined;
    const told = parseBundle(bundle, SECRET_KEYS.bundle).some(
      (c) => c.fingerprint256 === certificate.fingerprint256,
    );
    if (!fits || !told) return undefined;
    const life = notAfter.getTime() - notBefore.getTime();
    return {
      cert,
      key,
      bundle,
      notAfter: notAfter.getTime(),
      rotateAt: notBefore.getTime() + (life * 2) / 3,
    };
  } catch {
    return undefined;
  }
};

export const isDue = (m: Material | undefined, now: number): boolean => m === undefined || now >= m.rotateAt;

/** Clocks of the API server and of this pod may be apart by this much, in ms. */
const SKEW_MS = 5 * 60_000;

/** A new certificate, and in its bundle the one before: replicas change over one after the other. */
export const renew = (
  before: Material | undefined,
  dnsName: string,
  now: number,
  lifeMs: number,
): Record<string, string> => {
  const keys = generateKeyPair();
  const cert = selfSigned({
    dnsName,
    keys,
    notBefore: new Date(now - SKEW_MS),
    notAfter: new Date(now + lifeMs),
  });
  const still = before && before.notAfter > now ? before.cert : "";
  const encode = (s: string): string => Buffer.from(s, "utf8").toString("base64");
  return {
    [SECRET_KEYS.cert]: encode(cert),
    [SECRET_KEYS.key]: encode(privateKeyPem(keys.privateKey)),
    [SECRET_KEYS.bundle]: encode(cert + still),
  };
};
