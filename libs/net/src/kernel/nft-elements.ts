import { disjoint } from "../free.ts";
import { formatAddress, parseAddress } from "../address.ts";
import type { NftKey, NftMap, NftSet, NftType } from "./nft-types.ts";

/** Elements in one spelling, so that what is wanted and what `nft -j` lists compare as text. */
export type Elements = ReadonlyMap<string, string>;

const CONCAT = " . ";
export const typesOf = (type: NftType | readonly NftType[]): readonly NftType[] =>
  typeof type === "string" ? [type] : type;

const component = (value: string | number): string => {
  const text = String(value);
  if (!/^[0-9a-f:.]+(\/\d+)?$/i.test(text) || !/[.:]/.test(text)) return text;
  const [address = "", length] = text.split("/");
  const v6 = address.includes(":");
  const spelled =
    v6 && !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(address) ? formatAddress(parseAddress(address)) : address;
  return length === undefined || length === (v6 ? "128" : "32") ? spelled : `${spelled}/${length}`;
};

export const canonicalKey = (key: NftKey): string =>
  typeof key === "object" ? key.map(component).join(CONCAT) : component(key);

/** A prefix that another element covers is left out: the kernel refuses elements that overlap. */
const withoutCovered = (keys: readonly string[]): readonly string[] => {
  const groups = new Map<string, { at: number; prefixes: string[] }>();
  const rest: string[] = [];
  for (const key of keys) {
    const parts = key.split(CONCAT);
    const at = parts.findLastIndex((p) => /^[0-9a-f:.]+(\/\d+)?$/i.test(p) && /[.:]/.test(p));
    const prefix = parts[at];
    if (prefix === undefined) {
      rest.push(key);
      continue;
    }
    const others = parts.with(at, "").join(CONCAT);
    const group = groups.get(others) ?? { at, prefixes: [] };
    group.prefixes.push(prefix.includes("/") ? prefix : `${prefix}/${prefix.includes(":") ? 128 : 32}`);
    groups.set(others, group);
  }
  for (const [others, { at, prefixes }] of groups)
    for (const p of disjoint(prefixes)) rest.push(others.split(CONCAT).with(at, component(p)).join(CONCAT));
  return rest;
};

export const setElements = (set: NftSet): Elements => {
  const keys = set.elements.map(canonicalKey);
  return new Map((set.interval ? withoutCovered(keys) : keys).map((key) => [key, ""]));
};

export const mapElements = (map: NftMap): Elements =>
  new Map(
    map.elements.map(([key, value]) => [
      canonicalKey(key),
      map.value === "verdict" ? String(value) : component(value),
    ]),
  );

interface JsonObject {
  readonly [key: string]: unknown;
}
const isObject = (v: unknown): v is JsonObject => typeof v === "object" && v !== null && !Array.isArray(v);

/** One value as `nft -j` lists it. */
export const fromJson = (value: unknown): string => {
  if (typeof value === "string" || typeof value === "number") return component(value);
  if (!isObject(value)) return JSON.stringify(value);
  const { prefix, range, concat, elem, jump, goto } = value;
  if (isObject(prefix)) return component(`${String(prefix["addr"])}/${String(prefix["len"])}`);
  if (Array.isArray(range)) return range.map(fromJson).join("-");
  if (Array.isArray(concat)) return concat.map(fromJson).join(CONCAT);
  if (isObject(elem)) return fromJson(elem["val"]);
  if (isObject(jump)) return `jump ${String(jump["target"])}`;
  if (isObject(goto)) return `goto ${String(goto["target"])}`;
  return Object.keys(value)[0] ?? ""; // {"accept": null}
};

export const elementsFromJson = (elem: readonly unknown[] | undefined, isMap: boolean): Elements =>
  new Map(
    (elem ?? []).map((e) =>
      isMap && Array.isArray(e) ? [fromJson(e[0]), fromJson(e[1])] : [fromJson(e), ""],
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
