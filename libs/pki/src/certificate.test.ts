import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { isForbidden, isInvalid } from "@tideway/errors";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  checkPeerCertificate,
  generateKeyPair,
  parseBundle,
  parseCertificate,
  peerCertificate,
  selfSigned,
  spkiPin,
} from "./index.ts";

x509.cryptoProvider.set(webcrypto as never);

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR = 3_600_000;
const NOW = Date.parse("2026-03-01T12:00:00Z");
const SKEW = 300_000;

const newKeys = async (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
const newCa = async (): Promise<{
  pem: string;
  keys: webcrypto.CryptoKeyPair;
  cert: x509.X509Certificate;
}> => {
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=kubernetes",
    keys,
    signingAlgorithm: P256,
    notBefore: new Date(NOW - 24 * HOUR),
    notAfter: new Date(NOW + 999 * HOUR),
    extensions: [new x509.BasicConstraintsExtension(true)],
  });
  return { pem: cert.toString("pem"), keys, cert };
};
const issue = async (
  by: Awaited<ReturnType<typeof newCa>>,
  subject: string | x509.JsonName,
  from = NOW - HOUR,
  to = NOW + HOUR,
): Promise<string> => {
  const cert = await x509.X509CertificateGenerator.create({
    subject,
    issuer: by.cert.subject,
    publicKey: (await newKeys()).publicKey,
    signingKey: by.keys.privateKey,
    signingAlgorithm: P256,
    notBefore: new Date(from),
    notAfter: new Date(to),
  });
  return cert.toString("pem");
};

describe("a self-signed server certificate", () => {
  const keys = generateKeyPair();
  const text = selfSigned({
    dnsName: "tideway-auth",
    keys,
    notBefore: new Date(NOW),
    notAfter: new Date(NOW + 20 * 365 * 24 * HOUR),
  });

  test("is read by an independent library, verifies itself and has the pin of its key", async () => {
    const cert = new x509.X509Certificate(text);
    expect(await cert.verify({ publicKey: cert.publicKey, date: new Date(NOW + HOUR) })).toBe(true);
    expect(cert.subject).toBe("CN=tideway-auth");
    expect(cert.notBefore.getTime()).toBe(NOW);
    const own = parseCertificate(text, "cert");
    expect(own.subjectAltName).toBe("DNS:tideway-auth");
    expect(spkiPin(own)).toBe(spkiPin(keys.publicKey));
  });

  test("may live past 2050, where the form of time changes", () => {
    const late = selfSigned({
      dnsName: "x",
      keys,
      notBefore: new Date(NOW),
      notAfter: new Date("2060-01-02T03:04:05Z"),
    });
    expect(parseCertificate(late, "cert").validToDate.toISOString()).toBe("2060-01-02T03:04:05.000Z");
  });
});

describe("a peer's certificate", () => {
  let ca: Awaited<ReturnType<typeof newCa>>;
  let other: Awaited<ReturnType<typeof newCa>>;
  beforeAll(async () => {
    [ca, other] = await Promise.all([newCa(), newCa()]);
  });
  const check = (text: string, now = NOW): string =>
    checkPeerCertificate(text, {
      authorities: parseBundle(`${other.pem}\n${ca.pem}`, "ca"),
      now,
      skewMs: SKEW,
    }).clusterID;

  test("issued by any authority of the bundle tells its cluster", async () => {
    expect(check(await issue(ca, "O=tideway:peers, CN=tideway:east"))).toBe("east");
  });

  test("issued by this cluster's own key tells its cluster where that is the authority, and nowhere else", () => {
    const [own, peer] = [generateKeyPair(), generateKeyPair()];
    const notBefore = new Date(NOW - HOUR);
    const dates = { notBefore, notAfter: new Date(NOW + HOUR) };
    const certificate = parseCertificate(selfSigned({ dnsName: "auth", keys: own, ...dates }), "own");
    const by = { certificate, keys: own };
    const text = peerCertificate({ clusterID: "east", publicKey: peer.publicKey, by, ...dates });
    const found = checkPeerCertificate(text, { authorities: [certificate], now: NOW, skewMs: SKEW });
    expect(found.clusterID).toBe("east");
    expect(found.publicKey.equals(peer.publicKey)).toBe(true);
    expect(() => check(text)).toThrow("not issued by this cluster");
  });

  test("issued by a stranger of the same name is refused", async () => {
    const stranger = await newCa();
    await expect(issue(stranger, "O=tideway:peers, CN=tideway:east").then(check)).rejects.toThrow(
      "not issued by this cluster",
    );
  });

  test("outside its validity is refused, within the clock tolerance it is not", async () => {
    const text = await issue(ca, "O=tideway:peers, CN=tideway:east");
    expect(check(text, NOW + HOUR + SKEW - 1)).toBe("east");
    expect(check(text, NOW - HOUR - SKEW + 1)).toBe("east");
    expect(() => check(text, NOW + HOUR + SKEW + 1000)).toThrow("expired at");
    expect(() => check(text, NOW - HOUR - SKEW - 1000)).toThrow("not valid before");
  });

  test.each([
    "CN=admin",
    "O=system:masters, CN=tideway:east",
    "O=tideway:peers, O=system:masters, CN=tideway:east",
  ])("of another subject is refused: %s", async (subject) => {
    await expect(issue(ca, subject).then((t) => check(t))).rejects.toThrow("certificate.subject");
  });

  test("a separator inside a value cannot forge a second name", async () => {
    const name = [{ CN: ["admin\nO=tideway:peers\nCN=tideway:east"] }];
    await expect(issue(ca, name).then((t) => check(t))).rejects.toThrow("certificate.subject");
  });

  test("of any text never crashes", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          check(text);
        } catch (err) {
          expect(isInvalid(err) || isForbidden(err)).toBe(true);
          expect((err as Error).message).toMatch(/^certificate/);
        }
      }),
    );
  });
});
