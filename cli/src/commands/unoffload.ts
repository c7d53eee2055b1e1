import { NAMESPACE_OFFLOADING_NAME, namespaceOffloadings } from "@tideway/api";
import type { Kube } from "@tideway/k8s";
import { type Cli, type Deadline, startDeadline } from "../cli.ts";
import { formatElapsed } from "../duration.ts";
import { CliError } from "../exit.ts";
import { describeReady } from "../offloading/render.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { createProgress } from "../progress.ts";
import { SERVICE_NEXT } from "../status/advice.ts";
import { deleteData } from "../volumes/delete-data.ts";
import { watchOne } from "../wait.ts";

const DEFAULT_TIMEOUT_MS = 120_000;
const STEP = "gone";

export interface UnoffloadOptions {
  deleteVolumes?: boolean;
}

export const run = async (cli: Cli, args: string[], o: UnoffloadOptions): Promise<void> => {
  const namespace = args[0] ?? "";
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const kube = await cli.kube();
  const { signal } = deadline;
  const nso = await kube.find(namespaceOffloadings, NAMESPACE_OFFLOADING_NAME, namespace, { signal });
  if (!nso)
    throw new CliError(`namespace "${namespace}" is not offloaded`, {
      next: "see which are: tideway status",
    });
  if (o.deleteVolumes)
    await deleteData(cli, kube, (v) => v.spec?.claimRef?.namespace === namespace, deadline);
  const { uid } = nso.metadata;
  await kube.delete(namespaceOffloadings, NAMESPACE_OFFLOADING_NAME, namespace, {
    ...(uid ? { uid } : {}),
    signal,
  });
  if (cli.globals.wait) await follow(cli, kube, namespace, uid, deadline);
  const { format, wait } = cli.globals;
  const elapsedMs = Math.round(deadline.elapsed());
  if (isForMachines(format))
    return cli.io.out(
      await renderDocument({ namespace, offloaded: wait ? false : "ending", elapsedMs }, format),
    );
  cli.io.out(
    wait
      ? `${namespace} is at home again after ${formatElapsed(elapsedMs)}`
      : `${namespace}: end of offloading asked for`,
  );
};

const follow = async (
  cli: Cli,
  kube: Kube,
  namespace: string,
  uid: string | undefined,
  deadline: Deadline,
): Promise<void> => {
  const progress = await createProgress(cli.io, [{ id: STEP, title: "twins removed" }], deadline.elapsed);
  let last = "";
  try {
    await watchOne(kube, namespaceOffloadings, {
      name: NAMESPACE_OFFLOADING_NAME,
      namespace,
      signal: deadline.signal,
      onTrouble: (text) => progress.note(STEP, text),
      until: (now) => {
        if (!now || now.metadata.uid !== uid) return true;
        last = describeReady(now);
        if (last) progress.note(STEP, last);
        return undefined;
      },
    });
    progress.done(STEP);
    await progress.end(true);
  } catch (err) {
    await progress.end(false);
    throw deadline.explain(
      err,
      `${namespace} to come home${last ? ` (${last})` : ""}`,
      SERVICE_NEXT("virtual-kubelet"),
    );
  }
};
