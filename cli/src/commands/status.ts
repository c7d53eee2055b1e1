import { type Cli, startDeadline } from "../cli.ts";
import { painter } from "../io.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { statusOf } from "../status/gather.ts";
import { renderPeer, renderStatus } from "../status/render.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

export const run = async (cli: Cli, args: string[]): Promise<void> => {
  const { io, globals } = cli;
  const [peer] = args;
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const ask = { now: io.now(), signal: deadline.signal, ...(peer === undefined ? {} : { peer }) };
  const kube = await cli.kube();
  const report = await statusOf(kube, ask).catch((err: unknown) => {
    throw deadline.explain(err, "the cluster to answer");
  });
  const one = peer === undefined ? undefined : report.peers[0];
  if (isForMachines(globals.format)) return io.out(await renderDocument(one ?? report, globals.format));
  const look = { paint: painter(io), now: io.now(), wide: globals.format === "wide" };
  io.out(one ? renderPeer(one, look) : renderStatus(report, look));
};
