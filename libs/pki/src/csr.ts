import { type KeyObject, sign, verify } from "node:crypto";
import { InvalidError } from "@tideway/errors";
import { bitString, DerReader, encode, OID, oid, sequence, TAG } from "./der.ts";
import { type KeyPair, p256FromSpki, pem, spkiOf, spkiPin } from "./keys.ts";
import { clusterOf, parseName, peerSubject } from "./name.ts";

export const ecdsaSha256 = sequence(oid(OID.ecdsaWithSha256));
const VERSION_0 = encode(TAG.integer, Buffer.from([0]));
/** Far more than a P-256 request needs. */
const MAX_CSR = 2048;

/** PKCS #10, DER: the peer's subject, the key, and nothing else. */
export const createCsr = (clusterID: string, keys: KeyPair): Buffer => {
  const info = sequence(VERSION_0, peerSubject(clusterID), spkiOf(keys.publicKey), encode(TAG.context0));
  return sequence(info, ecdsaSha256, bitString(sign("sha256", info, keys.privateKey)));
};

export interface CheckedCsr {
  clusterID: string;
  publicKey: KeyObject;
  /** Pin of the key inside: names the key pair in records. */
  keyPin: string;
  /** CERTIFICATE REQUEST. */
  pem: string;
}

/** Cheap refusals first; the signature is verified over what has been found to be exactly our shape. */
export const checkCsr = (der: Uint8Array, clusterID: string): CheckedCsr => {
  if (der.length === 0) throw new InvalidError("csr: is empty");
  if (der.length > MAX_CSR)
    throw new InvalidError(`csr: ${der.length} bytes, at most ${MAX_CSR} are allowed`);
  const bytes = Buffer.from(der);
  const outer = new DerReader(bytes, "csr");
  const request = new DerReader(outer.next(TAG.sequence).content, "csr");
  outer.end();
  const info = request.next(TAG.sequence);
  const algorithm = request.next(TAG.sequence);
  const signature = request.next(TAG.bitString).content;
  request.end();

  const fields = new DerReader(info.content, "csr");
  if (!fields.next(TAG.integer).raw.equals(VERSION_0)) throw new InvalidError("csr.version: must be 0");
  const subject = fields.next(TAG.sequence);
  const spki = fields.next(TAG.sequence);
  const attributes = fields.done ? undefined : fields.next(TAG.context0);
  fields.end();

  const id = clusterOf(parseName(subject.raw, "csr.subject"), "csr.subject");
  if (id !== clusterID)
    throw new InvalidError(
      `csr.subject: CN names cluster ${JSON.stringify(id)}, the caller says it is ${JSON.stringify(clusterID)}`,
    );
  if (attributes && attributes.content.length > 0)
    throw new InvalidError("csr.attributes: no extension, SAN or other attribute is allowed");
  const publicKey = p256FromSpki(spki.raw, "csr.publicKey");
  if (!algorithm.raw.equals(ecdsaSha256))
    throw new InvalidError("csr.signatureAlgorithm: must be ecdsa-with-SHA256");
  if (signature[0] !== 0 || !verify("sha256", info.raw, publicKey, signature.subarray(1)))
    throw new InvalidError("csr.signature: does not verify with the key inside");
  return { clusterID: id, publicKey, keyPin: spkiPin(spki.raw), pem: pem("CERTIFICATE REQUEST", bytes) };
};
