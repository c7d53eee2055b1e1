import {
  BY_AUTH,
  type ForeignCluster,
  foreignClusters,
  identities,
  IDENTITY_NAME,
  REMOTE_CLUSTER_ID,
  SYSTEM_NAMESPACE,
  peerNamespace,
  tenants,
} from "@tideway/api";
import { type Kube, secrets } from "@tideway/k8s";
import { type Cli, type Deadline, startDeadline } from "../cli.ts";
import { formatElapsed } from "../duration.ts";
import { CliError } from "../exit.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { CLI, MANAGED_BY, tokenSecretsOf } from "../peering/request.ts";
import { TEARDOWN, teardownSteps, type TeardownState } from "../peering/teardown.ts";
import { createProgress } from "../progress.ts";
import { SERVICE_NEXT } from "../status/advice.ts";
import { deleteData } from "../volumes/delete-data.ts";
import { watchOne } from "../wait.ts";

/** On top of the time that the ForeignCluster itself gives its peer to answer. */
const MARGIN_MS = 60_000;
const DEFAULT_UNPEER_S = 30;

export interface UnpeerOptions {
  deleteVolumes?: boolean;
}

export const run = async (cli: Cli, args: string[], o: UnpeerOptions): Promise<void> => {
  const name = args[0] ?? "";
  const kube = await cli.kube();
  const fc = await findPeer(kube, name, cli.io.signal);
  const deadline = startDeadline(cli, (fc.spec.unpeerTimeoutSeconds ?? DEFAULT_UNPEER_S) * 1_000 + MARGIN_MS);
  const stays = await usesUs(kube, fc, deadline.signal);
  if (stays && fc.spec.outgoingPeering !== "Yes")
    throw new CliError(`${name} uses this cluster, not the other way round`, { next: endTheirs(name) });
  if (o.deleteVolumes)
    await deleteData(
      cli,
      kube,
      (v) => v.metadata.labels?.[REMOTE_CLUSTER_ID] === fc.spec.clusterID,
      deadline,
    );
  await ask(kube, fc, stays, deadline.signal);
  if (cli.globals.wait) await follow(cli, kube, fc, stays, deadline);
  await dropTokens(kube, name, cli.globals.wait ? deadline.signal : cli.io.signal);
  await print(cli, name, stays, deadline.elapsed());
};

const endTheirs = (name: string): string => `to end its use: tideway revoke ${name}`;

const findPeer = async (kube: Kube, name: string, signal: AbortSignal): Promise<ForeignCluster> => {
  const all = await kube.list(foreignClusters, { signal });
  const fc = all.find((p) => p.metadata.name === name);
  if (fc) return fc;
  const names = all.map((p) => p.metadata.name).join(", ");
  throw new CliError(`there is no peer "${name}" here`, {
    next: names ? `peers here: ${names}` : "there are no peers at all",
  });
};

/** Whether the peer uses this cluster too, and is not about to leave: then only our half of the peering ends. */
const usesUs = async (kube: Kube, fc: ForeignCluster, signal: AbortSignal): Promise<boolean> =>
  (await kube.list(tenants, { signal })).some(
    (t) => t.spec.clusterID === fc.spec.clusterID && t.metadata.deletionTimestamp === undefined,
  );

/** The whole intent at once: from here on the services go on by themselves, whatever becomes of this process. */
const ask = async (kube: Kube, fc: ForeignCluster, stays: boolean, signal: AbortSignal): Promise<void> => {
  const { name, uid } = fc.metadata;
  const spec = { outgoingPeering: "No", ...(stays ? { tokenSecretRef: null } : {}) };
  await kube.patch(
    foreignClusters,
    name,
    undefined,
    // What is left of it is the peer's use of this cluster: it goes with that.
    { metadata: { uid, ...(stays ? { labels: { [MANAGED_BY]: BY_AUTH } } : {}) }, spec },
    { fieldManager: CLI, signal },
  );
  if (!stays) await kube.delete(foreignClusters, name, undefined, { ...(uid ? { uid } : {}), signal });
};

const follow = async (
  cli: Cli,
  kube: Kube,
  fc: ForeignCluster,
  stays: boolean,
  deadline: Deadline,
): Promise<void> => {
  const { name, uid } = fc.metadata;
  const progress = await createProgress(cli.io, [...TEARDOWN], deadline.elapsed);
  const { signal } = deadline;
  let state: TeardownState = { over: [] };
  const look = (now: Readonly<ForeignCluster> | undefined): true | undefined => {
    state = teardownSteps(now?.metadata.uid === uid ? now : undefined);
    for (const id of state.over) progress.done(id);
    if (state.waitingFor?.text) progress.note(state.waitingFor.id, state.waitingFor.text);
    return state.waitingFor ? undefined : true;
  };
  const onTrouble = (text: string): void => progress.note(state.waitingFor?.id ?? "gone", text);
  try {
    if (stays) await identityGone(kube, name, signal, onTrouble);
    else await watchOne(kube, foreignClusters, { name, signal, onTrouble, until: look });
    for (const { id } of TEARDOWN) progress.done(id);
    await progress.end(true);
  } catch (err) {
    await progress.end(false);
    const why = state.waitingFor?.text ? ` (${state.waitingFor.text})` : "";
    const next = `it goes on in the background: tideway status ${name}\n${SERVICE_NEXT("discovery")}`;
    throw deadline.explain(err, `${name} to be unpeered${why}`, next);
  }
};

/** Where the ForeignCluster stays, our half is over when our identity there is: auth gives it up last. */
const identityGone = async (
  kube: Kube,
  name: string,
  signal: AbortSignal,
  onTrouble: (m: string) => void,
): Promise<true> =>
  await watchOne(kube, identities, {
    name: IDENTITY_NAME,
    namespace: peerNamespace(name),
    signal,
    onTrouble,
    until: (identity) => (identity ? undefined : true),
  });

const dropTokens = async (kube: Kube, peer: string, signal: AbortSignal): Promise<void> => {
  const made = await kube.list(secrets, { ...tokenSecretsOf(peer), signal });
  await Promise.all(made.map((s) => kube.delete(secrets, s.metadata.name, SYSTEM_NAMESPACE, { signal })));
};

const print = async (cli: Cli, peer: string, stays: boolean, ms: number): Promise<void> => {
  const { io, globals } = cli;
  const elapsedMs = Math.round(ms);
  if (isForMachines(globals.format))
    return io.out(
      await renderDocument(
        { peer, unpeered: globals.wait, stillConsumesUs: stays, elapsedMs },
        globals.format,
      ),
    );
  if (!globals.wait) return io.out(`${peer}: unpeering asked for; it goes on in the background`);
  io.out(
    `${peer} is unpeered after ${formatElapsed(elapsedMs)}${stays ? "; it still uses this cluster" : ""}`,
  );
};
