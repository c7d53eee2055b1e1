import { findCondition, type ForeignCluster, foreignClusters, type Tenant, tenants } from "@tideway/api";
import type { Kube } from "@tideway/k8s";
import { type Cli, type Deadline, startDeadline } from "../cli.ts";
import { formatElapsed } from "../duration.ts";
import { CliError, UsageError } from "../exit.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { CLI } from "../peering/request.ts";
import { SERVICE_NEXT } from "../status/advice.ts";
import { watchOne } from "../wait.ts";

export interface RevokeOptions {
  reason?: string;
  pods?: string;
  undo?: boolean;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const PODS = { evict: "Evict", keep: "Keep" } as const;

const podsOf = (text: string): (typeof PODS)[keyof typeof PODS] => {
  if (text === "evict" || text === "keep") return PODS[text];
  throw new UsageError(`--pods: "${text}" is not known`, { next: "evict or keep" });
};

export const run = async (cli: Cli, [name = ""]: string[], options: RevokeOptions): Promise<void> => {
  const pods = podsOf(options.pods ?? "evict");
  if (options.undo && (options.reason !== undefined || options.pods !== undefined))
    throw new UsageError("--undo takes the revocation back: it has no --reason and no --pods");
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  const kube = await cli.kube();
  const { tenant, cluster } = await find(kube, name, deadline.signal);
  const revoked = options.undo ? null : { pods, ...(options.reason ? { reason: options.reason } : {}) };
  if (tenant) await patchTenant(kube, tenant, revoked, deadline.signal);
  else if (cluster) await patchCluster(kube, cluster, revoked === null, deadline.signal);
  if (tenant && cli.globals.wait) await follow(kube, tenant, revoked === null, deadline);
  await say(cli, { name, isTenant: tenant !== undefined, undo: revoked === null, pods }, deadline.elapsed());
};

/** A tenant without an address has no ForeignCluster, and a peer that never came in is no tenant. */
const find = async (
  kube: Kube,
  name: string,
  signal: AbortSignal,
): Promise<{ tenant: Tenant | undefined; cluster: ForeignCluster | undefined }> => {
  const [ts, fcs] = await Promise.all([
    kube.list(tenants, { signal }),
    kube.list(foreignClusters, { signal }),
  ]);
  const is = (o: Tenant | ForeignCluster): boolean => o.metadata.name === name || o.spec.clusterID === name;
  const found = { tenant: ts.find(is), cluster: fcs.find(is) };
  if (found.tenant || found.cluster) return found;
  const names = [...new Set([...ts, ...fcs].map((o) => o.metadata.name))].join(", ");
  throw new CliError(`there is no peer "${name}" here`, {
    next: names ? `peers here: ${names}` : "there are no peers at all",
  });
};

const patchTenant = (
  kube: Kube,
  { metadata: { name, uid } }: Tenant,
  revoked: object | null,
  signal: AbortSignal,
): Promise<unknown> =>
  kube.patch(
    tenants,
    name,
    undefined,
    { metadata: { uid }, spec: { revoked } },
    { fieldManager: CLI, signal },
  );

/** It has nothing here that could be cut off: it is kept from coming in. */
const patchCluster = (
  kube: Kube,
  { metadata: { name, uid } }: ForeignCluster,
  undo: boolean,
  signal: AbortSignal,
): Promise<unknown> => {
  const spec = { incomingPeering: undo ? "Auto" : "No" };
  return kube.patch(
    foreignClusters,
    name,
    undefined,
    { metadata: { uid }, spec },
    { fieldManager: CLI, signal },
  );
};

const follow = async (kube: Kube, tenant: Tenant, undo: boolean, deadline: Deadline): Promise<void> => {
  const { name } = tenant.metadata;
  try {
    await watchOne(kube, tenants, {
      name,
      signal: deadline.signal,
      until: (now) => {
        const reason = findCondition(now?.status?.conditions, "Ready")?.reason;
        return !now || (reason !== undefined && (reason === "Revoked") !== undo) ? true : undefined;
      },
    });
  } catch (err) {
    throw deadline.explain(
      err,
      `the auth service to ${undo ? "let in" : "cut off"} ${name}`,
      SERVICE_NEXT("auth"),
    );
  }
};

const say = async (
  cli: Cli,
  o: { name: string; isTenant: boolean; undo: boolean; pods: string },
  elapsedMs: number,
): Promise<void> => {
  const { io, globals } = cli;
  const { name, undo, isTenant } = o;
  if (isForMachines(globals.format))
    return io.out(
      await renderDocument(
        { peer: name, revoked: !undo, tenant: isTenant, ...(undo ? {} : { pods: o.pods }) },
        globals.format,
      ),
    );
  const after = globals.wait && isTenant ? ` after ${formatElapsed(elapsedMs)}` : "";
  if (undo) return io.out(`${name} may use this cluster again${after}`);
  io.out(isTenant ? `${name} is cut off${after}` : `${name} may not come in (it was no tenant)`);
  io.err(`what is recorded: tideway audit ${name}; to take it back: tideway revoke ${name} --undo`);
};
