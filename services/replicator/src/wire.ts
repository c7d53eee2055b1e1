import { peerConditionWriter } from "@tideway/api/foreign-cluster-condition";
import { FOREIGN_CLUSTER_CONDITIONS } from "@tideway/api/names";
import type { Audit } from "@tideway/audit";
import type { Bus } from "@tideway/bus";
import { type Controller, createQueue, type Membership, startController } from "@tideway/controller";
import { createKube, type Kube, PEER_BOUNDS } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { controllerMetrics, type Metrics } from "@tideway/telemetry";
import type { ReplicatorConfig } from "./config.ts";
import { createCopyReconciler, copyKey } from "./copy/controller.ts";
import { replicatorMetrics } from "./metrics.ts";
import { createLeftovers, leftoverKey, mayBeLeftover, type Tie } from "./peer/leftovers.ts";
import { openLocal } from "./peer/local.ts";
import { createPeers, type Peers } from "./peer/reconciler.ts";
import { openSession } from "./peer/session.ts";
import { deadlineOf, type Standing, standingOf } from "./peer/standing.ts";
import { FIELD_MANAGER } from "./ports.ts";
import { createTeller } from "./report/events.ts";
import { createReporter } from "./report/reconciler.ts";

export interface Parts {
  config: ReplicatorConfig;
  kube: Kube;
  bus: Bus;
  audit: Pick<Audit, "record">;
  membership: Membership;
  ownClusterID: string;
  log: Logger;
  metrics: Metrics;
  signal: AbortSignal;
}

export interface Replicator {
  /** Resolves when the own cluster has been read once. */
  readonly ready: Promise<void>;
  /** Ends every link, after the signal aborted. */
  stop(): Promise<void>;
}

const MB = 2 ** 20;
/** Few objects cross, all of them small. */
const BOUNDS = { ...PEER_BOUNDS, bytes: 4 * MB, eventBytes: 2 * MB, heldBytes: 16 * MB, objects: 256 };

/** Coalesces what happens within a moment into one report. */
const REPORT_AFTER_MS = 20;

