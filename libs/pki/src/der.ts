import { InvalidError } from "@tideway/errors";

/**
 * The little of DER (X.690) that three fixed structures need: a PKCS #10 request, a self-signed certificate, and the
 * subject of a certificate. A general X.509 library costs 23 MB of memory and 110 ms at start in every service that
 * imports it, see docs/adr on DER; the tests use one as the judge of this file.
 */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  context0: 0xa0,
  context3: 0xa3,
} as const;

/** DER encoding of an object identifier's value. */
export const OID = {
  commonName: Buffer.from("550403", "hex"),
  organization: Buffer.from("55040a", "hex"),
  subjectAltName: Buffer.from("551d11", "hex"),
  extendedKeyUsage: Buffer.from("551d25", "hex"),
  serverAuth: Buffer.from("2b06010505070301", "hex"),
  ecdsaWithSha256: Buffer.from("2a8648ce3d040302", "hex"),
} as const;

/** The first 26 bytes of every uncompressed P-256 SubjectPublicKeyInfo; a point of 65 bytes follows. */
export const P256_SPKI_PREFIX = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");
export const P256_SPKI_LENGTH = P256_SPKI_PREFIX.length + 65;

export const encode = (tag: number, ...contents: Uint8Array[]): Buffer => {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length: number[] = [];
  for (let n = body.length; n > 0; n >>>= 8) length.unshift(n & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), body]);
};

export const sequence = (...contents: Uint8Array[]): Buffer => encode(TAG.sequence, ...contents);
export const oid = (value: Buffer): Buffer => encode(TAG.oid, value);
export const bitString = (bytes: Uint8Array): Buffer => encode(TAG.bitString, Buffer.from([0]), bytes);

/** UTCTime up to 2049, GeneralizedTime after, as RFC 5280 wants. */
export const time = (at: Date): Buffer => {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d+/g, ""); // YYYYMMDDHHMMSSZ
  return at.getUTCFullYear() < 2050
    ? encode(TAG.utcTime, Buffer.from(digits.slice(2), "latin1"))
    : encode(TAG.generalizedTime, Buffer.from(digits, "latin1"));
};

export interface Tlv {
  tag: number;
  content: Buffer;
  /** Header and content. */
  raw: Buffer;
}

/** Reads elements one after another; `field` names the input in every error. */
export class DerReader {
  #at = 0;
  readonly #bytes: Buffer;
  readonly #field: string;

  constructor(bytes: Buffer, field: string) {
    this.#bytes = bytes;
    this.#field = field;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  next(expected?: number): Tlv {
    const start = this.#at;
    const tag = this.#byte();
    if (expected !== undefined && tag !== expected)
      throw new InvalidError(
        `${this.#field}: expected DER tag ${hex(expected)} at byte ${start}, found ${hex(tag)}`,
      );
    const length = this.#length();
    const from = this.#at;
    if (from + length > this.#bytes.length)
      throw new InvalidError(`${this.#field}: DER ends early at byte ${from}`);
    this.#at = from + length;
    return {
      tag,
      content: this.#bytes.subarray(from, this.#at),
      raw: this.#bytes.subarray(start, this.#at),
    };
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.done)
      throw new InvalidError(`${this.#field}: ${this.#bytes.length - this.#at} unexpected bytes at the end`);
  }

  #byte(): number {
    const b = this.#bytes[this.#at];
    if (b === undefined) throw new InvalidError(`${this.#field}: DER ends early at byte ${this.#at}`);
    this.#at++;
    return b;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 3) throw new InvalidError(`${this.#field}: unsupported DER length`);
    let length = 0;
    for (let i = 0; i < count; i++) length = (length << 8) | this.#byte();
    if (length < 0x80 || length < 1 << (8 * (count - 1)))
      throw new InvalidError(`${this.#field}: DER length is not minimal`);
    return length;
  }
}

const hex = (n: number): string => `0x${n.toString(16).padStart(2, "0")}`;
