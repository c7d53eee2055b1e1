import { type ForeignCluster, type Identity, PEER } from "@tideway/api";
import type { Reconcile, ReconcileContext, ReconcileResult } from "@tideway/controller";
import { withSpan } from "@tideway/telemetry";
import type { ConditionWriter } from "../foreign-cluster.ts";
import type {
  Clock,
  ForeignClusterOf,
  Peers,
  PeerView,
  PublishIdentity,
  StandingOf,
  Tell,
} from "../ports.ts";
import {
  type Attempt,
  decide,
  failed,
  isSilence,
  isVoid,
  type Plan,
  renewalTime,
  type World,
} from "./decide.ts";
import { failureOf, type Granted, type Provider } from "./provider.ts";
import { type Case, createReporter } from "./report.ts";
import type { Held, IdentityStore, PeerRef } from "./store.ts";

export interface IdentityDeps {
  clock: Clock;
  random: () => number;
  skewMs: number;
  peers: Peers;
  owns(clusterID: string): boolean;
  /** By cluster ID, from the cache. */
  identityOf(clusterID: string): Identity | undefined;
  /** Name of the peer that this cluster uses, from the namespace of that. */
  usedAs(clusterID: string): string | undefined;
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
  /** When the provider gave it, ms. */
  heldSince?: number;
  /** Answered by the provider and not stored yet: it need not be asked again. */
  granted?: Granted;
}

const DEFAULT_DEADLINE_MS = 30_000;
const GOING_MS = 1000;
const MAX_SLEEP_MS = 3_600_000;

/** With another address or token a failed attempt says nothing. */
const basisOf = (peer: PeerView | undefined): string =>
  JSON.stringify([peer?.authEndpoint, peer?.pins, peer?.tokenSecret, peer?.outgoing]);

/** A policy decides about `Auto`, and discovery says how: until it has, such a peer may be wanted. */
const mayWant = (fc: ForeignCluster | undefined): boolean =>
  fc?.spec.outgoingPeering === "Yes" || fc?.spec.outgoingPeering === "Auto";

