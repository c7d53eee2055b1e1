/** The AddressPool `default`: made where it is missing, its external CIDR chosen, its condition kept. */
import {
  ADDRESS_POOL_NAME,
  type AddressPool,
  addressPools,
  type AddressPoolStatus,
  type ConditionInput,
  make,
  sameConditions,
  setCondition,
} from "@tideway/api";
import { describeError, isAlreadyExists } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { firstFree, nth, overlaps, parsePrefix, size, formatPrefix, prefixAround } from "@tideway/net";
import { createHash } from "node:crypto";
import type { Family } from "../own/family.ts";
import { type Book, ExhaustedError, type Written } from "./book.ts";

/**
 * Room for 128 peers with a /16 that must be seen elsewhere, in the middle of 10/8, away from what installers choose
 * by themselves (10.0, 10.42, 10.244, 192.168, most of 172.16/12); and a little outside of it, for clusters that use
 * all of 10/8. The cluster's own networks are stepped over wherever they lie. IPv6: a ULA of this project.
 */
export const DEFAULT_PREFIXES: Record<Family, string[]> = {
  4: ["10.64.0.0/10", "10.128.0.0/10", "172.20.0.0/14"],
  6: ["fd74:6964:6577::/48", "fd74:6964:6578::/48"],
};

/** Idempotent; of several replicas one makes it. */
export const ensurePool = async (
  kube: Pick<Kube, "find" | "create" | "get">,
  family: Family,
  signal?: AbortSignal,
): Promise<AddressPool> => {
  const o = signal ? { signal } : {};
  const found = await kube.find(addressPools, ADDRESS_POOL_NAME, undefined, o);
  if (found) return found;
  try {
    return await kube.create(
      addressPools,
      make(addressPools, {
        metadata: { name: ADDRESS_POOL_NAME, labels: { "app.kubernetes.io/part-of": "tideway" } },
        spec: { prefixes: DEFAULT_PREFIXES[family] },
      }),
      o,
    );
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
    return kube.get(addressPools, ADDRESS_POOL_NAME, undefined, o);
  }
};

/** Where in the pool this cluster's choice begins: by its ID, so that two clusters seldom choose the same and need no translation. */
const startOf = (clusterID: string, prefix: string, length: number): string => {
  const p = parsePrefix(prefix);
  const slots = size(p) / size({ ...p, length });
  const slot = BigInt(`0x${createHash("sha256").update(clusterID).digest("hex").slice(0, 12)}`) % slots;
  const at = nth(p, slot * size({ ...p, length }));
  return formatPrefix(prefixAround(at, length));
};

/** Chosen once and kept: peers know it. */
export const chooseExternal =
  (clusterID: string, family: Family, v4Length: number, before: string | undefined) =>
  (book: Book): Written<string> => {
    if (book.status.externalCIDR) return { status: book.status, value: book.status.externalCIDR };
    const length = family === 4 ? v4Length : v4Length + 64;
    const pool = book.spec.prefixes.filter(
      (p) => parsePrefix(p).family === family && parsePrefix(p).length <= length,
    );
    const taken = [
      ...book.own,
      ...(book.spec.reserved ?? []),
      ...(book.status.allocations ?? []).map((a) => a.prefix),
    ];
    const isFree = (p: string): boolean => !taken.some((t) => overlaps(t, p));
    const wishes = [...(before ? [before] : []), ...pool.map((p) => startOf(clusterID, p, length))];
    const value = wishes.find(isFree) ?? firstFree(pool, taken, length);
    if (value === undefined)
      throw new ExhaustedError(
        `no free /${length} for the external CIDR in the pool ${book.spec.prefixes.join(", ")}; add a network to spec.prefixes of AddressPool default`,
      );
    return { status: { ...book.status, externalCIDR: value }, value };
  };

const readiness = ({ spec, status }: Book): ConditionInput => {
  const say = (is: ConditionInput["status"], reason: string, message: string): ConditionInput => ({
    type: "Ready",
    status: is,
    reason,
    message,
  });
  try {
    [...spec.prefixes, ...(spec.reserved ?? [])].forEach(parsePrefix);
  } catch (err) {
    return say("False", "InvalidNetwork", `${describeError(err)}; nothing is given away until it is mended`);
  }
  if (!status.externalCIDR)
    return say("False", "NoExternalCIDR", "no network is free for this cluster's external CIDR");
  const networks = status.allocations?.length ?? 0;
  return say(
    "True",
    "InUse",
    `${networks} networks and ${status.mappings?.length ?? 0} addresses of ${status.externalCIDR} are given away`,
  );
};

/** The status with its condition. */
export const finish =
  (now: () => Date, generation: () => number | undefined) =>
  (book: Book): AddressPoolStatus => {
    const g = generation();
    const condition = setCondition(
      book.status.conditions,
      { ...readiness(book), ...(g === undefined ? {} : { observedGeneration: g }) },
      now().toISOString(),
    );
    return {
      ...book.status,
      conditions: [condition],
      ...(g === undefined ? {} : { observedGeneration: g }),
    };
  };

/** Writes the condition where it is not said yet. */
export const touch =
  (complete: (book: Book) => AddressPoolStatus) =>
  (book: Book): Written<undefined> => {
    const status = complete(book);
    const isSaid =
      sameConditions(book.status.conditions, status.conditions) &&
      book.status.observedGeneration === status.observedGeneration;
    return { status: isSaid ? book.status : status, value: undefined };
  };
