import type { Command } from "commander";
import { type Cli, makeCli } from "../cli.ts";
import { clusterIn, complete, type Names } from "../completion/complete.ts";

/** A tab key must not hang on a cluster that does not answer. */
const PATIENCE_MS = 1_500;

/** Hidden: prints candidates, one a line, for the scripts of `tideway completion`. */
export const run = async (cli: Cli, args: string[], _options: unknown, program: Command): Promise<void> => {
  const typed = makeCli(cli.io, { ...cli.globals, ...clusterIn(args) });
  try {
    for (const found of await complete(program, args, namesIn(typed))) cli.io.out(found);
  } finally {
    await typed.close();
  }
};

const namesIn = (cli: Cli): Names => {
  const quietly = async (ask: () => Promise<string[]>): Promise<string[]> => await ask().catch(() => []);
  const signal = AbortSignal.any([cli.io.signal, AbortSignal.timeout(PATIENCE_MS)]);
  return {
    peers: () =>
      quietly(async () => {
        const { foreignClusters } = await import("@tideway/api");
        return (await (await cli.kube()).list(foreignClusters, { signal })).map((o) => o.metadata.name);
      }),
    namespaces: () =>
      quietly(async () => {
        const { namespaces } = await import("@tideway/k8s");
        return (await (await cli.kube()).list(namespaces, { signal })).map((o) => o.metadata.name);
      }),
    offloaded: () =>
      quietly(async () => {
        const { namespaceOffloadings } = await import("@tideway/api");
        return (await (await cli.kube()).list(namespaceOffloadings, { signal })).map(
          (o) => o.metadata.namespace ?? "",
        );
      }),
    contexts: () =>
      quietly(async () => {
        const { contextsOf } = await import("@tideway/k8s");
        return contextsOf(cli.io.env, cli.globals.kubeconfig);
      }),
  };
};
