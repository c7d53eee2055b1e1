import { tableLines } from "./nft-diff.ts";
import { readTable } from "./nft-read.ts";
import type { NftTable } from "./nft-types.ts";
import { NOTHING, type Tools, failed } from "./transaction.ts";
import type { Applied } from "./types.ts";

const COMMAND = ["nft", "-f", "-"];

/** All lines or none. */
const commit = async (tools: Tools, lines: readonly string[]): Promise<Applied> => {
  if (lines.length === 0) return NOTHING;
  tools.wrote("nft");
  const result = await tools.run(COMMAND, `${lines.join("\n")}\n`);
  if (result.code === 0) return { lines };
  const number = /^\S*?:(\d+):\d+/m.exec(result.stderr)?.[1];
  // nft repeats each line and marks the place; the line is named already, and one can be thousands of elements long.
  const said = result.stderr.split("\n").flatMap((l) => /^\S*?:\d+:[\d-]+: (.*)/.exec(l)?.[1] ?? []);
  const stderr = said.length > 0 ? said.slice(0, 3).join("\n") : result.stderr;
  throw failed(COMMAND, { ...result, stderr }, number === undefined ? undefined : lines[Number(number) - 1]);
};

export const applyTable = async (tools: Tools, table: NftTable): Promise<Applied> =>
  commit(tools, tableLines(table, await readTable(tools, table.family ?? "ip", table.name)));

export const removeTable = async (
  tools: Tools,
  name: string,
  family: NonNullable<NftTable["family"]>,
): Promise<Applied> => {
  const state = await readTable(tools, family, name);
  return state ? commit(tools, [`delete table ${family} ${name}`]) : NOTHING;
};
