import { type Elements, elementsFromJson, typesOf } from "./nft-elements.ts";
import type { NftBaseChain, NftTable, NftType } from "./nft-types.ts";
import { type Tools, read } from "./transaction.ts";
import type { CounterValue } from "./types.ts";

/** A set, or a map when `value` is given. */
export interface SetState {
  readonly types: readonly NftType[];
  readonly value?: NftType | "verdict";
  readonly interval: boolean;
  readonly elements: Elements;
}
type BaseChainState = Required<Omit<NftBaseChain, "device">>;
export interface ChainState {
  readonly base?: BaseChainState;
  /** Of each rule its comment; empty when it has none, then it is not ours. */
  readonly rules: readonly string[];
}
export interface TableState {
  readonly counters: ReadonlyMap<string, CounterValue>;
  readonly sets: ReadonlyMap<string, SetState>;
  readonly chains: ReadonlyMap<string, ChainState>;
}

interface Named {
  readonly name: string;
}
interface Entry {
  readonly counter?: Named & CounterValue;
  readonly set?: Named & { type: NftType | NftType[]; flags?: string | string[]; elem?: unknown[] };
  readonly map?: Named & {
    type: NftType | NftType[];
    map: NftType;
    flags?: string | string[];
    elem?: unknown[];
  };
  readonly chain?: Named & { type?: string; hook?: string; prio?: number; policy?: string };
  readonly rule?: { readonly chain: string; readonly comment?: string };
}

const setState = (s: NonNullable<Entry["set"]>, value?: NftType | "verdict"): SetState => ({
  types: typesOf(s.type),
  interval: [s.flags ?? []].flat().includes("interval"),
  elements: elementsFromJson(s.elem, typesOf(s.type), value),
  ...(value === undefined ? {} : { value }),
});

const ABSENT = /No such file or directory/;
const list = async (tools: Tools, command: readonly string[]): Promise<readonly Entry[] | undefined> => {
  const text = await read(tools, command, ABSENT);
  return text === undefined ? undefined : (JSON.parse(text) as { nftables: Entry[] }).nftables;
};

/** Undefined when there is no such table. */
export const readTable = async (
  tools: Tools,
  family: NonNullable<NftTable["family"]>,
  name: string,
): Promise<TableState | undefined> => {
  const entries = await list(tools, ["nft", "-j", "list", "table", family, name]);
  if (!entries) return undefined;
  const counters = new Map<string, CounterValue>();
  const sets = new Map<string, SetState>();
  const chains = new Map<string, { base?: BaseChainState; rules: string[] }>();
  for (const { counter, set, map, chain, rule } of entries) {
    if (counter) counters.set(counter.name, { packets: counter.packets, bytes: counter.bytes });
    if (set) sets.set(set.name, setState(set));
    if (map) sets.set(map.name, setState(map, map.map));
    if (chain) {
      const { type, hook, prio: priority, policy = "accept" } = chain;
      const base = hook === undefined ? {} : { base: { type, hook, priority, policy } as BaseChainState };
      chains.set(chain.name, { ...base, rules: [] });
    }
    if (rule) chains.get(rule.chain)?.rules.push(rule.comment ?? "");
  }
  return { counters, sets, chains };
};

export const readCounters = async (
  tools: Tools,
  family: NonNullable<NftTable["family"]>,
  name: string,
): Promise<ReadonlyMap<string, CounterValue>> => {
  const entries = (await list(tools, ["nft", "-j", "list", "counters", "table", family, name])) ?? [];
  return new Map(
    entries.flatMap(({ counter: c }) =>
      c ? [[c.name, { packets: c.packets, bytes: c.bytes }] as const] : [],
    ),
  );
};
