import { createHash } from "node:crypto";
import {
  type Elements,
  elementText,
  mapElements,
  sameElements,
  setElements,
  typesOf,
} from "./nft-elements.ts";
import type { Spelled } from "./nft-known.ts";
import type { ChainState, SetState, TableState } from "./nft-read.ts";
import type { NftBaseChain, NftChain, NftMap, NftRule, NftSet, NftTable } from "./nft-types.ts";
import type { CounterValue } from "./types.ts";

/** Elements on one line: an error names its line, and that should stay readable. */
const PER_LINE = 500;

const keysNotIn = <T>(from: ReadonlyMap<string, T>, other: { has(key: string): boolean }): string[] =>
  [...from.keys()].filter((key) => !other.has(key));

interface Wanted {
  readonly at: string;
  readonly counters: ReadonlySet<string>;
  readonly sets: ReadonlyMap<string, SetState & { readonly prefixValues: boolean }>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

const spell = <T extends NftSet | NftMap>(
  spelled: Spelled,
  from: T,
  make: (from: T) => Elements,
): Elements => {
  const last = spelled.get(from.name);
  const elements = last && sameElements(last.from, from) ? last.elements : make(from);
  spelled.set(from.name, { from, elements });
  return elements;
};
const wantedSet = (s: NftSet, spelled: Spelled): SetState & { prefixValues: boolean } => ({
  types: typesOf(s.type),
  interval: s.interval === true,
  elements: spell(spelled, s, setElements),
  prefixValues: false,
});
const wantedMap = (m: NftMap, spelled: Spelled): SetState & { prefixValues: boolean } => ({
  types: typesOf(m.type),
  value: m.value,
  interval: m.interval === true,
  elements: spell(spelled, m, mapElements),
  prefixValues: m.prefixValues === true,
});

const wantedOf = (t: NftTable, spelled: Spelled): Wanted => {
  const sets = new Map([
    ...(t.sets ?? []).map((s) => [s.name, wantedSet(s, spelled)] as const),
    ...(t.maps ?? []).map((m) => [m.name, wantedMap(m, spelled)] as const),
  ]);
  for (const name of keysNotIn(spelled, sets)) spelled.delete(name);
  return {
    at: `${t.family ?? "ip"} ${t.name}`,
    counters: new Set(t.counters),
    sets,
    chains: new Map(t.chains.map((c) => [c.name, c])),
  };
};

/** The table as it is once the lines are written. */
const stateOf = (want: Wanted): TableState => ({
  counters: new Map([...want.counters].map((name) => [name, { packets: 0, bytes: 0 }])),
  sets: want.sets,
  chains: new Map(
    [...want.chains].map(([name, { base, rules }]) => [
      name,
      { ...(base ? { base: { policy: "accept", ...base } as const } : {}), rules: rules.map(commentOf) },
    ]),
  ),
});

/** Of the rules seen last: most are the same each time. */
const hashes = new Map<string, string>();
const hashOf = (text: string): string => {
  let hash = hashes.get(text);
  if (hash === undefined) {
    if (hashes.size > 10_000) hashes.clear();
    hashes.set(text, (hash = createHash("sha256").update(text).digest("hex").slice(0, 12)));
  }
  return hash;
};

/**
 * A rule's comment carries the hash of what was asked for. The kernel lists rules in its own spelling, so text cannot
 * be compared; and a rule that somebody added, removed or moved shows without knowing any spelling.
 */
const commentOf = (rule: string | NftRule): string => {
  const { rule: text, comment } = typeof rule === "string" ? { rule, comment: undefined } : rule;
  const hash = hashOf(text);
  return comment === undefined ? `#${hash}` : `${comment.replaceAll('"', "'").slice(0, 100)} #${hash}`;
};
const ruleText = (rule: string | NftRule): string =>
  `${typeof rule === "string" ? rule : rule.rule} comment "${commentOf(rule)}"`;

const sameHook = (a?: NftBaseChain, b?: NftBaseChain): boolean =>
  a?.type === b?.type && a?.hook === b?.hook && a?.priority === b?.priority;
const samePolicy = (a?: NftBaseChain, b?: NftBaseChain): boolean =>
  (a?.policy ?? "accept") === (b?.policy ?? "accept");
const sameRules = (chain: NftChain, state: ChainState | undefined): boolean =>
  chain.rules.length === (state?.rules.length ?? 0) &&
  chain.rules.every((r, i) => commentOf(r) === state?.rules[i]);
const sameSet = (a: SetState, b: SetState): boolean =>
  a.value === b.value && a.interval === b.interval && a.types.join(" ") === b.types.join(" ");

/** A set's type or a chain's hook cannot be changed in place. */
const mustRebuild = (want: Wanted, have: TableState): boolean =>
  [...want.sets].some(([name, s]) => {
    const old = have.sets.get(name);
    return old !== undefined && !sameSet(s, old);
  }) ||
  [...want.chains].some(([name, c]) => {
    const old = have.chains.get(name);
    return old !== undefined && !sameHook(c.base, old.base);
  });

const setLine = (at: string, name: string, s: SetState & { prefixValues: boolean }): string => {
  const value = s.value === undefined ? "" : ` : ${s.prefixValues ? "interval " : ""}${s.value}`;
  const flags = s.interval ? " flags interval ;" : "";
  return `add ${s.value === undefined ? "set" : "map"} ${at} ${name} { type ${s.types.join(" . ")}${value} ;${flags} }`;
};

const chainLine = (at: string, { name, base }: NftChain): string => {
  if (!base) return `add chain ${at} ${name}`;
  const { type, hook, device, priority, policy = "accept" } = base;
  const where = device === undefined ? hook : `${hook} device "${device}"`;
  return `add chain ${at} ${name} { type ${type} hook ${where} priority ${priority} ; policy ${policy} ; }`;
};

const counterLine = (at: string, name: string, value?: CounterValue): string =>
  value
    ? `add counter ${at} ${name} { packets ${value.packets} bytes ${value.bytes} }`
    : `add counter ${at} ${name}`;

const elementLines = (
  verb: string,
  at: string,
  name: string,
  s: SetState,
  list: [string, string][],
): string[] => {
  const lines: string[] = [];
  for (let i = 0; i < list.length; i += PER_LINE) {
    const texts = list.slice(i, i + PER_LINE).map((e) => elementText(s.types, s.value, e));
    lines.push(`${verb} element ${at} ${name} { ${texts.join(", ")} }`);
  }
  return lines;
};

const EMPTY: TableState = { counters: new Map(), sets: new Map(), chains: new Map() };

const elementChanges = (
  want: Elements,
  have: Elements,
): { outdated: [string, string][]; fresh: [string, string][] } => {
  if (want === have) return { outdated: [], fresh: [] };
  const fresh: [string, string][] = [];
  for (const e of want) if (have.get(e[0]) !== e[1]) fresh.push(e);
  if (want.size - fresh.length === have.size) return { outdated: [], fresh };
  const outdated: [string, string][] = [];
  for (const e of have) if (want.get(e[0]) !== e[1]) outdated.push(e);
  return { outdated, fresh };
};

export interface TableChange {
  /** Of one `nft -f` transaction; none when the kernel has it all. Order: what is referred to comes first. */
  readonly lines: string[];
  /** The table once they are written; counters count from nothing. */
  readonly state: TableState;
  /** The table is made anew, and its counters begin with what `state` told of them. */
  readonly rebuild: boolean;
}

export const tableChange = (
  table: NftTable,
  state: TableState | undefined,
  spelled: Spelled = new Map(),
): TableChange => {
  const want = wantedOf(table, spelled);
  const { at } = want;
  const rebuild = state !== undefined && mustRebuild(want, state);
  const have = rebuild || !state ? EMPTY : state;
  const changed = [...want.chains.values()].filter((c) => !sameRules(c, have.chains.get(c.name)));
  const gone = keysNotIn(have.chains, want.chains);
  const removed: string[] = [];
  const added: string[] = [];
  for (const [name, s] of want.sets) {
    const { outdated, fresh } = elementChanges(s.elements, have.sets.get(name)?.elements ?? new Map());
    removed.push(...elementLines("delete", at, name, s, outdated));
    added.push(...elementLines("add", at, name, s, fresh));
  }
  const lines = [
    ...(rebuild ? [`delete table ${at}`] : []),
    ...(rebuild || !state ? [`add table ${at}`] : []),
    ...[...want.counters]
      .filter((name) => !have.counters.has(name))
      .map((name) => counterLine(at, name, state?.counters.get(name))),
    ...keysNotIn(want.sets, have.sets).map((name) => {
      const s = want.sets.get(name);
      return s ? setLine(at, name, s) : "";
    }),
    ...[...want.chains.values()]
      .filter((c) => {
        const old = have.chains.get(c.name);
        return old === undefined || !samePolicy(c.base, old.base);
      })
      .map((c) => chainLine(at, c)),
    ...[...changed.filter((c) => have.chains.get(c.name)?.rules.length).map((c) => c.name), ...gone].map(
      (name) => `flush chain ${at} ${name}`,
    ),
    ...removed,
    ...changed.flatMap((c) => c.rules.map((r) => `add rule ${at} ${c.name} ${ruleText(r)}`)),
    ...added,
    // A map that goes may still point to a chain that goes.
    ...keysNotIn(have.sets, want.sets).map(
      (name) => `delete ${have.sets.get(name)?.value === undefined ? "set" : "map"} ${at} ${name}`,
    ),
    ...gone.map((name) => `delete chain ${at} ${name}`),
    ...keysNotIn(have.counters, want.counters).map((name) => `delete counter ${at} ${name}`),
  ];
  return { lines, state: stateOf(want), rebuild };
};
