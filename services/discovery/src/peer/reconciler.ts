import { isDeepStrictEqual } from "node:util";
import { type DiscoveryPolicy, type ForeignCluster, foreignClusters, TRACEPARENT } from "@tideway/api";
import type { Audit } from "@tideway/audit";
import type { Reconcile, ReconcileContext, ReconcileResult } from "@tideway/controller";
import { describeError, isUnavailable, UnavailableError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { withSpan } from "@tideway/telemetry";
import type { Sightings } from "../found/sightings.ts";
import type { Clock, ClustersOf, Facts, PeerFact, Prober, Tell } from "../ports.ts";
import { decide, FINALIZER, type Plan, type Status } from "./decide.ts";
import { goneFact } from "./fact.ts";
import { auditOf } from "./audit.ts";
import type { World } from "./world.ts";

export const MANAGER = "discovery";

export interface PeerDeps {
  kube: Pick<Kube, "apply">;
  clock: Clock;
  /** ID of this cluster. */
  self: string;
  clustersOf: ClustersOf;
  owns(id: string): boolean;
  facts: Facts;
  prober: Prober;
  policy(): Readonly<DiscoveryPolicy> | undefined;
  sightings: Pick<Sightings, "of">;
  audit: Pick<Audit, "record">;
  tell: Tell;
  probeMs: number;
  graceMs: number;
}

/** How long a status that changes again by itself may wait to be written: one write instead of one a step. */
const SETTLE_MS = 250;
/** How long the last word about a peer may take to be stored before it is tried again. */
const LAST_WORD_MS = 3_000;

/** Key: cluster ID of a peer. */
export const createPeerReconciler = (d: PeerDeps): Reconcile => {
  /** When a postponed status is due, by UID. */
  const due = new Map<string, number>();

  const target = ({ metadata: { name, uid } }: Readonly<ForeignCluster>) => ({
    name,
    ...(uid === undefined ? {} : { uid }),
  });

  const own = (fc: Readonly<ForeignCluster>, finalizers: string[], signal: AbortSignal): Promise<unknown> =>
    d.kube.apply(
      foreignClusters,
      { metadata: { ...target(fc), finalizers } },
      { fieldManager: MANAGER, signal },
    );

  const writeStatus = (fc: Readonly<ForeignCluster>, status: Status, signal: AbortSignal): Promise<unknown> =>
    d.kube.apply(
      foreignClusters,
      { metadata: target(fc), status },
      { fieldManager: MANAGER, subresource: "status", signal },
    );

  /**
   * One trace an intent: it begins where a peering is asked for or taken back, and what is learnt of the peer in
   * between stays in it. Who asks may bring a trace of their own.
   */
  const causeOf = (
    { metadata, spec }: Readonly<ForeignCluster>,
    fact: PeerFact,
    before: PeerFact | undefined,
  ): string | undefined => {
    const same = before?.phase === fact.phase && before.outgoing === fact.outgoing;
    return metadata.annotations?.[TRACEPARENT] ?? (same ? d.facts.traceOf(spec.clusterID) : undefined);
  };

  const lastWord = async (id: string, fact: PeerFact, traceparent: string | undefined): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new UnavailableError("the bus has not stored the last fact of this peer")),
        LAST_WORD_MS,
      );
    });
    try {
      await Promise.race([d.facts.say(id, fact, traceparent), late]);
    } finally {
      clearTimeout(timer);
    }
  };

  /** 0 when the status is to be written now. */
  const postponeMs = (uid: string, plan: Plan): number => {
    if (!plan.passing) return 0;
    const now = d.clock.now();
    const at = due.get(uid) ?? now + SETTLE_MS;
    due.set(uid, at);
    return Math.max(0, at - now);
  };

  /** Finalizer first: from then on the ForeignCluster cannot vanish without a last word. */
  const speak = async (
    fc: Readonly<ForeignCluster>,
    fact: PeerFact,
    held: boolean,
    c: ReconcileContext,
  ): Promise<void> => {
    const { metadata, spec } = fc;
    if (!held && !metadata.deletionTimestamp) await own(fc, [FINALIZER], c.signal);
    const id = spec.clusterID;
    const before = d.facts.said(id);
    const traceparent = causeOf(fc, fact, before);
    // Not waited for: the bus tries until it is stored, and a newer fact overtakes this one.
    const saying = isDeepStrictEqual(before, fact)
      ? d.facts.say(id, fact, traceparent) // again, for a bus that forgot: nothing happened that is worth a span
      : withSpan("peer", { traceparent, attributes: { peer: metadata.name } }, (span) =>
          d.facts.say(id, fact, span.traceparent),
        );
    saying.catch((err: unknown) => {
      if (!c.signal.aborted) c.log.error({ err }, "fact not said");
    });
    d.prober.watch({ clusterID: spec.clusterID, endpoint: spec.authEndpoint, pins: spec.pins });
  };

  /** Ms until the status is due, when it was not written now. */
  const report = async (
    fc: Readonly<ForeignCluster>,
    plan: Plan,
    signal: AbortSignal,
  ): Promise<number | undefined> => {
    const { uid = "" } = fc.metadata;
    const laterMs = plan.status ? postponeMs(uid, plan) : 0;
    if (laterMs > 0) return laterMs;
    due.delete(uid);
    if (!plan.status) return undefined;
    await writeStatus(fc, plan.status, signal);
    for (const notice of plan.notices) {
      d.tell(fc, notice);
      const record = auditOf(fc, notice);
      if (record) d.audit.record(record);
    }
    return undefined;
  };

  const finish = async (
    fc: Readonly<ForeignCluster>,
    plan: Plan,
    held: boolean,
    c: ReconcileContext,
  ): Promise<void> => {
    if (plan.fact) {
      d.prober.forget(fc.spec.clusterID);
      await lastWord(fc.spec.clusterID, plan.fact, fc.metadata.annotations?.[TRACEPARENT]).catch(
        (err: unknown) => {
          if (!plan.overdue || !isUnavailable(err)) throw err;
          c.log.warn({ reason: describeError(err) }, "a ForeignCluster goes before the bus has heard of it"); // said when it is back
        },
      );
    }
    if (!held) return;
    if (plan.overdue) for (const notice of plan.notices) d.tell(fc, notice);
    await own(fc, [], c.signal);
  };

  const perform = async (
    fc: Readonly<ForeignCluster>,
    plan: Plan,
    c: ReconcileContext,
  ): Promise<ReconcileResult> => {
    const held = fc.metadata.finalizers?.includes(FINALIZER) ?? false;
    if (plan.finalizer === "keep" && plan.fact) await speak(fc, plan.fact, held, c);
    const laterMs = await report(fc, plan, c.signal);
    if (plan.finalizer === "drop") {
      await finish(fc, plan, held, c);
      return {};
    }
    const again = Math.min(plan.recheckMs ?? Infinity, laterMs ?? Infinity);
    return again === Infinity ? {} : { requeueAfterMs: again };
  };

  const observe = (id: string, cluster: Readonly<ForeignCluster>, elder: string | undefined): World => ({
    cluster,
    elder,
    self: d.self,
    said: d.facts.said(id),
    heard: d.facts.heard(id),
    health: d.prober.health(id),
    policy: d.policy(),
    strangers: d.sightings
      .of(id, d.clock.now())
      .filter((s) => !cluster.spec.pins.includes(s.announcement.pin)),
    probeMs: d.probeMs,
    now: d.clock.now(),
    graceMs: d.graceMs,
  });

  return async (id, c) => {
    if (!d.owns(id)) {
      d.prober.forget(id);
      d.facts.yield(id);
      return {};
    }
    const [first, ...others] = d.clustersOf(id);
    if (!first) {
      // Deleted without its finalizer, or before the bus could hear of it.
      d.prober.forget(id);
      const said = d.facts.said(id);
      if (said?.phase === "PRESENT") await lastWord(id, goneFact(said), undefined);
      return {};
    }
    const result = await perform(first, decide(observe(id, first, undefined)), c);
    for (const other of others) await perform(other, decide(observe(id, other, first.metadata.name)), c);
    return result;
  };
};
