import { foreignClusters } from "@tideway/api";
import type { BusEvent } from "@tideway/bus";
import { type Kube, namespaces } from "@tideway/k8s";
import type { Cli } from "../cli.ts";
import { parseSince } from "../duration.ts";
import { openReader } from "../events/reader.ts";
import { HEADER, renderEvent } from "../events/render.ts";
import { CliError } from "../exit.ts";
import { painter } from "../io.ts";
import { type Format, renderDocument } from "../output.ts";

export interface EventsOptions {
  follow?: boolean;
  since?: string;
  peer?: string;
}

export const run = async (cli: Cli, _args: string[], options: EventsOptions): Promise<void> => {
  const { io, globals } = cli;
  const since = options.since === undefined ? undefined : parseSince(options.since, "--since", io.now());
  const kube = await cli.kube();
  const timer = globals.timeoutMs === undefined ? [] : [AbortSignal.timeout(globals.timeoutMs)];
  const signal = AbortSignal.any([io.signal, ...timer]);
  const names = await peerNames(kube, signal);
  const peer = options.peer === undefined ? undefined : clusterIDOf(options.peer, names);
  const reader = await openReader(kube, names.here, { signal, onTrouble: (m) => io.err(`bus: ${m}`) });
  const print = await printer(cli, globals.format, (id) => names.byID.get(id));
  try {
    const filter = { ...(since ? { since } : {}), ...(peer ? { peer } : {}) };
    let printed = 0;
    for await (const event of reader.bus.events({ follow: options.follow ?? false, ...filter, signal })) {
      await print(event);
      printed++;
    }
    if (printed === 0) io.err("nothing has happened that is still kept");
  } catch (err) {
    if (!signal.aborted) throw err; // Ctrl-C and --timeout are how following ends
  } finally {
    await reader.close();
  }
};

interface Names {
  here: string;
  byID: Map<string, string>;
}

const peerNames = async (kube: Kube, signal: AbortSignal): Promise<Names> => {
  const [kubeSystem, peers] = await Promise.all([
    kube.get(namespaces, "kube-system", undefined, { signal }),
    kube.list(foreignClusters, { signal }),
  ]);
  return {
    here: kubeSystem.metadata.uid ?? "",
    byID: new Map(peers.map((p) => [p.spec.clusterID, p.metadata.name])),
  };
};

/** A peer that is gone has no name here any more, but its ID still finds its history. */
export const clusterIDOf = (peer: string, names: Names): string => {
  for (const [id, name] of names.byID) if (peer === name || peer === id) return id;
  if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(peer)) return peer;
  const known = [...names.byID.values()].join(", ");
  throw new CliError(`there is no peer "${peer}" here`, {
    next: known
      ? `peers here: ${known}; for one that is gone give its cluster ID`
      : "give the cluster ID of a peer that is gone",
  });
};

/** JSON is one event a line and YAML one document an event, so that both can be followed. */
const printer = async (
  cli: Cli,
  format: Format,
  nameOf: (id: string) => string | undefined,
): Promise<(e: BusEvent) => Promise<void>> => {
  const { io } = cli;
  if (format === "json") return async (e) => io.out(JSON.stringify(e));
  if (format === "yaml") return async (e) => io.out(`---\n${await renderDocument(e, "yaml")}`);
  const look = { paint: painter(io), wide: format === "wide", nameOf };
  io.err(HEADER);
  return async (e) => io.out(renderEvent(e, look));
};
