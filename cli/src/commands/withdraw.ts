import {
  foreignClusters,
  isCopy,
  make,
  type ResourceOffer,
  resourceOffers,
  sharingPolicies,
  SHARING_POLICY_NAME,
  type SharingPolicySpec,
  tenantNamespace,
} from "@tideway/api";
import { isAlreadyExists, isConflict } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { type Cli, startDeadline } from "../cli.ts";
import { parseDuration } from "../duration.ts";
import { CliError } from "../exit.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { CLI } from "../peering/request.ts";
import { watchOne } from "../wait.ts";

interface Options {
  deadline?: string;
  cordonFor?: string;
  reason?: string;
  undo?: boolean;
}
type Withdrawal = NonNullable<SharingPolicySpec["withdrawals"]>[number];

const DEFAULT_DEADLINE = "5m";
const DEFAULT_CORDON = "30s";
/** On top of the deadline: the offer's end has to be written. */
const MARGIN_MS = 30_000;
const TRIES = 5;

const findPeer = async (kube: Kube, name: string): Promise<string> => {
  const all = await kube.list(foreignClusters);
  const fc = all.find((f) => f.metadata.name === name || f.spec.clusterID === name);
  if (fc) return fc.metadata.name;
  const names = all.map((f) => f.metadata.name).join(", ");
  throw new CliError(`there is no peer "${name}" here`, {
    next: names ? `peers here: ${names}` : "there are no peers at all",
  });
};

/** The list as it was but for this peer's entry; tried again when somebody else changed the policy meanwhile. */
const write = async (kube: Kube, peer: string, entry: Withdrawal | undefined): Promise<void> => {
  for (let i = 1; ; i++) {
    try {
      const policy = await kube.find(sharingPolicies, SHARING_POLICY_NAME);
      const others = (policy?.spec.withdrawals ?? []).filter((w) => w.peer !== peer);
      const withdrawals = entry ? [...others, entry] : others;
      if (!policy) {
        const metadata = { name: SHARING_POLICY_NAME };
        if (entry)
          await kube.create(sharingPolicies, make(sharingPolicies, { metadata, spec: { withdrawals } }));
        return;
      }
      const { uid, resourceVersion } = policy.metadata;
      const body = { metadata: { uid, resourceVersion }, spec: { withdrawals } };
      await kube.patch(sharingPolicies, SHARING_POLICY_NAME, undefined, body, { fieldManager: CLI });
      return;
    } catch (err) {
      if (i === TRIES || !(isConflict(err) || isAlreadyExists(err))) throw err;
    }
  }
};

const describe = (o: Readonly<ResourceOffer> | undefined): string =>
  o?.spec.withdrawal ? `${o.spec.withdrawal.state} until ${o.spec.withdrawal.deadline}` : "not cordoned yet";

/** Until each of its offers, that of the nodes in no pool and those of node pools, has ended. */
const follow = async (cli: Cli, kube: Kube, peer: string, longestMs: number): Promise<void> => {
  const deadline = startDeadline(cli, longestMs + MARGIN_MS);
  const { signal } = deadline;
  const namespace = tenantNamespace(peer);
  const one = async ({ metadata: { name }, spec: { pool } }: ResourceOffer): Promise<void> => {
    let said = "";
    await watchOne(kube, resourceOffers, {
      name,
      namespace,
      signal,
      until: (offer) => {
        const now = describe(offer);
        if (offer && now !== said) cli.io.err(`${peer}${pool ? ` (${pool})` : ""}: ${now}`);
        said = now;
        return !offer || isCopy(offer) ? true : undefined;
      },
    });
  };
  try {
    const offers = await kube.list(resourceOffers, { namespace, signal });
    await Promise.all(offers.filter((o) => !isCopy(o)).map(one));
  } catch (err) {
    throw deadline.explain(err, `the end of the offer to ${peer}`, "see kubectl get resourceoffers -A");
  }
};

export const run = async (cli: Cli, args: string[], options: Record<string, unknown>): Promise<void> => {
  const o = options as Options;
  const [deadline, cordonFor] = [o.deadline ?? DEFAULT_DEADLINE, o.cordonFor ?? DEFAULT_CORDON];
  const longestMs = parseDuration(deadline, "--deadline");
  if (cordonFor !== "0s") parseDuration(cordonFor, "--cordon-for");
  const kube = await cli.kube();
  const peer = await findPeer(kube, args[0] ?? "");
  const entry = { peer, deadline, cordonFor, ...(o.reason ? { reason: o.reason } : {}) };
  await write(kube, peer, o.undo ? undefined : entry);
  if (!o.undo && cli.globals.wait) await follow(cli, kube, peer, longestMs);
  const { format } = cli.globals;
  const state = o.undo ? "offered again" : cli.globals.wait ? "ended" : "withdrawing";
  if (isForMachines(format)) return cli.io.out(await renderDocument({ peer, state }, format));
  cli.io.out(
    o.undo
      ? `${peer} is judged by the rules of the policy again`
      : cli.globals.wait
        ? `the offer to ${peer} has ended`
        : `the offer to ${peer} is being taken back, within ${deadline}; see kubectl get resourceoffers -n ${tenantNamespace(peer)}`,
  );
};
