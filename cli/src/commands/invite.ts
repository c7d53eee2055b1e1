import { randomBytes } from "node:crypto";
import { findCondition, type Invitation, invitations, make, SYSTEM_NAMESPACE } from "@tideway/api";
import type { Kube } from "@tideway/k8s";
import { decodeInvitation, encodeInvitation, hashToken, newToken } from "@tideway/pki";
import { type Cli, startDeadline } from "../cli.ts";
import { findInvitation, listInvitations, revokeInvitation, take } from "./invitations.ts";
import { UsageError } from "../exit.ts";
import { formatDuration, parseDuration } from "../duration.ts";
import { isForMachines, renderDocument } from "../output.ts";
import { SERVICE_NEXT } from "../status/advice.ts";
import { watchOne } from "../wait.ts";

export interface InviteOptions {
  ttl?: string;
  standing?: boolean;
  bidirectional?: boolean;
  note?: string;
  list?: boolean;
  revoke?: string;
  rotate?: string;
}

const DEFAULT_TTL_MS = 15 * 60_000;
const MAX_TTL_MS = 365 * 86_400_000;
const DEFAULT_TIMEOUT_MS = 30_000;

/** When an invitation asked for now ends; undefined for a standing one without --ttl. */
export const expiryOf = (o: InviteOptions, nowMs: number): string | undefined => {
  if (o.ttl === undefined && o.standing) return undefined;
  const ttl = o.ttl === undefined ? DEFAULT_TTL_MS : parseDuration(o.ttl, "--ttl", MAX_TTL_MS);
  return new Date(nowMs + ttl).toISOString();
};

export const run = async (cli: Cli, _args: string[], options: InviteOptions): Promise<void> => {
  const { list, revoke, rotate } = options;
  if ([list, revoke, rotate].filter((o) => o !== undefined).length > 1)
    throw new UsageError("--list, --revoke and --rotate do different things: give one of them");
  if (list) return listInvitations(cli);
  if (revoke !== undefined) return revokeInvitation(cli, revoke);
  if (rotate === undefined) return invite(cli, options);
  const kube = await cli.kube();
  const old = await findInvitation(kube, rotate, cli.io.signal);
  const { standing, note } = old.spec;
  await invite(cli, { ...(standing ? { standing } : {}), ...(note ? { note } : {}), ...options });
  await take(kube, old, cli.io.signal); // last: until the new one stands the old one serves
  cli.io.err(`invitation ${rotate} is void`);
};

const invite = async (cli: Cli, options: InviteOptions): Promise<void> => {
  const askedAt = cli.io.now();
  const expiresAt = expiryOf(options, askedAt);
  const token = newToken();
  const kube = await cli.kube();
  const wanted = make(invitations, {
    metadata: { name: `invitation-${randomBytes(4).toString("hex")}`, namespace: SYSTEM_NAMESPACE },
    spec: {
      tokenHash: hashToken(token),
      ...(expiresAt ? { expiresAt } : {}),
      ...(options.standing ? { standing: true } : {}),
      ...(options.bidirectional ? { bidirectional: true } : {}),
      ...(options.note ? { note: options.note } : {}),
    },
  });
  await kube.create(invitations, wanted, { fieldManager: "tideway-cli", signal: cli.io.signal });
  const ready = await untilReady(cli, kube, wanted.metadata.name);
  const invitation = encodeInvitation({ ...ready, token, ...(expiresAt ? { exp: expiresAt } : {}) });
  const until = expiresAt
    ? `for ${formatDuration(Date.parse(expiresAt) - askedAt)}, until ${expiresAt}`
    : "until it is deleted";
  await print(cli, wanted.metadata.name, invitation, {
    expiresAt,
    until,
    standing: options.standing ?? false,
  });
};

/** What auth adds. An invitation that nobody can be given is taken back. */
const untilReady = async (cli: Cli, kube: Kube, name: string): Promise<Address> => {
  const deadline = startDeadline(cli, DEFAULT_TIMEOUT_MS);
  let last = "nothing has answered yet";
  try {
    return await watchOne(kube, invitations, {
      name,
      namespace: SYSTEM_NAMESPACE,
      signal: deadline.signal,
      onTrouble: (text) => (last = text),
      until: (inv) => {
        const ready = findCondition(inv?.status?.conditions, "Ready");
        if (ready) last = `${ready.reason}: ${ready.message}`;
        return addressOf(inv);
      },
    });
  } catch (err) {
    await kube.delete(invitations, name, SYSTEM_NAMESPACE).catch(() => undefined);
    throw deadline.explain(
      err,
      `the auth service to complete invitation ${name} (${last})`,
      SERVICE_NEXT("auth"),
    );
  }
};

interface Address {
  id: string;
  name: string;
  endpoint: string;
  pin: string;
}

export const addressOf = (inv: Readonly<Invitation> | undefined): Address | undefined => {
  const { conditions, clusterID, clusterName, authEndpoint, pin } = inv?.status ?? {};
  if (findCondition(conditions, "Ready")?.status !== "True") return undefined;
  if (!clusterID || !clusterName || !authEndpoint || !pin) return undefined;
  return { id: clusterID, name: clusterName, endpoint: authEndpoint, pin };
};

const print = async (
  cli: Cli,
  name: string,
  invitation: string,
  { expiresAt, until, standing }: { expiresAt: string | undefined; until: string; standing: boolean },
) => {
  const { io, globals } = cli;
  if (isForMachines(globals.format)) {
    io.out(
      await renderDocument(
        // the token alone is what a DiscoveryPolicy's Secret holds
        {
          invitation,
          token: decodeInvitation(invitation).token,
          name,
          standing,
          ...(expiresAt ? { expiresAt } : {}),
        },
        globals.format,
      ),
    );
    return;
  }
  io.out(invitation);
  io.err(
    `valid ${until}, for ${standing ? "any number of clusters" : "one cluster"}; there: tideway peer '<the line above>'`,
  );
  io.err(`take it back: tideway invite --revoke ${name}`);
};
