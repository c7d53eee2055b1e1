import {
  type Identity,
  type IdentityStatus,
  sameConditions,
  setCondition,
  tenantNamespace,
} from "@tideway/api";
import type { Reconcile, ReconcileResult } from "@tideway/controller";
import type { Authenticated, ConditionWriter } from "../foreign-cluster.ts";
import type {
  Clock,
  ForeignClusterOf,
  IdentityState,
  Peers,
  PeerView,
  PublishIdentity,
  StandingOf,
  Tell,
} from "../ports.ts";
import { type Attempt, decide, failed, type Plan, renewalTime } from "./decide.ts";
import { failureOf, type Granted, type Provider } from "./provider.ts";
import { type Held, IDENTITY_SECRET, type IdentityStore, type PeerRef } from "./store.ts";

export interface IdentityDeps {
  clock: Clock;
  random: () => number;
  skewMs: number;
  peers: Peers;
  owns(clusterID: string): boolean;
  /** By cluster ID, from the cache. */
  identityOf(clusterID: string): Identity | undefined;
  homeExists(clusterID: string): { name: string } | undefined;
  /** The peer is a tenant here too: the namespace is shared. */
  isTenant(clusterID: string): boolean;
  /** A fact about the outgoing identity that says something else than GONE. */
  published(clusterID: string): boolean;
  foreignCluster: ForeignClusterOf;
  standing: StandingOf;
  store: IdentityStore;
  provider: Provider;
  publish: PublishIdentity;
  conditions: ConditionWriter;
  tell: Tell;
  outcome(step: "authenticate" | "renew" | "release", result: "granted" | "denied" | "unreachable"): void;
}

/** What is only in memory about one peer: lost at a restart, it costs at most one more try. */
interface Notes {
  attempt?: Attempt;
  /** The peer's address and token when the attempt was made: with others it is worth a new try at once. */
  basis?: string;
  released?: boolean;
  /** Since when the peering is being taken down, ms. */
  leavingSince?: number;
  held?: Held;
  renewAt?: number;
  /** Answered by the provider and not stored yet: the token is used up, so it must not be lost. */
  granted?: Granted;
}

const DEFAULT_DEADLINE_MS = 30_000;
const GOING_MS = 1000;

