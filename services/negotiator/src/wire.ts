/** The only place that builds adapters: caches, facts, controllers, and what wakes what. */
import {
  FOREIGN_CLUSTER_CONDITIONS,
  isCopy,
  resourceOffers,
  resourceRequests,
  SHARING_POLICY_NAME,
  sharingPolicies,
} from "@tideway/api";
import { peerConditionWriter } from "@tideway/api/foreign-cluster-condition";
import type { Bus } from "@tideway/bus";
import { type Controller, type Membership, startController } from "@tideway/controller";
import { type Informer, informer, type Kube, type KubeObject, nodes, pods } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { controllerMetrics, type Metrics } from "@tideway/telemetry";
import type { Audit } from "@tideway/audit";
import {
  type CountedNode,
  type CountedPod,
  countNode,
  createLedger,
  createPolicies,
  type Ledger,
  podCounter,
} from "@tideway/sharing";
import { createGrants } from "./capacity/grants.ts";
import type { NegotiatorConfig } from "./config.ts";
import { createRecorder } from "./events.ts";
import { negotiatorMetrics } from "./metrics.ts";
import { grantOf } from "./offer/decide.ts";
import { makeOfferReconciler } from "./offer/reconciler.ts";
import { createPeers } from "./peers.ts";
import { makePolicyReconciler } from "./policy/reconciler.ts";
import { makeReportReconciler } from "./report/reconciler.ts";
import { makeRequestReconciler } from "./request/reconciler.ts";

export interface Wiring {
  config: Pick<NegotiatorConfig, "podName" | "ignoredTaints" | "capacityDelayMs">;
  clusterID: string;
  kube: Kube;
  bus: Bus;
  audit: Pick<Audit, "record">;
  membership: Pick<Membership, "owns" | "onChange">;
  metrics: Metrics;
  log: Logger;
  signal: AbortSignal;
}

/** All offers draw on one capacity, so one replica decides on all of them: the owner of this word. */
const BOOKS = "capacity";

