/** Whether what a peer announces can be used: ordered checks, the first that speaks decides. Pure. */
import { isCopy, type NetworkConfig, ORIGIN } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { overlaps, parseAddress, parsePrefix, type Prefix } from "@tideway/net";
import { familyOf } from "../own/family.ts";

export interface Refusal {
  /** CamelCase word. */
  reason: string;
  message: string;
}

export interface Context {
  /** ID of the peer whose tenant namespace it came in. */
  peer: string;
  /** ID of this cluster. */
  clusterID: string;
  own: { podCIDR: string; externalCIDR: string };
  /** Public keys of this side. */
  ownKeys: readonly string[];
}
type Check = (c: NetworkConfig, x: Context) => Refusal | undefined;

const no = (reason: string, message: string): Refusal => ({ reason, message });

/** The largest network a peer may announce: /8, and /32 of IPv6. */
const LARGEST: Record<4 | 6, number> = { 4: 8, 6: 32 };
/** Never on a wire between two clusters (RFC 6890, RFC 4291). */
const SPECIAL: readonly [string, string][] = [
  ["0.0.0.0/8", "this network"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
  ["::/8", "unspecified, loopback and mapped IPv4"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
];
const MTU = { min: 1280, max: 65_455 };

const isFromTenant: Check = (c, x) =>
  isCopy(c) && c.metadata.labels?.[ORIGIN] === x.peer
    ? undefined
    : no("NotFromThisPeer", `NetworkConfig ${c.metadata.name} was not brought by the peer of its namespace`);

const isItsOwn: Check = (c, x) =>
  c.spec.clusterID === x.peer && c.metadata.name === x.peer
    ? undefined
    : no("NotThisPeer", `it announces the networks of cluster ${c.spec.clusterID}, which it is not`);

const parsed = (what: string, text: string): Prefix | Refusal => {
  try {
    return parsePrefix(text);
  } catch (err) {
    return no("InvalidNetwork", `${what}: ${describeError(err)}`);
  }
};

/** One network, on its own. */
const networkFault = (what: string, text: string, family: 4 | 6): Refusal | undefined => {
  const p = parsed(what, text);
  if ("reason" in p) return p;
  if (p.length < LARGEST[p.family])
    return no(
      "NetworkTooLarge",
      `${what}: ${text} is larger than /${LARGEST[p.family]}, the largest that is taken`,
    );
  const special = SPECIAL.find(([net]) => overlaps(net, p));
  if (special) return no("SpecialNetwork", `${what}: ${text} overlaps ${special[0]} (${special[1]})`);
  if (p.family !== family)
    return no(
      "FamilyMismatch",
      `${what}: ${text} is IPv${p.family}, the pods of this cluster have IPv${family}`,
    );
  return undefined;
};

const networks: Check = ({ spec }, { own }) => {
  const family = familyOf(own.podCIDR);
  return (
    networkFault("podCIDR", spec.podCIDR, family) ??
    networkFault("externalCIDR", spec.externalCIDR, family) ??
    (overlaps(spec.podCIDR, spec.externalCIDR)
      ? no("NetworksOverlap", `its podCIDR ${spec.podCIDR} and externalCIDR ${spec.externalCIDR} overlap`)
      : undefined)
  );
};

const mtu: Check = ({ spec }) =>
  spec.mtu >= MTU.min && spec.mtu <= MTU.max
    ? undefined
    : no("WrongMTU", `mtu ${spec.mtu} is not between ${MTU.min} and ${MTU.max} bytes`);

const isKey = (key: string): boolean => {
  const bytes = Buffer.from(key, "base64");
  return bytes.length === 32 && bytes.some((b) => b !== 0);
};
/** Nobody changes keys that often; what is larger cannot be counted on. */
const LAST_GENERATION = 1_000_000_000;
const keys: Check = ({ spec }, x) => {
  for (const { generation, publicKey } of spec.keys) {
    if (generation > LAST_GENERATION)
      return no("InvalidKey", `generation ${generation} of its keys is above ${LAST_GENERATION}`);
    if (!isKey(publicKey))
      return no("InvalidKey", `key of generation ${generation} is not a WireGuard public key`);
    if (x.ownKeys.includes(publicKey))
      return no("InvalidKey", `key of generation ${generation} is this cluster's own`);
  }
  return undefined;
};

/** A tunnel must not be turned on ourselves, or on a group. */
const endpoints: Check = ({ spec }) => {
  for (const endpoint of spec.keys.flatMap((k) => k.endpoints ?? [])) {
    const host = endpoint.slice(0, endpoint.lastIndexOf(":")).replace(/^\[|\]$/g, "");
    const isIP = /^[0-9.]+$/.test(host) || host.includes(":");
    let special: readonly [string, string] | undefined;
    try {
      const address = isIP ? parseAddress(host) : undefined;
      const bits = address?.family === 6 ? 128 : 32;
      special = address && SPECIAL.find(([net]) => overlaps(net, `${host}/${bits}`));
    } catch {
      return no("InvalidEndpoint", `endpoint ${endpoint} is not host:port`);
    }
    if (special || host === "localhost")
      return no("InvalidEndpoint", `endpoint ${endpoint} is not an address of another cluster`);
  }
  return undefined;
};

/** Addresses are translated by keeping their host part, so both networks must be of the same length. */
const mapping: Check = ({ spec }, { own }) => {
  if (!spec.mapping) return undefined;
  for (const field of ["podCIDR", "externalCIDR"] as const) {
    const [seen, real] = [spec.mapping[field], own[field]];
    const fault = networkFault(`mapping.${field}`, seen, familyOf(real));
    if (fault) return fault;
    const length = parsePrefix(seen).length;
    if (length !== parsePrefix(real).length)
      return no("WrongMapping", `mapping.${field}: ${seen} cannot stand for ${real}: another length`);
  }
  return overlaps(spec.mapping.podCIDR, spec.mapping.externalCIDR)
    ? no("WrongMapping", `mapping: ${spec.mapping.podCIDR} and ${spec.mapping.externalCIDR} overlap`)
    : undefined;
};

/** What overlay and gateways carry today; addresses are counted alike in both families. */
const CARRIED: readonly (4 | 6)[] = [4];

/** Why this cluster cannot have a tunnel with anybody. */
export const ownRefusal = ({ podCIDR }: { podCIDR: string }): Refusal | undefined => {
  const family = familyOf(podCIDR);
  if (CARRIED.includes(family)) return undefined;
  return no(
    `IPv${family}NotCarried`,
    `the pods of this cluster have ${podCIDR}, and tunnels carry IPv4 only; where the pods have IPv4 addresses too, name that network first in podCIDR of ConfigMap tideway-cluster`,
  );
};

const CHECKS: readonly Check[] = [isFromTenant, isItsOwn, networks, mtu, keys, endpoints, mapping];

export const refusalOf = (config: NetworkConfig, x: Context): Refusal | undefined => {
  for (const check of CHECKS) {
    const refusal = check(config, x);
    if (refusal) return refusal;
  }
  return undefined;
};
