import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from "node:crypto";
import { InvalidError } from "@tideway/errors";
import { P256_SPKI_LENGTH, P256_SPKI_PREFIX } from "./der.ts";

export interface KeyPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** EC P-256; well under a millisecond. */
export const generateKeyPair = (): KeyPair => generateKeyPairSync("ec", { namedCurve: "P-256" });

export const privateKeyPem = (key: KeyObject): string =>
  key.export({ type: "pkcs8", format: "pem" }).toString();

export const keyPairOf = (pem: string, field = "private key"): KeyPair => {
  try {
    const privateKey = createPrivateKey(pem);
    return { privateKey, publicKey: createPublicKey(privateKey) };
  } catch (cause) {
    throw new InvalidError(`${field}: not a private key in PEM`, { cause });
  }
};

export const spkiOf = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

/** Only an uncompressed point on P-256 passes. */
export const p256FromSpki = (spki: Uint8Array, field: string): KeyObject => {
  const der = Buffer.from(spki);
  if (der.length !== P256_SPKI_LENGTH || !der.subarray(0, P256_SPKI_PREFIX.length).equals(P256_SPKI_PREFIX))
    throw new InvalidError(`${field}: must be an EC key on P-256`);
  try {
    return createPublicKey({ key: der, format: "der", type: "spki" });
  } catch (cause) {
    throw new InvalidError(`${field}: not a point on P-256`, { cause });
  }
};

const PIN = /^sha256\/[A-Za-z0-9+/]{43}=$/;

export const isPin = (s: string): boolean => PIN.test(s);

/** `sha256/<base64 of the SHA-256 of the SubjectPublicKeyInfo>`, as in RFC 7469. */
export const spkiPin = (of: KeyObject | X509Certificate | Uint8Array): string => {
  const spki = of instanceof Uint8Array ? of : spkiOf(of instanceof X509Certificate ? of.publicKey : of);
  return `sha256/${createHash("sha256").update(spki).digest("base64")}`;
};

export const pem = (label: string, der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};
