import {
  type Identity,
  type IdentityStatus,
  peerNamespace,
  sameConditions,
  setCondition,
} from "@tideway/api";
import type { Authenticated, ConditionWriter } from "../foreign-cluster.ts";
import type { Clock, IdentityState, PublishIdentity } from "../ports.ts";
import type { Plan } from "./decide.ts";
import { type Held, IDENTITY_SECRET, type IdentityStore, type PeerRef } from "./store.ts";

/** What is known of one peer's identity when something is said about it. */
export interface Case {
  peer: PeerRef;
  /** The Identity as the cache has it; it may be a moment behind. */
  identity: Identity | undefined;
  /** The Identity exists, whatever the cache has. */
  exists: boolean;
  held: Held | undefined;
  renewAt: number | undefined;
}

export interface ReportDeps {
  clock: Clock;
  store: Pick<IdentityStore, "writeStatus">;
  publish: PublishIdentity;
  conditions: ConditionWriter;
}

export interface Reporter {
  /** Says what is so: to the other services first, then to people. */
  say(c: Case, plan: Plan): Promise<void>;
  gone(peer: PeerRef, plan: Plan): void;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const factOf = (p: PeerRef, plan: Plan, state: IdentityState["state"], held?: Held): IdentityState => ({
  clusterId: p.clusterID,
  name: p.name,
  state,
  reason: plan.reason,
  message: plan.message,
  localNamespace: peerNamespace(p.name),
  ...(held && {
    apiServer: held.server,
    remoteNamespace: held.remoteNamespace,
    secretName: IDENTITY_SECRET,
    notAfter: iso(held.notAfter),
    serial: held.serial,
  }),
});

const conditionOf = (plan: Plan): Authenticated => ({
  status: plan.state === "GRANTED" ? "True" : plan.state ? "False" : "Unknown",
  reason: plan.reason,
  message: plan.message,
});

const sameStatus = (a: IdentityStatus | undefined, b: IdentityStatus): boolean =>
  a?.notAfter === b.notAfter && a?.renewAt === b.renewAt && sameConditions(a?.conditions, b.conditions);

export const createReporter = (d: ReportDeps): Reporter => {
  const statusOf = ({ identity, held, renewAt }: Case, plan: Plan): IdentityStatus => ({
    conditions: [
      setCondition(identity?.status?.conditions, { type: "Ready", ...conditionOf(plan) }, iso(d.clock.now())),
    ],
    secretName: IDENTITY_SECRET,
    ...(held && {
      apiServer: held.server,
      remoteNamespace: held.remoteNamespace,
      notAfter: iso(held.notAfter),
    }),
    ...(renewAt !== undefined && { renewAt: iso(renewAt) }),
  });

  const writeStatus = async (c: Case, plan: Plan): Promise<void> => {
    const next = statusOf(c, plan);
    if (c.exists && !sameStatus(c.identity?.status, next))
      await d.store.writeStatus(c.peer, c.identity?.metadata.uid, next);
  };

  return {
    say: async (c, plan) => {
      if (plan.state) d.publish("outgoing", factOf(c.peer, plan, plan.state, c.held));
      await Promise.all([writeStatus(c, plan), d.conditions.write(c.peer, "outgoing", conditionOf(plan))]);
    },
    gone: (peer, plan) => d.publish("outgoing", factOf(peer, plan, "GONE")),
  };
};
