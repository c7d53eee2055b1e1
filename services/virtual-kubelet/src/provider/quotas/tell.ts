import type { TenantQuota } from "@tideway/api";
import type { Bus } from "@tideway/bus";
import { describeError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import { parseList, toNumber } from "@tideway/quantity";
import { type Account, meterOf } from "@tideway/quota";
import { OPEN, type Metrics } from "@tideway/telemetry";

/** What is used changes with every pod; the history of it need not. In ms. */
const TELL_EVERY_MS = 60_000;

export interface TellDeps {
  bus: Pick<Bus, "publish" | "onReconnect">;
  metrics: Metrics;
  clock: { now(): number };
  log: Logger;
  signal: AbortSignal;
  owns(clusterID: string): boolean;
}

/** Says what tenants use: on the bus when it changes, and to whoever scrapes. */
export interface Teller {
  known(account: Account, quota: Readonly<TenantQuota>): void;
  /** The quota is gone, with the tenant. */
  gone(account: Account): void;
}

interface Told {
  quota: Readonly<TenantQuota>;
  at: number;
  timer?: NodeJS.Timeout | undefined;
}

const factOf = ({ metadata, spec, status }: Readonly<TenantQuota>, isGone: boolean) => {
  const isOver = status?.conditions?.some((c) => c.type === "Ready" && c.status === "False") ?? false;
  return {
    peer: { peer: spec.clusterID, id: metadata.name },
    fact: {
      clusterId: spec.clusterID,
      name: spec.peer,
      state: isGone ? ("GONE" as const) : isOver ? ("OVER" as const) : ("WITHIN" as const),
      hard: spec.hard,
      used: status?.used ?? {},
      since: status?.meter?.since ?? "",
      at: status?.meter?.at ?? "",
      seconds: status?.meter?.seconds ?? {},
    },
  };
};

export const createTeller = (d: TellDeps): Teller => {
  const known = new Map<string, Told>();
  const mine = (): Readonly<TenantQuota>[] =>
    [...known.values()].map(({ quota }) => quota).filter((q) => d.owns(q.spec.clusterID));

  const labels = { peer: OPEN, offer: OPEN, resource: OPEN } as const;
  const amounts = (of: (q: Readonly<TenantQuota>) => Readonly<Record<string, string>>) => () =>
    mine().flatMap((q) =>
      [...parseList(of(q))].map(
        ([resource, n]) => [{ peer: q.spec.peer, offer: q.metadata.name, resource }, toNumber(n)] as const,
      ),
    );
  d.metrics
    .gauge({ name: "tideway_tenant_used", help: "What a peer holds here of its offer", labels })
    .collectAll(amounts((q) => q.status?.used ?? {}));
  d.metrics
    .gauge({ name: "tideway_tenant_offered", help: "What a peer may hold here", labels })
    .collectAll(amounts((q) => q.spec.hard));
  d.metrics
    .counter({
      name: "tideway_tenant_resource_seconds_total",
      help: "What a peer has held here, times how long: cpu in core seconds, memory in byte seconds",
      labels,
    })
    .collectAll(amounts((q) => meterOf(q, new Date(d.clock.now()).toISOString()).seconds));

  const say = (t: Told, isGone = false): void => {
    clearTimeout(t.timer);
    t.timer = undefined;
    t.at = d.clock.now();
    if (!isGone && !d.owns(t.quota.spec.clusterID)) return;
    const { peer, fact } = factOf(t.quota, isGone);
    d.bus.publish("quota", peer, fact).catch((err: unknown) => {
      if (!d.signal.aborted) d.log.warn({ reason: describeError(err) }, "what a tenant uses is not told");
    });
  };
  d.bus.onReconnect(() => known.forEach((t) => say(t)));

  return {
    known: (account, quota) => {
      const key = `${account.namespace}/${account.name}`;
      const t = known.get(key) ?? { quota, at: Number.NEGATIVE_INFINITY };
      known.set(key, t);
      t.quota = quota;
      if (t.timer) return;
      const waitMs = t.at + TELL_EVERY_MS - d.clock.now();
      if (waitMs <= 0) say(t);
      else t.timer = setTimeout(() => d.signal.aborted || say(t), waitMs).unref();
    },
    gone: (account) => {
      const key = `${account.namespace}/${account.name}`;
      const t = known.get(key);
      known.delete(key);
      if (t) say(t, true);
    },
  };
};
