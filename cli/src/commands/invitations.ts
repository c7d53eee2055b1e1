import { findCondition, type Invitation, invitations, SYSTEM_NAMESPACE } from "@tideway/api";
import type { Kube } from "@tideway/k8s";
import type { Cli } from "../cli.ts";
import { CliError } from "../exit.ts";
import { isForMachines, renderDocument, renderTable } from "../output.ts";
import { formatAge } from "../duration.ts";

/** What became of an invitation, in the word of its condition. */
const stateOf = (i: Invitation): string => findCondition(i.status?.conditions, "Ready")?.reason ?? "Unknown";

const rowOf = (i: Invitation, now: number): (string | undefined)[] => [
  i.metadata.name,
  i.spec.standing ? "any" : "one",
  stateOf(i),
  i.spec.expiresAt ?? "never",
  i.status?.usedBy,
  i.spec.note,
  formatAge(i.metadata.creationTimestamp, now),
];

/** All invitations that are still kept, the newest first; never a token, of which only the hash is stored. */
export const listInvitations = async (cli: Cli): Promise<void> => {
  const { io, globals } = cli;
  const kube = await cli.kube();
  const all = await kube.list(invitations, { namespace: SYSTEM_NAMESPACE, signal: io.signal });
  const made = (i: Invitation): string => i.metadata.creationTimestamp ?? "";
  all.sort((a, b) => made(b).localeCompare(made(a)));
  if (isForMachines(globals.format)) {
    const shown = all.map(({ metadata: { name }, spec, status }) => ({
      name,
      standing: spec.standing ?? false,
      expiresAt: spec.expiresAt,
      note: spec.note,
      usedBy: status?.usedBy,
      usedAt: status?.usedAt,
      state: stateOf({ metadata: { name }, spec, ...(status ? { status } : {}) }),
    }));
    return io.out(await renderDocument(shown, globals.format));
  }
  if (all.length === 0) return io.err("there are no invitations");
  const head = ["NAME", "CLUSTERS", "STATE", "EXPIRES", "USED-BY", "NOTE", "AGE"];
  io.out(
    renderTable(
      head,
      all.map((i) => rowOf(i, io.now())),
    ),
  );
};

/** The invitation is void from now on. Who came in by it stays: `tideway revoke` cuts a cluster off. */
export const revokeInvitation = async (cli: Cli, name: string): Promise<void> => {
  const kube = await cli.kube();
  await take(kube, await findInvitation(kube, name, cli.io.signal), cli.io.signal);
  cli.io.out(`invitation ${name} is void`);
};

export const findInvitation = async (kube: Kube, name: string, signal: AbortSignal): Promise<Invitation> => {
  const found = await kube.find(invitations, name, SYSTEM_NAMESPACE, { signal });
  if (found) return found;
  throw new CliError(`there is no invitation "${name}"`, {
    next: "see which there are: tideway invite --list",
  });
};

export const take = (kube: Kube, { metadata }: Invitation, signal: AbortSignal): Promise<unknown> =>
  kube.delete(invitations, metadata.name, SYSTEM_NAMESPACE, {
    ...(metadata.uid ? { uid: metadata.uid } : {}),
    signal,
  });
