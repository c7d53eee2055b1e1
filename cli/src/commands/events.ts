import type { Cli } from "../cli.ts";
import { type HistoryOptions, showHistory } from "../events/history.ts";
import { HEADER, renderEvent } from "../events/render.ts";
import { painter } from "../io.ts";

export const run = (cli: Cli, _args: string[], options: HistoryOptions): Promise<void> => {
  const look = { paint: painter(cli.io), wide: cli.globals.format === "wide" };
  return showHistory(cli, options, {
    header: HEADER,
    render: (e, nameOf) => renderEvent(e, { ...look, nameOf }),
    nothing: "nothing has happened that is still kept",
  });
};
