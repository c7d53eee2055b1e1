import { persistentVolumes } from "@tideway/k8s";
import { type Cli, startDeadline } from "../cli.ts";
import { isForMachines, renderDocument, renderTable } from "../output.ts";
import { rowsOf } from "../volumes/model.ts";

const DEFAULT_TIMEOUT_MS = 15_000;

export const run = async (cli: Cli, [peer]: string[]): Promise<void> => {
  const { signal } = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const kube = await cli.kube();
  const rows = rowsOf(await kube.list(persistentVolumes, { signal }), peer);
  const { format } = cli.globals;
  if (isForMachines(format)) return cli.io.out(await renderDocument(rows, format));
  if (rows.length === 0) return cli.io.err("there are no volumes of Tideway here");
  const head = ["CLAIM", "SIZE", "DATA AT", "OF", "STATE", "CLASS", "VOLUME"];
  cli.io.out(
    renderTable(
      head,
      rows.map((r) => [r.claim, r.size, r.at, r.of, r.state, r.class, r.volume]),
    ),
  );
};
