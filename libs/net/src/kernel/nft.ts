import { tableChange } from "./nft-diff.ts";
import { type KnownTables, keyOf } from "./nft-known.ts";
import { readTable } from "./nft-read.ts";
import type { NftTable } from "./nft-types.ts";
import { NOTHING, type Tools, failed } from "./transaction.ts";
import type { Applied } from "./types.ts";

const COMMAND = ["nft", "-f", "-"];

/** `-c`: the kernel looks at the whole transaction, and takes nothing of it. */
const TRY = ["nft", "-c", "-f", "-"];
const EGRESS = [
  "add table netdev tideway-try",
  'add chain netdev tideway-try out { type filter hook egress device "lo" priority 0 ; }',
  'add rule netdev tideway-try out fwd to "lo"',
];
export const forwardsAtEgress = async (tools: Tools): Promise<boolean> =>
  (await tools.run(TRY, `${EGRESS.join("\n")}\n`)).code === 0;

/** All lines or none. */
const commit = async (
  tools: Tools,
  known: KnownTables,
  key: string,
  lines: readonly string[],
): Promise<Applied> => {
  if (lines.length === 0) return NOTHING;
  tools.wrote("nft");
  known.writes(key);
  const result = await tools.run(COMMAND, `${lines.join("\n")}\n`);
  if (result.code === 0) return { lines };
  const number = /^\S*?:(\d+):\d+/m.exec(result.stderr)?.[1];
  // nft repeats each line and marks the place; the line is named already, and one can be thousands of elements long.
  const said = result.stderr.split("\n").flatMap((l) => /^\S*?:\d+:[\d-]+: (.*)/.exec(l)?.[1] ?? []);
  const stderr = said.length > 0 ? said.slice(0, 3).join("\n") : result.stderr;
  throw failed(COMMAND, { ...result, stderr }, number === undefined ? undefined : lines[Number(number) - 1]);
};

/** By what is known of the table, else by what is read: 10,000 elements take 3 ms to change and 200 ms to read. */
export const applyTable = async (tools: Tools, known: KnownTables, table: NftTable): Promise<Applied> => {
  const key = keyOf(table);
  const before = known.get(key);
  const since = known.epoch(key);
  const spelled = known.spelled(key);
  let change = before && tableChange(table, before.state, spelled);
  // What counters counted is known to the kernel alone.
  if (!change || change.rebuild)
    change = tableChange(table, await readTable(tools, table.family ?? "ip", table.name), spelled);
  try {
    const applied = await commit(tools, known, key, change.lines);
    known.keep(key, { table, state: change.state }, since);
    return applied;
  } catch (err) {
    known.forget(key);
    throw err;
  }
};

export const removeTable = async (
  tools: Tools,
  known: KnownTables,
  name: string,
  family: NonNullable<NftTable["family"]>,
): Promise<Applied> => {
  const key = keyOf({ family, name });
  known.forget(key);
  const state = await readTable(tools, family, name);
  return state ? commit(tools, known, key, [`delete table ${family} ${name}`]) : NOTHING;
};

/**
 * Compares what is known with what the kernel has, beside what else goes on; true when they differ, and then nothing is
 * known any more. What changes meanwhile is looked at the next time.
 */
export const checkTables = async (tools: Tools, known: KnownTables): Promise<boolean> => {
  let differ = false;
  for (const key of known.keys()) {
    const [family = "ip", name = ""] = key.split(" ");
    const before = known.get(key);
    if (!before) continue;
    const state = await readTable(tools, family as NonNullable<NftTable["family"]>, name);
    if (known.get(key) !== before || tableChange(before.table, state).lines.length === 0) continue;
    known.forget(key);
    differ = true;
  }
  return differ;
};
