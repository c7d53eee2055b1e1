import type { Cli } from "../cli.ts";
import { HEADER, renderRecord } from "../events/audit.ts";
import { type HistoryOptions, showHistory } from "../events/history.ts";
import { painter } from "../io.ts";

export const run = (cli: Cli, [peer]: string[], options: Omit<HistoryOptions, "peer">): Promise<void> => {
  const look = { paint: painter(cli.io), wide: cli.globals.format === "wide" };
  return showHistory(
    cli,
    { ...options, ...(peer === undefined ? {} : { peer }) },
    {
      entity: "audit",
      header: HEADER,
      render: (e, nameOf) => renderRecord(e, { ...look, nameOf }),
      nothing: "nothing was decided that is still kept",
    },
  );
};
