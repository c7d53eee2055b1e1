import {
  type ForeignCluster,
  foreignClusters,
  isPeerName,
  REQUEST_NAME,
  resourceRequests,
  SYSTEM_NAMESPACE,
  tenantNamespace,
} from "@tideway/api";
import { type Kube, namespaces, type ObjectMeta, secrets } from "@tideway/k8s";
import { decodeInvitation, type InvitationData } from "@tideway/pki";
import { type Cli, type Deadline, startDeadline } from "../cli.ts";
import { formatElapsed } from "../duration.ts";
import { CliError, UsageError } from "../exit.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { choosePeerName, CLI, foreignCluster, tokenSecret, tokenSecretsOf } from "../peering/request.ts";
import { hintFor, isHopeless } from "../peering/reasons.ts";
import { CONNECTED, isPeered, openStep, PEERING, peeringSteps, type StepState } from "../peering/steps.ts";
import { createProgress } from "../progress.ts";
import { SERVICE_NEXT } from "../status/advice.ts";
import { watchOne } from "../wait.ts";

const DEFAULT_TIMEOUT_MS = 120_000;

export interface PeerOptions {
  name?: string;
  bidirectional?: boolean;
}

export const run = async (cli: Cli, args: string[], options: PeerOptions): Promise<void> => {
  const [given = ""] = args;
  if (isPeerName(given)) {
    const { turnRound } = await import("./peer-known.ts");
    const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
    const kube = await cli.kube();
    return await finish(cli, kube, await turnRound(kube, given, options, deadline.signal), options, deadline);
  }
  const invited = readInvitation(given === "-" ? await cli.io.stdin() : given);
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const kube = await cli.kube();
  const signal = deadline.signal;
  const [known, kubeSystem] = await Promise.all([
    kube.list(foreignClusters, { signal }),
    kube.get(namespaces, "kube-system", undefined, { signal }),
  ]);
  const here = { clusterID: kubeSystem.metadata.uid ?? "", nowMs: cli.io.now() };
  const peer = choosePeerName(invited, options.name, known, here);
  const existing = known.find((k) => k.metadata.name === peer);
  const { fc, secret } = await ask(kube, peer, invited, existing, options, signal);
  await Promise.all([finish(cli, kube, fc, options, deadline), tidySecrets(kube, fc, secret, signal)]);
};

const finish = async (
  cli: Cli,
  kube: Kube,
  fc: ForeignCluster,
  options: PeerOptions,
  deadline: Deadline,
): Promise<void> => {
  const peer = fc.metadata.name;
  if (!cli.globals.wait)
    return await print(cli, peer, `${peer}: peering asked for; follow it with: tideway status ${peer}`);
  await follow(cli, kube, fc, deadline);
  if (options.bidirectional) await usesUs(kube, peer, deadline);
  const took = formatElapsed(deadline.elapsed());
  const text = `${peer} is ready as node ${peer} after ${took}; next: tideway offload namespace <namespace>`;
  await print(cli, peer, text);
};

export const readInvitation = (text: string): InvitationData => {
  try {
    return decodeInvitation(text.trim());
  } catch (cause) {
    throw new UsageError("this is not an invitation", {
      cause,
      next: "take the whole line that `tideway invite` printed, in quotes",
    });
  }
};

/** Secret first: auth starts the moment it sees the ForeignCluster. */
const ask = async (
  kube: Kube,
  peer: string,
  invited: InvitationData,
  existing: ForeignCluster | undefined,
  { bidirectional = false }: PeerOptions,
  signal: AbortSignal,
): Promise<{ fc: ForeignCluster; secret: ObjectMeta }> => {
  const manager = { fieldManager: CLI, signal };
  const secret = await kube.apply(secrets, tokenSecret(peer, invited.token), manager);
  const fc = await kube.apply(
    foreignClusters,
    foreignCluster(peer, invited, existing, bidirectional),
    manager,
  );
  return { fc, secret: secret.metadata };
};

