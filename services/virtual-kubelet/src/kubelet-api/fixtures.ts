/** Servers of tests: who they are, and what they say without end. */
import type { Writable } from "node:stream";
import { generateKeyPair, privateKeyPem, selfSigned } from "@tideway/pki";
import { expect } from "vitest";

/** A certificate of its own authority, and its key. PEM. */
export const identityOf = (dnsName: string): { cert: string; key: string } => {
  const keys = generateKeyPair();
  const cert = selfSigned({
    dnsName,
    keys,
    notBefore: new Date(Date.now() - 1e6),
    notAfter: new Date(Date.now() + 1e8),
  });
  return { cert, key: privateKeyPem(keys.privateKey) };
};

export interface Flood {
  /** Bytes that the stream took. */
  written: number;
}

/** Writes as fast as the stream takes it, for ever. */
export const flood = (to: Writable): Flood => {
  const state = { written: 0 };
  const chunk = Buffer.alloc(64 * 1024, "no line ends here ");
  const more = (): void => {
    while (!to.destroyed) {
      state.written += chunk.length;
      if (!to.write(chunk)) return void to.once("drain", more);
    }
  };
  more();
  return state;
};

/** Resolves when nothing was taken between two looks, because nobody reads. */
export const standsStill = async (one: () => Flood | undefined): Promise<void> => {
  let last = 0;
  await expect
    .poll(
      () => {
        const now = one()?.written ?? 0;
        const still = now > 0 && now === last;
        last = now;
        return still;
      },
      { timeout: 20_000, interval: 100 },
    )
    .toBe(true);
};
