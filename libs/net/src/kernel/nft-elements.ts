import { formatAddress, parseAddress } from "../address.ts";
import { disjointKeys, protocolNumber } from "./nft-boxes.ts";
import type { NftKey, NftMap, NftSet, NftType } from "./nft-types.ts";

/** Elements in one spelling, so that what is wanted and what `nft -j` lists compare as text. */
export type Elements = ReadonlyMap<string, string>;

const CONCAT = " . ";
export const typesOf = (type: NftType | readonly NftType[]): readonly NftType[] =>
  typeof type === "string" ? [type] : type;

const component = (value: string | number, type: NftType | "verdict" | undefined): string => {
  const text = typeof value === "string" ? value : String(value);
  if (type === "inet_proto") return protocolNumber(text);
  if (type === "ipv4_addr") return text.endsWith("/32") ? text.slice(0, -3) : text;
  if (type !== "ipv6_addr" || text.includes("-")) return text;
  const [address = "", length] = text.split("/");
  const spelled = formatAddress(parseAddress(address));
  return length === undefined || length === "128" ? spelled : `${spelled}/${length}`;
};

const partsOf = (types: readonly NftType[], key: NftKey): string[] =>
  (typeof key === "object" ? key : [key]).map((part, i) => component(part, types[i]));

export const setElements = (set: NftSet): Elements => {
  const types = typesOf(set.type);
  const keys = set.elements.map((key) => partsOf(types, key));
  return new Map((set.interval ? disjointKeys(types, keys) : keys).map((key) => [key.join(CONCAT), ""]));
};

export const mapElements = (map: NftMap): Elements => {
  const types = typesOf(map.type);
  return new Map(
    map.elements.map(([key, value]) => [partsOf(types, key).join(CONCAT), component(value, map.value)]),
  );
};

const sameKey = (a: NftKey, b: NftKey): boolean =>
  a === b ||
  (typeof a === "object" &&
    typeof b === "object" &&
    a.length === b.length &&
    a.every((part, i) => part === b[i]));
const samePair = (a: readonly [NftKey, unknown], b: readonly [NftKey, unknown]): boolean =>
  a[1] === b[1] && sameKey(a[0], b[0]);

/** Whether both ask for the same in the same order: much cheaper to find out than to spell it. */
export const sameElements = (a: NftSet | NftMap, b: NftSet | NftMap): boolean => {
  if ("value" in a !== "value" in b || a.interval !== b.interval || !sameKey(a.type, b.type)) return false;
  if (a.elements.length !== b.elements.length) return false;
  if ("value" in a && "value" in b)
    return a.value === b.value && a.elements.every((e, i) => samePair(e, b.elements[i] ?? ["", ""]));
  return (a as NftSet).elements.every((e, i) => sameKey(e, (b as NftSet).elements[i] ?? ""));
};

interface JsonObject {
  readonly [key: string]: unknown;
}
const isObject = (v: unknown): v is JsonObject => typeof v === "object" && v !== null && !Array.isArray(v);

/** One value as `nft -j` lists it. */
const fromJson = (value: unknown, type: NftType | "verdict" | undefined): string => {
  if (typeof value === "string" || typeof value === "number") return component(value, type);
  if (!isObject(value)) return JSON.stringify(value);
  const { prefix, range, jump, goto } = value;
  if (isObject(prefix)) return component(`${String(prefix["addr"])}/${String(prefix["len"])}`, type);
  if (Array.isArray(range)) return range.map((end) => fromJson(end, type)).join("-");
  if (isObject(jump)) return `jump ${String(jump["target"])}`;
  if (isObject(goto)) return `goto ${String(goto["target"])}`;
  return Object.keys(value)[0] ?? ""; // {"accept": null}
};

const keyFromJson = (value: unknown, types: readonly NftType[]): string => {
  if (isObject(value) && isObject(value["elem"])) return keyFromJson(value["elem"]["val"], types);
  if (isObject(value) && Array.isArray(value["concat"]))
    return value["concat"].map((part, i) => fromJson(part, types[i])).join(CONCAT);
  return fromJson(value, types[0]);
};

export const elementsFromJson = (
  elem: readonly unknown[] | undefined,
  types: readonly NftType[],
  value: NftType | "verdict" | undefined,
): Elements =>
  new Map(
    (elem ?? []).map((e) =>
      value !== undefined && Array.isArray(e)
        ? [keyFromJson(e[0], types), fromJson(e[1], value)]
        : [keyFromJson(e, types), ""],
    ),
  );

const word = (type: NftType | undefined, text: string): string => (type === "ifname" ? `"${text}"` : text);

/** An element in nft's text syntax. */
export const elementText = (
  types: readonly NftType[],
  valueType: NftType | "verdict" | undefined,
  [key, value]: readonly [string, string],
): string => {
  const parts = types.length > 1 ? key.split(CONCAT) : [key];
  const left = parts.map((p, i) => word(types[i], p)).join(CONCAT);
  if (valueType === undefined) return left;
  return `${left} : ${valueType === "verdict" ? value : word(valueType, value)}`;
};
