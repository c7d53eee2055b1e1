import { foreignClusters, type ForeignCluster } from "@tideway/api";
import { createAuthClients } from "@tideway/authclient";
import { connectBus } from "@tideway/bus";
import { readOptionalFile } from "@tideway/config";
import { type Controller, startController, startMembership } from "@tideway/controller";
import { describeError, TidewayError } from "@tideway/errors";
import { createKube, informer, type Informer, loadCredentials, namespaces } from "@tideway/k8s";
import type { RuntimeContext } from "@tideway/runtime";
import { controllerMetrics } from "@tideway/telemetry";
import type { DiscoveryConfig } from "./config.ts";
import { createTeller } from "./events.ts";
import { openFacts } from "./facts.ts";
import { discoveryMetrics } from "./metrics.ts";
import { createPeerReconciler } from "./peer/reconciler.ts";
import type { Clock, ClustersOf } from "./ports.ts";
import { createAsk } from "./probe/ask.ts";
import { createProber } from "./probe/prober.ts";

const SERVICE = "discovery";
const clock: Clock = { now: Date.now };

/** Of several ForeignClusters of one ID the oldest counts. */
const byAge = (a: Readonly<ForeignCluster>, b: Readonly<ForeignCluster>): number => {
  const [left, right] = [a, b].map((c) => `${c.metadata.creationTimestamp ?? "9999"} ${c.metadata.name}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
};

const BY_ID = "clusterID";

const watchClusters = (cache: Informer<ForeignCluster>): ClustersOf => {
  cache.index(BY_ID, (c) => [c.spec.clusterID]);
  return (id) => cache.byIndex(BY_ID, id).sort(byAge);
};

/** The only place that builds adapters. */
export const wire = async (ctx: RuntimeContext, config: DiscoveryConfig): Promise<void> => {
  const { log, signal, setReady, onShutdown } = ctx;
  for (const part of ["bus", "clusters", "facts"]) setReady(part, false);
  const kube = createKube(loadCredentials(ctx.env), { userAgent: "tideway-discovery" });
  onShutdown("kube", () => kube.close());

  const cache = informer(kube, foreignClusters);
  const clustersOf = watchClusters(cache);
  cache.onError((err) =>
    log.warn({ reason: describeError(err) }, "watch of ForeignClusters broke; it is opened again"),
  );
  cache.start(signal);
  const joining = startMembership({
    kube,
    namespace: config.namespace,
    service: SERVICE,
    identity: config.podName,
    log,
    signal,
  });

  const self = (await kube.get(namespaces, "kube-system")).metadata.uid;
  if (!self) throw new TidewayError("namespace kube-system has no UID");
  const bus = await connectBus({
    url: config.busUrl,
    replicas: config.busReplicas,
    service: SERVICE,
    seed: readOptionalFile(config.busSeedFile, "BUS_SEED_FILE"),
    ca: readOptionalFile(config.busCaFile, "BUS_CA_FILE"),
    clusterID: self,
    log,
    signal,
    metrics: ctx.metrics,
    onStatus: (up) => setReady("bus", up),
  });
  onShutdown("bus", () => bus.close());
  const membership = await joining;
  onShutdown("membership", () => membership.leave());

  const facts = await openFacts(bus);
  void cache.synced.then(() => setReady("clusters", true));
  // Until then an absent fact means nothing: a finalizer would go too early, a deadline would start anew.
  await Promise.all([cache.synced, facts.synced]);
  setReady("facts", true);

  const clients = createAuthClients();
  onShutdown("probes", () => clients.close());
  const metrics = discoveryMetrics(ctx.metrics);
  const owns = (id: string): boolean => membership.owns(id);
  metrics.watch(() => cache.list().filter((c) => owns(c.spec.clusterID)));
  const prober = createProber({
    ask: createAsk(clients, config.probeTimeoutMs, clock.now),
    intervalMs: config.probeSeconds * 1000,
    failures: config.probeFailures,
    onChange: (id) => controller.enqueue(id),
    observed: (id, outcome, seconds) =>
      metrics.probed(clustersOf(id)[0]?.metadata.name ?? id, outcome, seconds),
    signal,
  });
  const controller: Controller = startController({
    name: "peer",
    workers: 8,
    log,
    signal,
    metrics: controllerMetrics(ctx.metrics),
    reconcile: createPeerReconciler({
      kube,
      clock,
      self,
      clustersOf,
      owns,
      facts,
      prober,
      tell: createTeller({ kube, clock, podName: config.podName, log }),
      probeMs: config.probeSeconds * 1000,
      graceMs: config.unpeerGraceSeconds * 1000,
    }),
  });

  /** Also of peers whose ForeignCluster went while nobody watched. */
  const wakeAll = (): void => {
    for (const id of new Set([...cache.list().map((c) => c.spec.clusterID), ...facts.present()]))
      controller.enqueue(id);
  };
  cache.onChange((_, now, old) => {
    if (!now && old) metrics.gone(old.metadata.name);
    for (const c of [now, old]) if (c) controller.enqueue(c.spec.clusterID);
  });
  facts.onChange((id) => controller.enqueue(id));
  membership.onChange(wakeAll);
  bus.onReconnect(wakeAll);
  wakeAll();
  log.info({ clusterID: self, peers: cache.size }, "discovery runs");
};