/** Key: the cluster ID of a peer that this cluster uses, or used. */
export const createIdentityReconciler = (d: IdentityDeps): Reconcile => {
  const notes = new Map<string, Notes>();

  const refOf = (
    clusterID: string,
    peer: PeerView | undefined,
    identity: Identity | undefined,
  ): PeerRef | undefined => {
    const name =
      peer?.name ?? identity?.metadata.labels?.["tideway.dev/peer"] ?? d.homeExists(clusterID)?.name;
    return name ? { name, clusterID } : undefined;
  };

  const stateOf = (
    p: PeerRef,
    plan: Plan,
    state: IdentityState["state"],
    held: Held | undefined,
  ): IdentityState => ({
    clusterId: p.clusterID,
    name: p.name,
    state,
    reason: plan.reason,
    message: plan.message,
    localNamespace: tenantNamespace(p.name),
    ...(held && state !== "GONE"
      ? {
          apiServer: held.server,
          remoteNamespace: held.remoteNamespace,
          secretName: IDENTITY_SECRET,
          notAfter: new Date(held.notAfter).toISOString(),
          serial: held.serial,
        }
      : {}),
  });

  const authenticated = (plan: Plan): Authenticated => ({
    status: plan.state === "GRANTED" ? "True" : plan.state ? "False" : "Unknown",
    reason: plan.reason,
    message: plan.message,
  });

  const writeStatus = async (
    p: PeerRef,
    identity: Identity | undefined,
    held: Held | undefined,
    renewAt: number | undefined,
    plan: Plan,
  ): Promise<void> => {
    const old = identity?.status;
    const { status, reason, message } = authenticated(plan);
    const conditions = [
      setCondition(
        old?.conditions,
        { type: "Ready", status, reason, message },
        new Date(d.clock.now()).toISOString(),
      ),
    ];
    const next: IdentityStatus = {
      conditions,
      secretName: IDENTITY_SECRET,
      ...(held
        ? {
            apiServer: held.server,
            remoteNamespace: held.remoteNamespace,
            notAfter: new Date(held.notAfter).toISOString(),
          }
        : {}),
      ...(renewAt !== undefined ? { renewAt: new Date(renewAt).toISOString() } : {}),
    };
    if (
      old?.notAfter === next.notAfter &&
      old?.renewAt === next.renewAt &&
      sameConditions(old?.conditions, conditions)
    )
      return;
    await d.store.writeStatus(p, identity?.metadata.uid, next);
  };

  /** Says what is so: to the other services first, then to people. */
  const report = async (
    p: PeerRef,
    identity: Identity | undefined,
    held: Held | undefined,
    renewAt: number | undefined,
    plan: Plan,
    exists: boolean,
  ): Promise<void> => {
    if (plan.state) d.publish("outgoing", stateOf(p, plan, plan.state, held));
    await Promise.all([
      exists ? writeStatus(p, identity, held, renewAt, plan) : undefined,
      d.conditions.write(p.name, authenticated(plan)),
    ]);
  };

  const aboutCluster = (p: PeerRef) => ({
    apiVersion: "discovery.tideway.dev/v1alpha1",
    kind: "ForeignCluster",
    name: p.name,
  });

  const keep = async (
    p: PeerRef,
    n: Notes,
    granted: Granted,
    step: "authenticate" | "renew",
  ): Promise<ReconcileResult> => {
    const held = await d.store.write(p, granted.answer, granted.keys);
    n.held = held;
    delete n.attempt;
    delete n.granted;
    const renewAt = (n.renewAt = renewalTime(d.clock.now(), held.notAfter, d.random()));
    const message = `valid until ${new Date(held.notAfter).toISOString()}, renewed at ${new Date(renewAt).toISOString()}`;
    d.outcome(step, "granted");
    await report(
      p,
      d.identityOf(p.clusterID),
      held,
      renewAt,
      { step: "hold", state: "GRANTED", reason: "Granted", message },
      true,
    );
    d.tell(aboutCluster(p), "Normal", step === "renew" ? "IdentityRenewed" : "IdentityGranted", message);
    return { requeueAfterMs: Math.max(0, renewAt - d.clock.now()) };
  };

  /** A failure of the other side is no error of ours: it is noted, reported and tried again at its time. */
  const note = (
    p: PeerRef,
    n: Notes,
    err: unknown,
    step: "authenticate" | "renew" | "release",
    basis: string,
  ): ReconcileResult => {
    const { reason, message } = failureOf(err);
    const before = n.attempt?.reason;
    n.attempt = failed(n.attempt, reason, message, d.clock.now(), d.random());
    n.basis = basis;
    d.outcome(step, reason === "Unreachable" ? "unreachable" : "denied");
    if (before !== reason) d.tell(aboutCluster(p), "Warning", reason, `${step}: ${message}`);
    return { requeueAfterMs: 0 }; // the next pass says so, and when it is tried again
  };

  const act = async (
    p: PeerRef,
    peer: PeerView | undefined,
    n: Notes,
    held: Held | undefined,
    plan: Plan,
    basis: string,
  ): Promise<ReconcileResult> => {
    switch (plan.step) {
      case "authenticate":
        try {
          const asked = n.granted ?? d.provider.authenticate(peer as PeerView);
          const [answer, home] = await Promise.allSettled([asked, d.store.home(p)]);
          if (answer.status === "rejected") throw answer.reason;
          n.granted = answer.value;
          if (home.status === "rejected") throw home.reason;
          return await keep(p, n, answer.value, "authenticate");
        } catch (err) {
          return note(p, n, err, "authenticate", basis);
        }
      case "renew":
        try {
          return await keep(p, n, await d.provider.renew(peer as PeerView, held as Held), "renew");
        } catch (err) {
          return note(p, n, err, "renew", basis);
        }
      case "release":
        try {
          if (peer) await d.provider.release(peer, held as Held);
          n.released = true;
          d.outcome("release", "granted");
          return { requeueAfterMs: 0 };
        } catch (err) {
          const { reason } = failureOf(err);
          if (reason === "TenantUnknown" || reason === "IdentityInvalid") n.released = true;
          return note(p, n, err, "release", basis);
        }
      default:
        return {};
    }
  };

  const leave = async (p: PeerRef, plan: Plan): Promise<ReconcileResult> => {
    const shared = d.isTenant(p.clusterID);
    const gone = await d.store.remove(p, shared);
    if (!gone) return { requeueAfterMs: GOING_MS }; // the watch on the namespace wakes us earlier
    if (!shared) await d.conditions.write(p.name, undefined);
    d.publish("outgoing", stateOf(p, plan, "GONE", undefined));
    notes.delete(p.clusterID);
    return {};
  };

  return async (clusterID) => {
    if (!d.owns(clusterID)) {
      notes.delete(clusterID);
      return {};
    }
    const peer = d.peers.get(clusterID);
    const identity = d.identityOf(clusterID);
    const p = refOf(clusterID, peer, identity);
    if (!p) return {};
    const n = notes.get(clusterID) ?? {};
    notes.set(clusterID, n);

    const wanted = peer?.present === true && peer.outgoing;
    const home = d.homeExists(clusterID);
    const remains =
      identity !== undefined || (home !== undefined && !d.isTenant(clusterID)) || n.held !== undefined;
    const now = d.clock.now();
    if (wanted) {
      delete n.leavingSince;
      delete n.released;
    } else n.leavingSince ??= now;
    const basis = JSON.stringify([peer?.authEndpoint, peer?.pins, peer?.tokenSecret, wanted]);
    if (n.basis !== basis) delete n.attempt;

    const held = remains ? await d.store.read(p) : undefined;
    if (held) n.held = held;
    else {
      delete n.held;
      delete n.renewAt;
    }
    const unsure = !peer && remains && (await d.foreignCluster(p.name))?.spec.outgoingPeering === "Yes";
    const renewAt =
      held &&
      (n.renewAt ??=
        Date.parse(identity?.status?.renewAt ?? "") || renewalTime(now, held.notAfter, d.random()));
    const deadline = Date.parse(peer?.unpeerDeadline ?? "") || (n.leavingSince ?? now) + DEFAULT_DEADLINE_MS;

    const plan = decide({
      peer,
      unsure,
      remains,
      deadline,
      now,
      skewMs: d.skewMs,
      credential: held && { notAfter: held.notAfter, renewAt: renewAt ?? held.notAfter },
      standing: d.standing(clusterID),
      released: n.released ?? false,
      attempt: n.attempt,
    });

    switch (plan.step) {
      case "nothing":
        notes.delete(clusterID);
        if (d.published(clusterID)) {
          d.publish("outgoing", stateOf(p, plan, "GONE", undefined));
          if (!d.isTenant(clusterID)) await d.conditions.write(p.name, undefined);
        }
        return {};
      case "hold":
        if (!identity) await d.store.home(p); // someone took it away, or the cache is a moment behind
        break;
      case "cleanUp":
        return leave(p, plan);
      case "authenticate":
      case "renew":
      case "release":
        return act(p, peer, n, held, plan, basis);
      default:
        break;
    }
    await report(p, identity, held, renewAt, plan, identity !== undefined);
    return plan.requeueAfterMs === undefined
      ? {}
      : { requeueAfterMs: Math.min(plan.requeueAfterMs, 3_600_000) };
  };
};
