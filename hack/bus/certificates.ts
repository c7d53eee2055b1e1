import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface Issued {
  certificate: string;
  key: string;
}

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGN = { name: "ECDSA", hash: "SHA-256" };
const DAY = 24 * 3600 * 1000;
/** The CA signs nothing but this one server, and lives as long as an installation. */
const CA_DAYS = 3650;
const SERVER_DAYS = 825;

/** The Service, as services call it, the pods of the StatefulSet, and a port-forward. */
const NAMES = ["bus", "bus.tideway-system", "bus.tideway-system.svc", "bus.tideway-system.svc.cluster.local"];
const POD_NAMES = [
  ...["bus", "bus-peers"].flatMap((service) => [
    `*.${service}.tideway-system.svc`,
    `*.${service}.tideway-system.svc.cluster.local`,
  ]),
  "localhost",
];

const serial = (): string => `01${randomBytes(15).toString("hex")}`;
const validity = (days: number): { notBefore: Date; notAfter: Date } => {
  const now = Date.now();
  return { notBefore: new Date(now - 3600 * 1000), notAfter: new Date(now + days * DAY) };
};

const pemOf = async (key: webcrypto.CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY")}\n`;
const newKeys = async (): Promise<webcrypto.CryptoKeyPair> =>
  await webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);

export const issueCa = async (): Promise<Issued> => {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: "CN=tideway bus CA",
    ...validity(CA_DAYS),
    keys,
    signingAlgorithm: SIGN,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await pemOf(keys.privateKey) };
};

export const issueServer = async (ca: Issued): Promise<Issued> => {
  const issuer = new x509.X509Certificate(ca.certificate);
  const [der] = x509.PemConverter.decode(ca.key);
  if (!der) throw new Error("ca.key holds no PEM block");
  const signingKey = await webcrypto.subtle.importKey("pkcs8", der, CURVE, false, ["sign"]);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${NAMES[2]}`,
    issuer: issuer.subject,
    ...validity(SERVER_DAYS),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGN,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      // clientAuth: in a cluster of servers each is the others' client
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension([
        ...[...NAMES, ...POD_NAMES].map((value) => ({ type: "dns" as const, value })),
        { type: "ip", value: "127.0.0.1" },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: `${certificate.toString("pem")}\n`, key: await pemOf(keys.privateKey) };
};
