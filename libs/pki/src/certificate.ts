import { type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";
import { ForbiddenError, InvalidError } from "@tideway/errors";
import { ecdsaSha256 } from "./csr.ts";
import { bitString, DerReader, encode, OID, oid, sequence, TAG, time } from "./der.ts";
import { type KeyPair, pem, spkiOf } from "./keys.ts";
import { clusterOf, parseName, peerSubject, serverSubject } from "./name.ts";

const VERSION_3 = encode(TAG.context0, encode(TAG.integer, Buffer.from([2])));
const SAN_DNS = 0x82;

interface Issued {
  issuer: Buffer;
  subject: Buffer;
  publicKey: KeyObject;
  signedBy: KeyObject;
  notBefore: Date;
  notAfter: Date;
  extensions: Buffer[];
}

const extension = (type: Buffer, value: Buffer): Buffer =>
  sequence(oid(type), encode(TAG.octetString, value));

const issue = (o: Issued): string => {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40; // positive, and never a padded zero
  const body = sequence(
    VERSION_3,
    encode(TAG.integer, serial),
    ecdsaSha256,
    o.issuer,
    sequence(time(o.notBefore), time(o.notAfter)),
    o.subject,
    spkiOf(o.publicKey),
    ...(o.extensions.length > 0 ? [encode(TAG.context3, sequence(...o.extensions))] : []),
  );
  return pem("CERTIFICATE", sequence(body, ecdsaSha256, bitString(sign("sha256", body, o.signedBy))));
};

/** A server certificate that is trusted by its pin alone; lifetime says little, the key is the identity. PEM. */
export const selfSigned = (o: {
  dnsName: string;
  keys: KeyPair;
  notBefore: Date;
  notAfter: Date;
}): string => {
  const name = serverSubject(o.dnsName);
  return issue({
    issuer: name,
    subject: name,
    publicKey: o.keys.publicKey,
    signedBy: o.keys.privateKey,
    notBefore: o.notBefore,
    notAfter: o.notAfter,
    extensions: [
      extension(OID.subjectAltName, sequence(encode(SAN_DNS, Buffer.from(o.dnsName, "latin1")))),
      extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
    ],
  });
};

/**
 * A peer's certificate by this cluster's own key: {@link checkPeerCertificate} takes it with the certificate `by` as
 * authority, and no API server does. PEM.
 */
export const peerCertificate = (o: {
  clusterID: string;
  publicKey: KeyObject;
  by: { certificate: X509Certificate; keys: KeyPair };
  notBefore: Date;
  notAfter: Date;
}): string =>
  issue({
    issuer: subjectOf(o.by.certificate, "certificate"),
    subject: peerSubject(o.clusterID),
    publicKey: o.publicKey,
    signedBy: o.by.keys.privateKey,
    notBefore: o.notBefore,
    notAfter: o.notAfter,
    extensions: [],
  });

export const parseCertificate = (text: string | Buffer, field: string): X509Certificate => {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new InvalidError(`${field}: not an X.509 certificate`, { cause });
  }
};

/** Every certificate of a PEM bundle. */
export const parseBundle = (text: string, field: string): X509Certificate[] => {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new InvalidError(`${field}: holds no certificate`);
  return blocks.map((b) => parseCertificate(b, field));
};

/** The subject by its DER: text forms of a name can be forged with separators inside a value. */
const subjectOf = (certificate: X509Certificate, field: string): Buffer => {
  const outer = new DerReader(new DerReader(certificate.raw, field).next(TAG.sequence).content, field);
  const body = new DerReader(outer.next(TAG.sequence).content, field);
  let first = body.next();
  if (first.tag === TAG.context0) first = body.next(); // version, then serial
  body.next(TAG.sequence); // signature algorithm
  body.next(TAG.sequence); // issuer
  body.next(TAG.sequence); // validity
  return body.next(TAG.sequence).raw;
};

export interface PeerCertificate {
  clusterID: string;
  publicKey: KeyObject;
  notBefore: Date;
  notAfter: Date;
}

export const validityOf = (c: X509Certificate): { notBefore: Date; notAfter: Date } => ({
  notBefore: c.validFromDate,
  notAfter: c.validToDate,
});

/**
 * Is this an identity that this cluster has issued and that still holds? `skewMs` is how far the clocks of two
 * clusters may be apart.
 */
export const checkPeerCertificate = (
  text: string,
  o: { authorities: X509Certificate[]; now: number; skewMs: number },
): PeerCertificate => {
  const certificate = parseCertificate(text, "certificate");
  const issued = o.authorities.some((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  if (!issued) throw new ForbiddenError("certificate: not issued by this cluster");
  const { notBefore, notAfter } = validityOf(certificate);
  if (o.now < notBefore.getTime() - o.skewMs)
    throw new ForbiddenError(`certificate: not valid before ${notBefore.toISOString()}`);
  if (o.now > notAfter.getTime() + o.skewMs)
    throw new ForbiddenError(`certificate: expired at ${notAfter.toISOString()}`);
  const name = parseName(subjectOf(certificate, "certificate"), "certificate.subject");
  return {
    clusterID: clusterOf(name, "certificate.subject"),
    publicKey: certificate.publicKey,
    notBefore,
    notAfter,
  };
};
