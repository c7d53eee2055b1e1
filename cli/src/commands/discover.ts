import { type ForeignCluster, foreignClusters } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { informer, type Kube } from "@tideway/k8s";
import { type Cli, startDeadline } from "../cli.ts";
import { type Discovered, discoveredOf, sameButTime } from "../discover/model.ts";
import { HEAD, type Look, renderDiscovered, rowOf } from "../discover/render.ts";
import { painter } from "../io.ts";
import { isForMachines, renderDocument } from "../output.ts";

const DEFAULT_TIMEOUT_MS = 30_000;

export interface DiscoverOptions {
  watch?: boolean;
}

const byName = (a: Discovered, b: Discovered): number => (a.name < b.name ? -1 : 1);

export const run = async (cli: Cli, _args: string[], options: DiscoverOptions): Promise<void> => {
  const kube = await cli.kube();
  return options.watch ? follow(cli, kube) : list(cli, kube);
};

const list = async (cli: Cli, kube: Kube): Promise<void> => {
  const { io, globals } = cli;
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const all = await kube.list(foreignClusters, { signal: deadline.signal }).catch((err: unknown) => {
    throw deadline.explain(err, "the cluster to answer");
  });
  const found = all.flatMap((fc) => discoveredOf(fc, io.now()) ?? []).sort(byName);
  if (isForMachines(globals.format)) return io.out(await renderDocument({ clusters: found }, globals.format));
  io.out(renderDiscovered(found, { paint: painter(io), wide: globals.format === "wide" }));
};

type Change = "found" | "changed" | "gone";

/** One line a change; columns of their own width, since what comes next is not known. */
const WIDTHS = [14, 10, 24, 24, 17, 8, 10, 6];
const line = (cells: readonly string[]): string =>
  cells
    .map((c, i) => (c || "-").padEnd(WIDTHS[i] ?? 0))
    .join("  ")
    .trimEnd();

/** What is there, then every change, until interrupted. JSON is one document a line. */
const follow = async (cli: Cli, kube: Kube): Promise<void> => {
  const { io, globals } = cli;
  const look: Look = { paint: painter(io), wide: globals.format === "wide" };
  const known = new Map<string, Discovered>();
  const say = (change: Change, d: Discovered): void => {
    if (isForMachines(globals.format)) return io.out(JSON.stringify({ change, ...d }));
    io.out(`${change.padEnd(8)} ${line(rowOf(d, look))}${d.reason ? `  ${d.reason}` : ""}`);
  };
  const hear = (key: string, fc: Readonly<ForeignCluster> | undefined): void => {
    const before = known.get(key);
    const now = fc && !fc.metadata.deletionTimestamp ? discoveredOf(fc, io.now()) : undefined;
    if (!now) {
      known.delete(key);
      if (before) say("gone", before);
      return;
    }
    known.set(key, now);
    if (!before) say("found", now);
    else if (!sameButTime(before, now)) say("changed", now);
  };
  if (!isForMachines(globals.format)) io.out(`CHANGE   ${line(HEAD)}`);
  const watch = informer(kube, foreignClusters);
  watch.onChange(hear);
  watch.onError((err) => io.err(`the cluster does not answer: ${describeError(err)}; watching on`));
  watch.start(io.signal);
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) return resolve();
    io.signal.addEventListener("abort", () => resolve(), { once: true });
  });
};
