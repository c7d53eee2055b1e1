import { type Cli, startDeadline } from "../cli.ts";
import { painter } from "../io.ts";
import { networkStatusOf } from "../network/gather.ts";
import { renderNetwork } from "../network/render.ts";
import { isForMachines, renderDocument } from "../output.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

export const run = async (cli: Cli, args: string[]): Promise<void> => {
  const { io, globals } = cli;
  const [peer] = args;
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const ask = { now: io.now(), signal: deadline.signal, ...(peer === undefined ? {} : { peer }) };
  const status = await networkStatusOf(await cli.kube(), ask).catch((err: unknown) => {
    throw deadline.explain(err, "the cluster to answer");
  });
  if (isForMachines(globals.format)) return io.out(await renderDocument(status, globals.format));
  io.out(renderNetwork(status, { paint: painter(io), wide: globals.format === "wide" }));
};
