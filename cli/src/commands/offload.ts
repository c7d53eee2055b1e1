import {
  findCondition,
  make,
  NAMESPACE_OFFLOADING_NAME,
  namespaceOffloadings,
  type NamespaceOffloading,
} from "@tideway/api";
import { type Kube, namespaces } from "@tideway/k8s";
import { type Cli, type Deadline, startDeadline } from "../cli.ts";
import { formatElapsed } from "../duration.ts";
import { CliError, UsageError } from "../exit.ts";
import { describeReady, describeTwins, isOffloaded } from "../offloading/render.ts";
import { parseSelector, parseStrategy } from "../offloading/selector.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { hintFor } from "../peering/reasons.ts";
import { CLI } from "../peering/request.ts";
import { createProgress } from "../progress.ts";
import { SERVICE_NEXT } from "../status/advice.ts";
import { watchOne } from "../wait.ts";

export interface OffloadOptions {
  podOffloadingStrategy?: string;
  selector?: string[];
}

const DEFAULT_TIMEOUT_MS = 60_000;
/** Namespaces whose pods the cluster itself needs at home. */
const NEVER = /^(kube-.*|tideway-(system|network|tenant-.*))$/;

export const offloadingOf = (namespace: string, o: OffloadOptions): NamespaceOffloading => {
  if (NEVER.test(namespace))
    throw new UsageError(`namespace ${namespace} belongs to the cluster itself and stays at home`);
  const clusterSelector = parseSelector(o.selector ?? []);
  return make(namespaceOffloadings, {
    metadata: { name: NAMESPACE_OFFLOADING_NAME, namespace },
    spec: {
      podOffloadingStrategy: parseStrategy(o.podOffloadingStrategy ?? "LocalAndRemote"),
      ...(clusterSelector.length > 0 ? { clusterSelector } : {}),
    },
  });
};

export const run = async (cli: Cli, args: string[], options: OffloadOptions): Promise<void> => {
  const namespace = args[0] ?? "";
  const wanted = offloadingOf(namespace, options);
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const kube = await cli.kube();
  if (!(await kube.find(namespaces, namespace, undefined, { signal: deadline.signal })))
    throw new CliError(`there is no namespace "${namespace}"`, {
      next: `make it first: kubectl create namespace ${namespace}`,
    });
  let nso = await kube.apply(namespaceOffloadings, wanted, { fieldManager: CLI, signal: deadline.signal });
  if (cli.globals.wait) nso = await follow(cli, kube, nso, deadline);
  const { format } = cli.globals;
  if (isForMachines(format)) return cli.io.out(await renderDocument(nso, format));
  if (!cli.globals.wait) return cli.io.out(`${namespace}: offloading asked for`);
  const where = describeTwins(nso) || "no peer yet: it follows when one is peered";
  cli.io.out(
    `${namespace} is offloaded after ${formatElapsed(deadline.elapsed())} (${where}); pods made from now on may run there`,
  );
};

const follow = async (
  cli: Cli,
  kube: Kube,
  asked: NamespaceOffloading,
  deadline: Deadline,
): Promise<NamespaceOffloading> => {
  const { name, namespace = "", uid } = asked.metadata;
  const progress = await createProgress(cli.io, [{ id: "ready", title: "offloaded" }], deadline.elapsed);
  let last = "";
  let reason = "";
  try {
    const ready = await watchOne(kube, namespaceOffloadings, {
      name,
      namespace,
      signal: deadline.signal,
      onTrouble: (text) => progress.note("ready", text),
      until: (nso) => {
        if (!nso || nso.metadata.uid !== uid)
          throw new CliError(`the offloading of ${namespace} was deleted meanwhile`);
        if (isOffloaded(nso)) return nso;
        reason = findCondition(nso.status?.conditions, "Ready")?.reason ?? "";
        last = describeReady(nso) || describeTwins(nso);
        if (last) progress.note("ready", last);
        return undefined;
      },
    });
    progress.done("ready", describeTwins(ready));
    await progress.end(true);
    return ready;
  } catch (err) {
    await progress.end(false);
    throw deadline.explain(
      err,
      `${namespace} to be offloaded${last ? ` (${last})` : ""}`,
      hintFor(reason) ?? SERVICE_NEXT("virtual-kubelet"),
    );
  }
};
