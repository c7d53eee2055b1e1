import { EVICTED } from "@tideway/api";
import { type Kube, type PersistentVolume, persistentVolumes, pods } from "@tideway/k8s";
import { claimsOf } from "@tideway/podspec";
import { type Cli, startDeadline } from "../cli.ts";
import { CliError, UsageError } from "../exit.ts";
import { CLI } from "../peering/request.ts";
import { isGuest, rowOf } from "../volumes/model.ts";
import { watchOne } from "../wait.ts";

export interface EvictOptions {
  peer?: string;
}

const DEFAULT_TIMEOUT_MS = 120_000;

const chosen = async (kube: Kube, names: string[], o: EvictOptions, signal: AbortSignal) => {
  const guests = (await kube.list(persistentVolumes, { signal })).filter(isGuest);
  if (o.peer !== undefined) return guests.filter((v) => rowOf(v).of === o.peer);
  return names.map((name) => {
    const found = guests.find((v) => v.metadata.name === name);
    if (found) return found;
    throw new CliError(`there is no volume "${name}" of a peer here`, {
      next: "see which there are: tideway volume list",
    });
  });
};

/** The pods that mount it: a claim in use does not go. */
const endPods = async (kube: Kube, v: PersistentVolume, signal: AbortSignal): Promise<void> => {
  const { namespace = "", name = "" } = v.spec?.claimRef ?? {};
  if (v.status?.phase !== "Bound") return;
  const mounting = (await kube.list(pods, { namespace, signal })).filter((p) => claimsOf(p).includes(name));
  await Promise.all(mounting.map((p) => kube.delete(pods, p.metadata.name, namespace, { signal })));
};

/** One in use is taken down by the virtual-kubelet; of one that is kept, nothing is left to do but delete it. */
const evict = async (kube: Kube, v: PersistentVolume, signal: AbortSignal): Promise<void> => {
  const { name, uid } = v.metadata;
  const metadata = { uid, annotations: { [EVICTED]: "true" } };
  const spec = { persistentVolumeReclaimPolicy: "Delete" };
  await kube.patch(persistentVolumes, name, undefined, { metadata, spec }, { fieldManager: CLI, signal });
  await endPods(kube, v, signal);
};

export const run = async (cli: Cli, names: string[], o: EvictOptions): Promise<void> => {
  if ((names.length === 0) === (o.peer === undefined))
    throw new UsageError("name volumes, or a peer with --peer: one of the two");
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const kube = await cli.kube();
  const all = await chosen(kube, names, o, deadline.signal);
  for (const v of all) {
    const { claim, of, size } = rowOf(v);
    cli.io.err(`evicts ${v.metadata.name}: ${size}, claim ${claim} of ${of}`);
    await evict(kube, v, deadline.signal);
  }
  if (cli.globals.wait)
    try {
      await Promise.all(
        all.map((v) =>
          watchOne(kube, persistentVolumes, {
            name: v.metadata.name,
            signal: deadline.signal,
            onTrouble: (text) => cli.io.err(text),
            until: (now) => (now?.metadata.uid === v.metadata.uid ? undefined : true),
          }),
        ),
      );
    } catch (err) {
      throw deadline.explain(err, "the volumes to go", "see what holds them: kubectl describe pv");
    }
  cli.io.out(`${all.length} volumes evicted${cli.globals.wait ? "" : "; they go in the background"}`);
};