export const wire = async (p: Parts): Promise<Replicator> => {
  const { config, kube, bus, membership, log, signal } = p;
  const { kinds } = config;
  const metrics = replicatorMetrics(p.metrics, kinds);
  const timing = {
    probeMs: config.probeSeconds * 1000,
    requestTimeoutMs: config.requestTimeoutSeconds * 1000,
    backoffMs: { first: 100, max: config.maxBackoffSeconds * 1000 },
  };
  const local = openLocal(kube, kinds, signal);
  const [identities, peerFacts] = await Promise.all([bus.facts("identity"), bus.facts("peer")]);

  const standing = (peerId: string): Standing => standingOf(identities.get(peerId, "outgoing")?.data);
  const deadline = (peerId: string): number | undefined => deadlineOf(peerFacts.get(peerId)?.data);
  const outgoing = () => identities.list().filter((f) => f.id === "outgoing");
  const tie = (namespace: string): Tie => {
    const fact = outgoing().findLast((f) => f.data.localNamespace === namespace);
    if (!identities.hasSynced) return { is: "waiting", at: undefined };
    if (!fact) return { is: "unknown" };
    const { is } = standingOf(fact.data);
    if (is === "granted") return { is: "held" };
    return is === "refused" ? { is: "waiting", at: deadline(fact.peer) } : { is: "over", peerId: fact.peer };
  };

  const controller = (
    name: string,
    reconcile: Parameters<typeof startController>[0]["reconcile"],
    workers: number,
  ): Controller =>
    startController({
      name,
      reconcile,
      workers,
      log,
      signal,
      metrics: controllerMetricsOnce,
      queue: createQueue({ backoffMs: { first: 20, max: timing.backoffMs.max } }),
    });
  const controllerMetricsOnce = controllerMetrics(p.metrics);

  const session: Peers["session"] = (id) => peers.session(id);
  const report = (peerId: string): void => reports.enqueue(peerId, REPORT_AFTER_MS);
  const copy = createCopyReconciler({
    session,
    changed: report,
    lag: metrics.lag,
    kinds,
    now: () => performance.now(),
  });
  const copies = controller("copy", copy.reconcile, config.workers);

  const peers = createPeers({
    owns: membership.owns,
    standing,
    deadline,
    kube,
    report,
    now: Date.now,
    open: (peer, credentials) =>
      openSession({
        peer,
        ownClusterID: p.ownClusterID,
        kinds,
        local,
        open: () => createKube(credentials(), { userAgent: "tideway-replicator", bounds: BOUNDS }),
        touched: (kind, name) => copies.enqueue(copy.touched(copyKey(peer.id, kind, name))),
        onMisdeed: (m) =>
          p.audit.record({
            peer: peer.id,
            actor: { clusterID: peer.id, clusterName: peer.name },
            action: "answer",
            outcome: "DENIED",
            ...m,
          }),
        onChange: () => report(peer.id),
        deadline: () => deadline(peer.id),
        timing,
        log: log.child({ peer: peer.name }),
      }),
  });
  const peerController = controller("peer", peers.reconcile, 16);
  const leftovers = controller(
    "leftover",
    createLeftovers({ local, kinds, tie, owns: membership.owns, now: Date.now }),
    4,
  );
  const reports = controller(
    "report",
    createReporter({
      owns: membership.owns,
      standing,
      session,
      bus,
      newConditions: () =>
        peerConditionWriter({ kube, service: FIELD_MANAGER, type: FOREIGN_CLUSTER_CONDITIONS.replicated }),
      tell: createTeller({ kube, instance: config.podName, now: () => new Date() }),
      backlog: metrics.backlog,
      retryMs: timing.backoffMs.max,
      now: () => performance.now(),
    }),
    16,
  );

  const lookForLeftovers = (namespace?: string): void => {
    for (const kind of kinds)
      for (const o of namespace === undefined ? local.all(kind) : local.objects(kind, namespace))
        if (mayBeLeftover(kind, o))
          leftovers.enqueue(leftoverKey(kind, o.metadata.namespace ?? "", o.metadata.name));
  };
  /** Sessions by local namespace: a change there goes to the peer that shares it. */
  const sharedBy = (namespace: string): string | undefined =>
    peers.ids().find((id) => peers.session(id)?.peer.localNamespace === namespace);

  local.onChange((kind, namespace, name) => {
    const peerId = sharedBy(namespace);
    if (peerId !== undefined) copies.enqueue(copy.touched(copyKey(peerId, kind, name)));
    const object = local.get(kind, `${namespace}/${name}`);
    if (object && mayBeLeftover(kind, object)) leftovers.enqueue(leftoverKey(kind, namespace, name));
  });
  identities.onChange((fact) => {
    if (fact.id !== "outgoing") return;
    peerController.enqueue(fact.peer);
    lookForLeftovers(fact.data.localNamespace);
  });
  peerFacts.onChange((fact) => {
    peerController.enqueue(fact.peer);
    lookForLeftovers(fact.data.peerNamespace);
  });
  const everyPeer = (): void => {
    for (const fact of outgoing()) peerController.enqueue(fact.peer);
    lookForLeftovers();
  };
  membership.onChange(everyPeer);
  bus.onReconnect(() => outgoing().forEach((f) => report(f.peer)));
  void Promise.all([local.ready, identities.synced, peerFacts.synced]).then(everyPeer);
  metrics.links(() => {
    const up = peers.ids().filter((id) => peers.session(id)?.isUp).length;
    return { up, down: peers.ids().length - up };
  });

  return {
    ready: local.ready,
    stop: async () => {
      await peers.closeAll();
      await Promise.all([copies, peerController, leftovers, reports].map((c) => c.done));
    },
  };
};
