/** WireGuard keys of one side of a tunnel: a Secret holds them by generation. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { InvalidError } from "@tideway/errors";

/** 32 bytes at the end of both DER forms (RFC 8410). */
const RAW = 32;
const PKCS8_X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");

/** Base64, as `wg genkey` prints it; clamped by whoever uses it. */
export const newPrivateKey = (): string => {
  const { privateKey } = generateKeyPairSync("x25519");
  return privateKey.export({ type: "pkcs8", format: "der" }).subarray(-RAW).toString("base64");
};

export const publicKeyOf = (privateKey: string): string => {
  const raw = Buffer.from(privateKey, "base64");
  if (raw.length !== RAW) throw new InvalidError("not a WireGuard private key: 32 bytes in base64");
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_X25519, raw]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ type: "spki", format: "der" }).subarray(-RAW).toString("base64");
};

export interface KeyWorld {
  /** Generations of this side. */
  own: readonly number[];
  /** Of the peer; undefined: not known yet. */
  remote: readonly number[] | undefined;
  /** Generation that the tunnel has been using for the whole grace. */
  settled: number | undefined;
  /** New keys are due. */
  due: boolean;
}
export interface KeyPlan {
  keep: number[];
  add?: number;
}

const newest = (list: readonly number[]): number => Math.max(0, ...list);

/**
 * Either side begins a rotation by adding a generation, the other follows; the older one goes when the tunnel has used
 * the newer one long enough, or when the peer has it no more. A new side starts with the peer's newest, so both agree.
 */
export const planKeys = ({ own, remote, settled, due }: KeyWorld): KeyPlan => {
  const [mine, theirs] = [newest(own), newest(remote ?? [])];
  if (mine === 0) return { keep: [], add: Math.max(1, theirs) };
  if (remote === undefined) return { keep: [mine] };
  const usable = own.filter((g) => g === mine || (remote.includes(g) && (settled ?? 0) < mine));
  const keep = usable.sort((a, b) => a - b).slice(-2);
  // Odd and even generations have one port and one interface each: two of a kind cannot stand side by side.
  if (theirs > mine) return { keep: (theirs - mine) % 2 === 1 ? keep.slice(-1) : [], add: theirs };
  // One rotation at a time: both have the newest and nothing else.
  const isQuiet = mine === theirs && keep.length === 1 && remote.length === 1;
  return due && isQuiet ? { keep, add: mine + 1 } : { keep };
};