/** Key: the cluster ID of a peer that this cluster uses, or used. */
export const createIdentityReconciler = (d: IdentityDeps): Reconcile => {
  const notes = new Map<string, Notes>();
  const reporter = createReporter(d);
  const about = (p: PeerRef) => ({
    apiVersion: "discovery.tideway.dev/v1alpha1",
    kind: "ForeignCluster",
    name: p.name,
  });

  const refOf = (
    clusterID: string,
    peer: PeerView | undefined,
    identity: Identity | undefined,
  ): PeerRef | undefined => {
    const name = peer?.name ?? identity?.metadata.labels?.[PEER] ?? d.usedAs(clusterID);
    return name ? { name, clusterID } : undefined;
  };

  const keep = async (
    c: Case,
    n: Notes,
    granted: Granted,
    step: "authenticate" | "renew",
  ): Promise<ReconcileResult> => {
    const held = await d.store.write(c.peer, granted.answer, granted.keys);
    n.held = held;
    n.heldSince = d.clock.now();
    delete n.attempt;
    delete n.granted;
    const renewAt = (n.renewAt = renewalTime(d.clock.now(), held.notAfter, d.random()));
    const message = `valid until ${new Date(held.notAfter).toISOString()}, renewed at ${new Date(renewAt).toISOString()}`;
    d.outcome(step, "granted");
    const identity = d.identityOf(c.peer.clusterID);
    await reporter.say(
      { ...c, identity, exists: true, held, renewAt },
      { step: "hold", state: "GRANTED", reason: "Granted", message },
    );
    d.tell(about(c.peer), "Normal", step === "renew" ? "IdentityRenewed" : "IdentityGranted", message);
    return { requeueAfterMs: Math.max(0, renewAt - d.clock.now()) };
  };

  const acts = {
    authenticate: async (c: Case, peer: PeerView, n: Notes): Promise<ReconcileResult> => {
      const asked = n.granted ?? d.provider.authenticate(peer);
      const [answer, home] = await Promise.allSettled([asked, d.store.home(c.peer)]);
      if (answer.status === "rejected") throw answer.reason;
      n.granted = answer.value;
      if (home.status === "rejected") throw home.reason;
      return keep(c, n, answer.value, "authenticate");
    },
    renew: async (c: Case, peer: PeerView, n: Notes): Promise<ReconcileResult> =>
      keep(c, n, await d.provider.renew(peer, c.held as Held), "renew"),
    release: async (c: Case, peer: PeerView, n: Notes): Promise<ReconcileResult> => {
      await d.provider.release(peer, c.held as Held);
      n.released = true;
      d.outcome("release", "granted");
      return { requeueAfterMs: 0 };
    },
  };

  /** A failure of the other side is no error of ours: it is noted, reported and tried again at its time. */
  const act = async (
    step: keyof typeof acts,
    c: Case,
    peer: PeerView | undefined,
    n: Notes,
  ): Promise<ReconcileResult> => {
    try {
      if (peer) {
        const { traceparent } = peer;
        return await withSpan(`auth.${step}`, { traceparent, attributes: { peer: peer.name } }, () =>
          acts[step](c, peer, n),
        );
      }
      n.released = true; // nobody knows any more where the provider is
    } catch (err) {
      const { reason, message } = failureOf(err);
      if (step === "release" && isVoid(reason)) n.released = true;
      if (n.attempt?.reason !== reason) d.tell(about(c.peer), "Warning", reason, `${step}: ${message}`);
      n.attempt = failed(n.attempt, reason, message, d.clock.now(), d.random());
      n.basis = basisOf(peer);
      d.outcome(step, isSilence(reason) ? "unreachable" : "denied");
    }
    return { requeueAfterMs: 0 }; // the next pass says what is so
  };

  /** Who reads the identity may read it for as long as it is there, whatever somebody did to the binding. */
  const restore = async (p: PeerRef, found: Case, c: ReconcileContext): Promise<void> => {
    if (!found.held || d.store.isBound(p)) return;
    await d.store.bind(p);
    c.log.info({ peer: p.name }, "the binding of who reads the identity was written again");
  };

  const leave = async (p: PeerRef, plan: Plan, c: ReconcileContext): Promise<ReconcileResult> => {
    if (!(await d.store.remove(p, c))) return { requeueAfterMs: GOING_MS }; // the watch on it wakes us earlier
    return finish(p, plan);
  };

  const finish = async (p: PeerRef, plan: Plan): Promise<ReconcileResult> => {
    await d.conditions.write(p, "outgoing", undefined);
    reporter.gone(p, plan);
    notes.delete(p.clusterID);
    return {};
  };

  /** Caches, facts, the Secret and what this replica remembers, as one input. */
  const observe = async (
    p: PeerRef,
    peer: PeerView | undefined,
    n: Notes,
  ): Promise<{ world: World; found: Case }> => {
    const { clusterID } = p;
    const identity = d.identityOf(clusterID);
    const now = d.clock.now();
    if (peer?.outgoing) {
      delete n.leavingSince;
      delete n.released;
    } else n.leavingSince ??= now;
    if (n.basis !== basisOf(peer)) delete n.attempt;
    const remains = identity !== undefined || d.usedAs(clusterID) !== undefined || n.held !== undefined;

    const held = remains ? await d.store.read(p) : undefined;
    if (held) n.held = held;
    else {
      delete n.held;
      delete n.renewAt;
    }
    if (held)
      n.renewAt ??=
        Date.parse(identity?.status?.renewAt ?? "") || renewalTime(now, held.notAfter, d.random());
    const world: World = {
      peer,
      remains,
      now,
      unsure: !peer && remains && mayWant(await d.foreignCluster(p.name)),
      credential: held && {
        notAfter: held.notAfter,
        renewAt: n.renewAt ?? held.notAfter,
        since: n.heldSince,
      },
      standing: d.standing(clusterID),
      released: n.released ?? false,
      deadline: Date.parse(peer?.unpeerDeadline ?? "") || (n.leavingSince ?? now) + DEFAULT_DEADLINE_MS,
      attempt: n.attempt,
      skewMs: d.skewMs,
    };
    return { world, found: { peer: p, identity, exists: identity !== undefined, held, renewAt: n.renewAt } };
  };

  return async (clusterID, c) => {
    const peer = d.peers.get(clusterID);
    const p = refOf(clusterID, peer, d.identityOf(clusterID));
    if (!p || !d.owns(clusterID)) {
      notes.delete(clusterID);
      return {};
    }
    const n = notes.get(clusterID) ?? {};
    notes.set(clusterID, n);
    const { world, found } = await observe(p, peer, n);
    const plan = decide(world);
    switch (plan.step) {
      case "nothing":
        if (d.published(clusterID)) return finish(p, plan);
        notes.delete(clusterID);
        return {};
      case "cleanUp":
        return leave(p, plan, c);
      case "authenticate":
      case "renew":
      case "release":
        return act(plan.step, found, peer, n);
      case "hold":
        if (!found.identity) await d.store.home(p); // someone took it away, or the cache is a moment behind
        await restore(p, found, c);
        break;
      case "wait":
      case "drain":
        await restore(p, found, c);
        break;
    }
    await reporter.say(found, plan);
    return plan.requeueAfterMs === undefined
      ? {}
      : { requeueAfterMs: Math.min(plan.requeueAfterMs, MAX_SLEEP_MS) };
  };
};
