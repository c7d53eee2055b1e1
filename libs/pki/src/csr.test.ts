import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { isInvalid } from "@tideway/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkCsr, createCsr, generateKeyPair, spkiPin } from "./index.ts";

x509.cryptoProvider.set(webcrypto as never);

const ID = "0b6c2a5e-59a3-4a53-8a0e-0f6f3b6f9b11";
const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A request made by an independent library, so that it can be wrong in ways ours cannot. */
const foreign = async (
  name: string,
  extensions: x509.Extension[] = [],
  algorithm: typeof P256 = P256,
): Promise<Buffer> => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm,
    extensions,
  });
  return Buffer.from(csr.rawData);
};
const refusal = (der: Uint8Array, id = ID): string => {
  try {
    checkCsr(der, id);
  } catch (err) {
    expect(isInvalid(err)).toBe(true);
    return (err as Error).message;
  }
  return "accepted";
};

describe("a certificate request", () => {
  test("made here is read by an independent library and its signature holds", async () => {
    const keys = generateKeyPair();
    const csr = new x509.Pkcs10CertificateRequest(createCsr(ID, keys));
    expect(csr.subject).toBe(`O=tideway:peers, CN=tideway:${ID}`);
    expect(csr.extensions).toHaveLength(0);
    expect(await csr.verify()).toBe(true);
  });

  test("made here passes, and its key pin is the pin of the key", () => {
    const keys = generateKeyPair();
    const checked = checkCsr(createCsr(ID, keys), ID);
    expect(checked.clusterID).toBe(ID);
    expect(checked.keyPin).toBe(spkiPin(keys.publicKey));
    expect(checked.pem).toContain("BEGIN CERTIFICATE REQUEST");
  });

  test.each([`O=tideway:peers, CN=tideway:${ID}`, `CN=tideway:${ID}, O=tideway:peers`])(
    "of another library passes: %s",
    async (name) => {
      expect(refusal(await foreign(name))).toBe("accepted");
    },
  );

  test.each([
    ["another cluster's CN", "O=tideway:peers, CN=tideway:other", /csr\.subject: CN names cluster "other"/],
    ["a CN without the prefix", "O=tideway:peers, CN=kubernetes-admin", /csr\.subject: CN must be/],
    ["a second CN", `O=tideway:peers, CN=tideway:${ID}, CN=admin`, /csr\.subject: exactly one CN .* found 2/],
    ["no CN", "O=tideway:peers", /csr\.subject: exactly one CN .* found 0/],
    ["another O", `O=system:masters, CN=tideway:${ID}`, /csr\.subject: exactly one O.*system:masters/],
    ["a second O", `O=tideway:peers, O=system:masters, CN=tideway:${ID}`, /csr\.subject: exactly one O/],
    ["two values in one set", `O=tideway:peers+O=system:masters, CN=tideway:${ID}`, /csr\.subject/],
    ["no O", `CN=tideway:${ID}`, /csr\.subject: exactly one O/],
    ["an OU beside", `O=tideway:peers, OU=x, CN=tideway:${ID}`, /csr\.subject: attributes other/],
  ])("with %s is refused", async (_, name, message) => {
    expect(refusal(await foreign(name))).toMatch(message);
  });

  test.each([
    ["a SAN", new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "kubernetes.default" }])],
    ["a key usage", new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign)],
    ["basic constraints", new x509.BasicConstraintsExtension(true)],
  ])("with %s is refused", async (_, extension) => {
    expect(refusal(await foreign(`O=tideway:peers, CN=tideway:${ID}`, [extension]))).toMatch(
      /csr\.attributes: no extension/,
    );
  });

  test("with a key on another curve is refused", async () => {
    const p384 = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-256" };
    expect(refusal(await foreign(`O=tideway:peers, CN=tideway:${ID}`, [], p384))).toMatch(
      /csr\.publicKey: must be an EC key on P-256/,
    );
  });

  test("signed by another key is refused", () => {
    const mixed = { privateKey: generateKeyPair().privateKey, publicKey: generateKeyPair().publicKey };
    expect(refusal(createCsr(ID, mixed))).toMatch(/csr\.signature: does not verify/);
  });

  test("that is empty or far too long is refused by its length", () => {
    expect(refusal(Buffer.alloc(0))).toBe("csr: is empty");
    expect(refusal(Buffer.alloc(5000))).toMatch(/csr: 5000 bytes/);
  });

  test("of any bytes never crashes, and the error names the field", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(refusal(bytes)).toMatch(/^csr/);
      }),
    );
  });

  test("changed in any one byte is refused", () => {
    const der = createCsr(ID, generateKeyPair());
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bad = Buffer.from(der);
        bad[at] = (bad[at] ?? 0) ^ flip;
        expect(refusal(bad)).toMatch(/^csr/);
      }),
      { numRuns: 500 },
    );
  });
});