/** The Secret goes with its ForeignCluster; those of earlier invitations go now. */
const tidySecrets = async (
  kube: Kube,
  fc: ForeignCluster,
  secret: ObjectMeta,
  signal: AbortSignal,
): Promise<void> => {
  const { name, uid = "" } = fc.metadata;
  const metadata = { uid: secret.uid, ownerReferences: [{ ...typeOf(fc), name, uid }] };
  const [all] = await Promise.all([
    kube.list(secrets, { ...tokenSecretsOf(name), signal }),
    kube.patch(secrets, secret.name, SYSTEM_NAMESPACE, { metadata }, { signal }),
  ]);
  const old = all.map((s) => s.metadata.name).filter((n) => n !== secret.name);
  await Promise.all(old.map((n) => kube.delete(secrets, n, SYSTEM_NAMESPACE, { signal })));
};

const typeOf = (fc: ForeignCluster): { apiVersion: string; kind: string } => ({
  apiVersion: fc.apiVersion ?? `${foreignClusters.group}/${foreignClusters.version}`,
  kind: foreignClusters.kind,
});

const follow = async (cli: Cli, kube: Kube, fc: ForeignCluster, deadline: Deadline): Promise<void> => {
  const name = fc.metadata.name;
  const progress = await createProgress(cli.io, [...PEERING], deadline.elapsed);
  let steps: StepState[] = peeringSteps(undefined);
  const look = (now: Readonly<ForeignCluster> | undefined): true | undefined => {
    if (!now || now.metadata.uid !== fc.metadata.uid)
      throw new CliError(`ForeignCluster ${name} was deleted while it was being peered`);
    steps = peeringSteps(now, fc);
    for (const s of steps) if (s.done) progress.done(s.id, s.text);
    const open = openStep(steps);
    if (open?.text) progress.note(open.id, open.text);
    if (open?.reason && isHopeless(open.reason))
      throw new CliError(
        `${name} cannot be ${open.id === CONNECTED ? "connected" : "peered"}: ${open.text}`,
        {
          next: hintFor(open.reason) ?? SERVICE_NEXT(open.service),
        },
      );
    return isPeered(steps) || undefined;
  };
  try {
    const onTrouble = (text: string): void => progress.note(openStep(steps)?.id ?? "Reachable", text);
    await watchOne(kube, foreignClusters, { name, until: look, onTrouble, signal: deadline.signal });
    await progress.end(true);
  } catch (err) {
    await progress.end(false);
    const open = openStep(steps);
    const next = (open?.reason && hintFor(open.reason)) || (open ? SERVICE_NEXT(open.service) : undefined);
    throw deadline.explain(
      err,
      `${name} to be ${PEERING.find((p) => p.id === open?.id)?.title ?? "peered"}${open?.text ? ` (${open.text})` : ""}`,
      next,
    );
  }
};

/** The peer has taken what it is offered here. */
const usesUs = async (kube: Kube, peer: string, deadline: Deadline): Promise<void> => {
  let last = "it has not asked yet";
  try {
    await watchOne(kube, resourceRequests, {
      name: REQUEST_NAME,
      namespace: tenantNamespace(peer),
      signal: deadline.signal,
      onTrouble: (text) => (last = text),
      until: (request) => {
        const { decision, reason } = request?.status ?? {};
        if (decision) last = `${decision}: ${reason ?? ""}`;
        return (decision === "Accepted" && request?.spec.acceptedOffer !== undefined) || undefined;
      },
    });
  } catch (err) {
    throw deadline.explain(
      err,
      `${peer} to use this cluster (${last})`,
      `its owner wants it by: tideway peer <this cluster>, or has it in the invitation: tideway invite --bidirectional`,
    );
  }
};

const print = async (cli: Cli, peer: string, text: string): Promise<void> => {
  const { format } = cli.globals;
  if (!isForMachines(format)) return cli.io.out(text);
  const { statusOf } = await import("../status/gather.ts");
  const report = await statusOf(await cli.kube(), { peer, now: cli.io.now(), signal: cli.io.signal });
  cli.io.out(await renderDocument(report.peers[0], format));
};
