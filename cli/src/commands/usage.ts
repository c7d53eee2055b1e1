import { tenantQuotas } from "@tideway/api";
import { formatList } from "@tideway/quantity";
import { type Cli, startDeadline } from "../cli.ts";
import { parseSince } from "../duration.ts";
import { CliError } from "../exit.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { readHistory } from "../usage/history.ts";
import { readingOf, type Usage, usageOf } from "../usage/meters.ts";
import { renderUsage } from "../usage/render.ts";

const DEFAULT_TIMEOUT_MS = 60_000;

const gather = async (cli: Cli, peer: string | undefined, since: string | undefined): Promise<Usage[]> => {
  const { io } = cli;
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const kube = await cli.kube();
  try {
    const quotas = await kube.list(tenantQuotas, { signal: deadline.signal });
    const readings = quotas
      .flatMap((q) => readingOf(q) ?? [])
      .filter((r) => peer === undefined || r.peer === peer || r.clusterID === peer);
    if (peer !== undefined && readings.length === 0)
      throw new CliError(`"${peer}" has used nothing here`, { next: "`tideway tenants` lists who may" });
    const history =
      since === undefined || readings.length === 0
        ? []
        : await readHistory(kube, { signal: deadline.signal, onTrouble: (m) => io.err(`bus: ${m}`) });
    const now = new Date(io.now()).toISOString();
    return readings.map((r) => {
      const same = history.filter((h) => h.clusterID === r.clusterID && h.offer === r.offer);
      return usageOf(r, same, since, now);
    });
  } catch (err) {
    throw deadline.explain(err, "the cluster to answer");
  }
};

export const run = async (cli: Cli, [peer]: string[], options: { since?: string }): Promise<void> => {
  const { io, globals } = cli;
  const since =
    options.since === undefined ? undefined : parseSince(options.since, "--since", io.now()).toISOString();
  const list = await gather(cli, peer, since);
  if (isForMachines(globals.format)) {
    const plain = list.map((u) => ({ ...u, hours: formatList(u.hours) }));
    return io.out(await renderDocument(plain, globals.format));
  }
  if (list.length === 0) return io.err("no peer has used anything here");
  io.out(renderUsage(list, globals.format === "wide"));
};