/** Resolves when all caches are complete and the controllers run. */
export const wire = async (w: Wiring): Promise<void> => {
  const { kube, bus, log, signal } = w;
  const clock = { now: () => new Date() };
  const watch = <T extends KubeObject>(i: Informer<T>, what: string): Informer<T> => {
    i.onError((err) => log.warn({ err, what }, "watch interrupted"));
    i.start(signal);
    return i;
  };
  const requests = watch(informer(kube, resourceRequests), "resourcerequests");
  const offers = watch(informer(kube, resourceOffers), "resourceoffers");
  const policies = watch(informer(kube, sharingPolicies), "sharingpolicies");
  const capacity = watchCapacity(w, watch);
  const [peerFacts, identities, nodeFacts, said] = await Promise.all([
    bus.facts("peer"),
    bus.facts("identity"),
    bus.facts("node"),
    bus.facts("offer"),
  ]);
  const caches = [requests, offers, policies, ...capacity.caches, peerFacts, identities, nodeFacts, said];
  await Promise.all(caches.map((c) => c.synced));

  const heard = { peers: peerFacts, identities, nodes: nodeFacts, said };
  const objects = { requests, offers, policies };
  const peers = createPeers(heard, objects);
  for (const fact of identities.list()) peers.heard(fact);
  const share = { owns: (id: string) => w.membership.owns(id), keepsBooks: () => w.membership.owns(BOOKS) };
  const grants = createGrants();
  const metrics = negotiatorMetrics(w.metrics, () => performance.now());
  metrics.watch({
    capacity: () => capacity.ledger.capacity(),
    grants: () => grants.list(),
    offers: () => offers.list().filter((o) => !isCopy(o)),
  });
  const compiled = createPolicies();
  const own = { clusterID: w.clusterID, heard, peers, share, clock, kube };

  const start = (name: string, reconcile: Parameters<typeof startController>[0]["reconcile"]): Controller =>
    startController({ name, reconcile, workers: 8, log, signal, metrics: controllerMetricsOf(w.metrics) });
  const asking = start("request", makeRequestReconciler(own));
  const offering = start(
    "offer",
    makeOfferReconciler({
      ...own,
      objects,
      compiled,
      ledger: capacity.ledger,
      grants,
      metrics,
      audit: w.audit,
    }),
  );
  const condition = peerConditionWriter({
    kube,
    service: "negotiator",
    type: FOREIGN_CLUSTER_CONDITIONS.negotiated,
  });
  const record = createRecorder({ kube, podName: w.config.podName, log, now: clock.now });
  const publish: Bus["publish"] = (...args) => bus.publish(...args);
  const reporting = start(
    "report",
    makeReportReconciler({
      ...own,
      publish,
      condition,
      record,
      policy: () => compiled(policies.get(SHARING_POLICY_NAME)),
    }),
  );
  const judging = start("policy", makePolicyReconciler({ ...own, policies }));

  const wake = (id: string): void => {
    for (const c of [asking, offering, reporting]) c.enqueue(id);
  };
  const knownIDs = (): Set<string> =>
    new Set([...peerFacts.list(), ...identities.list(), ...said.list()].map((f) => f.peer));
  const wakeAll = (): void => knownIDs().forEach(wake);
  const wakeOffers = (): void => knownIDs().forEach((id) => offering.enqueue(id));
  const tellAgain = (): void => knownIDs().forEach((id) => reporting.enqueue(id));

  identities.onChange((fact) => {
    peers.heard(fact);
    wake(fact.peer);
  });
  peerFacts.onChange((fact) => wake(fact.peer));
  nodeFacts.onChange((fact) => asking.enqueue(fact.peer));
  requests.onChange((_, now, old) => {
    const object = now ?? old;
    const ids = peers.of(object?.metadata.namespace);
    if (now && isCopy(now) && !now.status?.decision) ids.forEach(metrics.asked);
    ids.forEach(wake);
  });
  offers.onChange((_, now, old) => {
    const object = now ?? old;
    if (object && !isCopy(object)) {
      grants.seen(`${object.metadata.namespace ?? ""}/${object.metadata.name}`, now && grantOf(now));
      // What one peer gives up, or is given, is another's: looked at together with other changes.
      capacity.touch();
    }
    peers.of(object?.metadata.namespace).forEach(wake);
  });
  policies.onChange((name) => {
    judging.enqueue(name);
    wakeOffers();
    tellAgain(); // on which nodes the pods of an offer run
  });
  capacity.onChange(wakeOffers);
  // Pods that end let an offer shrink that is taken back; while none is, their number changes nothing.
  capacity.ledger.onUse((id) => {
    if (peers.side(id, "incoming").offers.some((o) => o.spec.withdrawal)) offering.enqueue(id);
  });
  w.membership.onChange(() => {
    wakeAll();
    for (const p of policies.list()) judging.enqueue(p.metadata.name);
  });
  bus.onReconnect(wakeAll);
  wakeAll();
};

const shared = new WeakMap<Metrics, ReturnType<typeof controllerMetrics>>();
/** One set of series for all controllers. */
const controllerMetricsOf = (metrics: Metrics): ReturnType<typeof controllerMetrics> => {
  const known = shared.get(metrics) ?? controllerMetrics(metrics);
  shared.set(metrics, known);
  return known;
};

interface WatchedCapacity {
  ledger: Ledger;
  caches: { synced: Promise<void> }[];
  /** Something else changed what may be offered. */
  touch(): void;
  /** Called a moment after changes, however many there were. */
  onChange(handler: () => void): void;
}

/** The ledger, fed by slim caches of nodes and pods. */
const watchCapacity = (
  w: Wiring,
  watch: <T extends KubeObject>(i: Informer<T>, what: string) => Informer<T>,
): WatchedCapacity => {
  const ledger = createLedger();
  const handlers: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  const touch = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (!w.signal.aborted) for (const handler of handlers) handler();
    }, w.config.capacityDelayMs).unref();
  };
  ledger.onChange(touch);
  // A transform turns each object into the little that is counted, before it enters the cache.
  const toNode = countNode(w.config) as unknown as (o: CountedNode) => CountedNode;
  const toPod = podCounter() as unknown as (o: CountedPod) => CountedPod;
  const nodeCache = informer<CountedNode>(w.kube, nodes as never, { transform: toNode });
  const podCache = informer<CountedPod>(w.kube, pods as never, { transform: toPod });
  nodeCache.onChange((name, now) => ledger.node(name, now));
  podCache.onChange((_, now, old) => ledger.pod(now, old));
  watch(nodeCache, "nodes");
  watch(podCache, "pods");
  return { ledger, caches: [nodeCache, podCache], touch, onChange: (handler) => void handlers.push(handler) };
};
