import { foreignClusters } from "@tideway/api";
import type { BusEvent } from "@tideway/bus";
import { type Kube, namespaces } from "@tideway/k8s";
import type { Cli } from "../cli.ts";
import { parseSince } from "../duration.ts";
import { CliError } from "../exit.ts";
import { renderDocument } from "../output.ts";
import { openReader } from "./reader.ts";

export interface HistoryOptions {
  follow?: boolean;
  since?: string;
  /** A peer's name here, or its cluster ID. */
  peer?: string;
}

/** What a cluster is called here, by its ID. */
export type NameOf = (clusterID: string) => string | undefined;

export interface View {
  /** Only of this entity. */
  entity?: string;
  /** Of the table, on standard error. */
  header: string;
  /** One line of the table. */
  render: (e: BusEvent, nameOf: NameOf) => string;
  /** Said when there was nothing. */
  nothing: string;
}

/** Prints the history of the bus, and with `follow` what goes on. JSON is one event a line, YAML one document an event. */
export const showHistory = async (cli: Cli, options: HistoryOptions, view: View): Promise<void> => {
  const { io, globals } = cli;
  const since = options.since === undefined ? undefined : parseSince(options.since, "--since", io.now());
  const kube = await cli.kube();
  const timer = globals.timeoutMs === undefined ? [] : [AbortSignal.timeout(globals.timeoutMs)];
  const signal = AbortSignal.any([io.signal, ...timer]);
  const names = await peerNames(kube, signal);
  const peer = options.peer === undefined ? undefined : clusterIDOf(options.peer, names);
  const reader = await openReader(kube, names.here, { signal, onTrouble: (m) => io.err(`bus: ${m}`) });
  const print = printer(cli, view, (id) => names.byID.get(id));
  const { entity } = view;
  const filter = { ...(since ? { since } : {}), ...(peer ? { peer } : {}), ...(entity ? { entity } : {}) };
  try {
    let printed = 0;
    for await (const event of reader.bus.events({ follow: options.follow ?? false, ...filter, signal })) {
      await print(event);
      printed++;
    }
    if (printed === 0) io.err(view.nothing);
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

const printer = ({ io, globals }: Cli, view: View, nameOf: NameOf): ((e: BusEvent) => Promise<void>) => {
  if (globals.format === "json") return async (e) => io.out(JSON.stringify(e));
  if (globals.format === "yaml") return async (e) => io.out(`---\n${await renderDocument(e, "yaml")}`);
  io.err(view.header);
  return async (e) => io.out(view.render(e, nameOf));
};
