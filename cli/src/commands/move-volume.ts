import { findCondition, foreignClusters, make, type VolumeMove, volumeMoves } from "@tideway/api";
import { type Kube, persistentVolumeClaims } from "@tideway/k8s";
import { type Cli, type Deadline, startDeadline } from "../cli.ts";
import { formatElapsed, parseDuration } from "../duration.ts";
import { CliError, UsageError } from "../exit.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { createProgress, type Progress, type Step } from "../progress.ts";
import { SERVICE_NEXT } from "../status/advice.ts";
import { bar, progressIn } from "../volumes/progress.ts";
import { watchOne } from "../wait.ts";

export interface MoveOptions {
  to?: string;
  namespace?: string;
  keep?: string;
  confirm?: boolean;
}

const DEFAULT_TIMEOUT_MS = 3_600_000;
const MAX_KEEP_MS = 365 * 86_400_000;
const LOG_MS = 1_000;

type Phase = NonNullable<NonNullable<VolumeMove["status"]>["phase"]>;
const STEPS: (Step & { ends: Phase })[] = [
  { id: "copy", title: "copied while the pods run", ends: "Copying" },
  { id: "stop", title: "pods stopped", ends: "Stopping" },
  { id: "rest", title: "rest copied and compared", ends: "Finishing" },
  { id: "switch", title: "claim switched", ends: "Switching" },
];
const ORDER: readonly Phase[] = [
  "Preparing",
  "Copying",
  "Stopping",
  "Finishing",
  "Switching",
  "Moved",
  "Complete",
];
const isPast = (now: Phase | undefined, step: Phase): boolean =>
  ORDER.indexOf(now ?? "Preparing") > ORDER.indexOf(step);

/** A peer of that name, else a node. */
const placeOf = async (kube: Kube, name: string, signal: AbortSignal): Promise<VolumeMove["spec"]["to"]> =>
  (await kube.find(foreignClusters, name, undefined, { signal })) ? { peer: name } : { node: name };

export const run = async (cli: Cli, args: string[], o: MoveOptions): Promise<void> => {
  const claim = args[0] ?? "";
  const namespace = o.namespace ?? "default";
  if (o.to === undefined && !o.confirm)
    throw new UsageError("say where to: --to NODE or --to PEER; or --confirm a move that is done");
  const keepMs = o.keep === undefined ? undefined : parseDuration(o.keep, "--keep", MAX_KEEP_MS);
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const { signal } = deadline;
  const kube = await cli.kube();
  if (o.to === undefined) return confirm(cli, kube, namespace, claim, signal);
  if (!(await kube.find(persistentVolumeClaims, claim, namespace, { signal })))
    throw new CliError(`there is no claim "${claim}" in namespace "${namespace}"`, {
      next: "see which are: tideway volume list",
    });
  const wanted = make(volumeMoves, {
    // metadata.generateName is not a name: the API server makes one
    metadata: { generateName: `${claim.slice(0, 50)}-`, namespace } as never,
    spec: {
      claim,
      to: await placeOf(kube, o.to, signal),
      ...(keepMs === undefined ? {} : { keepSourceSeconds: Math.round(keepMs / 1000) }),
      ...(o.confirm ? { confirmed: true } : {}),
    },
  });
  let move = await kube.create(volumeMoves, wanted, { signal });
  if (cli.globals.wait) move = await follow(cli, kube, move, deadline);
  const { format } = cli.globals;
  if (isForMachines(format)) return cli.io.out(await renderDocument(move, format));
  const { name } = move.metadata;
  if (!cli.globals.wait)
    return cli.io.out(
      `${claim}: move to ${o.to} asked for; see kubectl -n ${namespace} get volumemove ${name} --watch`,
    );
  cli.io.out(
    `${claim} is at ${o.to} after ${formatElapsed(deadline.elapsed())}${kept(move, namespace, claim)}`,
  );
};

const kept = (m: VolumeMove, namespace: string, claim: string): string =>
  m.spec.confirmed
    ? ""
    : `; the old volume ${m.status?.source?.volume ?? ""} is kept, let it go by: tideway move volume ${claim} -n ${namespace} --confirm`;

const confirm = async (
  cli: Cli,
  kube: Kube,
  namespace: string,
  claim: string,
  signal: AbortSignal,
): Promise<void> => {
  const done = (await kube.list(volumeMoves, { namespace, signal })).filter(
    (m) => m.spec.claim === claim && m.status?.phase === "Moved" && !m.spec.confirmed,
  );
  if (done.length === 0)
    throw new CliError(`no move of claim "${claim}" waits to be confirmed`, {
      next: `see: kubectl -n ${namespace} get volumemoves`,
    });
  for (const m of done)
    await kube.patch(
      volumeMoves,
      m.metadata.name,
      namespace,
      { metadata: { uid: m.metadata.uid }, spec: { confirmed: true } },
      { signal },
    );
  cli.io.out(`${claim}: the old volume ${done.map((m) => m.status?.source?.volume).join(", ")} goes now`);
};

/** The last lines of the copy under way, drawn while it lasts; that they cannot be read is no failure. */
const drawCopy = async (kube: Kube, m: () => VolumeMove | undefined, progress: Progress): Promise<void> => {
  const { status, metadata } = m() ?? {};
  if (!status?.pod || (status.phase !== "Copying" && status.phase !== "Finishing")) return;
  const answer = await kube.request({
    method: "GET",
    path: `/api/v1/namespaces/${metadata?.namespace ?? ""}/pods/${status.pod}/log`,
    query: { tailLines: "5" },
  });
  const text = await answer.body.text();
  const now = answer.status === 200 ? progressIn(text) : undefined;
  if (now) progress.note(status.phase === "Copying" ? "copy" : "rest", bar(now));
};

const follow = async (cli: Cli, kube: Kube, asked: VolumeMove, deadline: Deadline): Promise<VolumeMove> => {
  const { name, namespace = "" } = asked.metadata;
  const progress = await createProgress(cli.io, STEPS, deadline.elapsed);
  let seen: VolumeMove | undefined;
  const drawing = setInterval(() => void drawCopy(kube, () => seen, progress).catch(() => undefined), LOG_MS);
  try {
    const done = await watchOne(kube, volumeMoves, {
      name,
      namespace,
      signal: deadline.signal,
      until: (m) => {
        if (!m) {
          if (seen) throw new CliError(`VolumeMove ${name} was deleted: the move is called off`);
          return undefined;
        }
        seen = m;
        const ready = findCondition(m.status?.conditions, "Ready");
        const phase = m.status?.phase;
        if (phase === "Refused")
          throw new CliError(`refused (${ready?.reason ?? ""}): ${ready?.message ?? ""}`);
        for (const step of STEPS) {
          if (isPast(phase, step.ends)) progress.done(step.id);
          else if (step.ends === phase && ready && ready.reason !== phase)
            progress.note(step.id, `${ready.reason}: ${ready.message}`);
        }
        return phase === "Moved" || phase === "Complete" ? m : undefined;
      },
    });
    await progress.end(true);
    return done;
  } catch (err) {
    await progress.end(false);
    throw deadline.explain(err, `claim ${asked.spec.claim} to move`, SERVICE_NEXT("storage-fabric"));
  } finally {
    clearInterval(drawing);
  }
};
