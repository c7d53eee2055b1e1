import { describeError } from "@tideway/errors";
import { informer, type Kube, type Lease, leases } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { ownerOf } from "./rendezvous.ts";
import { createRoster } from "./roster.ts";

/** Label on every Lease of this kind, its value the service. */
export const SERVICE_LABEL = "tideway.dev/service";

export interface MembershipOptions {
  kube: Kube;
  /** Where the Leases live: the namespace of the services. */
  namespace: string;
  service: string;
  /** Name of this replica, unique among its service: POD_NAME. */
  identity: string;
  /** A replica not heard for this long has lost its share. Default 6, at least 1; renewed three times as often. */
  leaseSeconds?: number;
  /** How long `startMembership` may wait for the API server before this replica starts alone. Default 2,000 ms. */
  startTimeoutMs?: number;
  log: Logger;
  /** Aborted: the replica leaves. */
  signal: AbortSignal;
  /** Monotonic clock, ms. */
  now?: () => number;
}

/**
 * Divides things (peers) over the replicas of a service, each with a Lease of its own. Replicas may disagree for
 * a moment, so what is done for a thing must be idempotent. While the API server cannot be reached nothing moves.
 */
export interface Membership {
  /** Whether this replica looks after the thing with this id. Alone, it looks after everything. */
  owns(id: string): boolean;
  members(): string[];
  /** Called after the members changed; returns the way to stop it. */
  onChange(handler: () => void): () => void;
  /** Stops renewing and deletes the Lease, so that the others take over at once. May be called again. */
  leave(): Promise<void>;
}

/** Kubernetes wants exactly six decimals in a MicroTime. */
const microTime = (date: Date): string => date.toISOString().replace("Z", "000Z");

/** How many lease durations a dead replica's Lease is kept before another replica removes it. */
const KEEP_DEAD_LEASES = 10;

export const startMembership = async (o: MembershipOptions): Promise<Membership> => {
  const leaseMs = Math.max(1, o.leaseSeconds ?? 6) * 1000;
  const renewMs = Math.floor(leaseMs / 3); // AbortSignal.timeout takes whole milliseconds
  const now = o.now ?? (() => performance.now());
  const log = o.log.child({ identity: o.identity });
  const leaseName = o.identity.startsWith(o.service) ? o.identity : `${o.service}-${o.identity}`;
  const roster = createRoster({ self: o.identity, leaseMs, now });
  const handlers = new Set<() => void>();
  const stop = new AbortController();
  const watched = informer<Lease>(o.kube, leases, {
    namespace: o.namespace,
    labelSelector: `${SERVICE_LABEL}=${o.service}`,
    backoffMs: { first: 100, max: 1_000 },
  });

  let checkTimer: NodeJS.Timeout | undefined;
  const settle = (): void => {
    clearTimeout(checkTimer);
    if (stop.signal.aborted) return;
    if (roster.settle()) {
      log.info({ members: roster.members() }, "members changed");
      for (const handler of handlers) handler();
    }
    const next = roster.nextCheckMs();
    if (next !== undefined) checkTimer = setTimeout(settle, Math.max(50, next + 10)).unref();
  };

  watched.onChange((_key, lease, old) => {
    const member = (lease ?? old)?.spec?.holderIdentity;
    if (!member) return;
    if (!lease) roster.left(member);
    else {
      const stamp = lease.spec?.renewTime ?? "";
      const memberLeaseMs = (lease.spec?.leaseDurationSeconds ?? leaseMs / 1000) * 1000;
      const age = Date.now() - Date.parse(stamp); // a hint about leftovers when first met, nothing more
      roster.saw(member, stamp, memberLeaseMs, { stale: !(age < 2 * memberLeaseMs) });
    }
    if (watched.hasSynced) settle();
  });

  const renew = (): Promise<unknown> =>
    o.kube.apply(
      leases,
      {
        metadata: { name: leaseName, namespace: o.namespace, labels: { [SERVICE_LABEL]: o.service } },
        spec: {
          holderIdentity: o.identity,
          leaseDurationSeconds: Math.ceil(leaseMs / 1000),
          renewTime: microTime(new Date()),
        },
      },
      { fieldManager: o.service, signal: AbortSignal.any([stop.signal, AbortSignal.timeout(renewMs)]) },
    );

  /** A replica that died without leaving leaves its Lease behind; the owner of that name removes it. */
  const sweep = async (): Promise<void> => {
    const dead = new Set(
      roster.silentFor(leaseMs * KEEP_DEAD_LEASES).filter((m) => ownerOf(m, roster.members()) === o.identity),
    );
    for (const lease of dead.size > 0 ? watched.list() : []) {
      const { name, uid } = lease.metadata;
      if (dead.has(lease.spec?.holderIdentity ?? ""))
        await o.kube.delete(leases, name, o.namespace, { ...(uid ? { uid } : {}), signal: stop.signal });
    }
  };

  let failing = false;
  const keepRenewing = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const startedAt = now();
      let pauseMs = renewMs;
      try {
        await renew();
        if (failing) log.info("lease renewed again");
        failing = false;
        await sweep();
      } catch (err) {
        if (stop.signal.aborted) return;
        if (!failing) log.warn({ reason: describeError(err) }, "lease cannot be renewed; trying again");
        failing = true;
        pauseMs = Math.min(500, renewMs);
      }
      await pause(pauseMs - (now() - startedAt), stop.signal);
    }
  };

  watched.start(stop.signal);
  const first = renew().catch((err: unknown) => {
    if (!stop.signal.aborted)
      log.warn({ reason: describeError(err) }, "first lease not written yet; trying again");
  });
  await Promise.race([Promise.all([first, watched.synced]), pause(o.startTimeoutMs ?? 2_000, o.signal)]);
  settle();
  void watched.synced.then(settle);
  const renewing = pause(renewMs, stop.signal).then(keepRenewing);

  let leaving: Promise<void> | undefined;
  const leave = (): Promise<void> =>
    (leaving ??= (async () => {
      stop.abort();
      clearTimeout(checkTimer);
      await Promise.all([first, renewing]); // a renewal in flight would bring the lease back
      await o.kube
        .delete(leases, leaseName, o.namespace, { signal: AbortSignal.timeout(renewMs) })
        .catch((err: unknown) =>
          log.warn({ reason: describeError(err) }, "lease not deleted; it expires by itself"),
        );
    })());
  if (o.signal.aborted) await leave();
  else o.signal.addEventListener("abort", () => void leave(), { once: true });

  return {
    owns: (id) => ownerOf(id, roster.members()) === o.identity,
    members: () => [...roster.members()],
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    leave,
  };
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms)).unref();
    signal.addEventListener("abort", done, { once: true });
  });
