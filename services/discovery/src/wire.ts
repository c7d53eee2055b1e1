import { getServers } from "node:dns";
import {
  DISCOVERY_POLICY_NAME,
  discoveryPolicies,
  type DiscoveryPolicy,
  foreignClusters,
  type ForeignCluster,
  FOUND_BY,
  searchDomains,
  type SearchDomain,
} from "@tideway/api";
import { type Audit, createAudit } from "@tideway/audit";
import { createAuthClients } from "@tideway/authclient";
import { type Bus, connectBus } from "@tideway/bus";
import { readOptionalFile } from "@tideway/config";
import { type Controller, type Membership, startController, startMembership } from "@tideway/controller";
import { describeError, TidewayError } from "@tideway/errors";
import {
  createKube,
  informer,
  type Informer,
  type Kube,
  type KubeObject,
  loadCredentials,
  namespaces,
  type Resource,
} from "@tideway/k8s";
import type { RuntimeContext } from "@tideway/runtime";
import { controllerMetrics } from "@tideway/telemetry";
import type { DiscoveryConfig } from "./config.ts";
import { createQuery, type Server } from "./domain/query.ts";
import { createDomainReconciler } from "./domain/reconciler.ts";
import { search } from "./domain/search.ts";
import { createTeller } from "./events.ts";
import { openFacts, type OpenFacts } from "./facts.ts";
import { createFoundReconciler } from "./found/reconciler.ts";
import { createSightings, type Sightings } from "./found/sightings.ts";
import { type DiscoveryMetrics, discoveryMetrics } from "./metrics.ts";
import { createPeerReconciler } from "./peer/reconciler.ts";
import { createPolicyReconciler } from "./policy/reconciler.ts";
import type { Clock, ClustersOf, Tell } from "./ports.ts";
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

interface Caches {
  clusters: Informer<ForeignCluster>;
  domains: Informer<SearchDomain>;
  policies: Informer<DiscoveryPolicy>;
}

const startCaches = (kube: Kube, { log, signal }: RuntimeContext): Caches => {
  const start = <T extends KubeObject>(kind: Resource<T>): Informer<T> => {
    const cache = informer(kube, kind);
    cache.onError((err) =>
      log.warn({ reason: describeError(err), what: kind.plural }, "a watch broke; it is opened again"),
    );
    cache.start(signal);
    return cache;
  };
  return {
    clusters: start(foreignClusters),
    domains: start(searchDomains),
    policies: start(discoveryPolicies),
  };
};

/** What the controllers share. */
interface Parts {
  ctx: RuntimeContext;
  config: DiscoveryConfig;
  kube: Kube;
  self: string;
  caches: Caches;
  clustersOf: ClustersOf;
  membership: Membership;
  facts: OpenFacts;
  sightings: Sightings;
  audit: Audit;
  metrics: DiscoveryMetrics;
  timing: ReturnType<typeof controllerMetrics>;
  tell: Tell;
}

interface Controllers {
  peer: Controller;
  found: Controller;
  domain: Controller;
  policy: Controller;
}

const policyOf = (c: Caches): Readonly<DiscoveryPolicy> | undefined => c.policies.get(DISCOVERY_POLICY_NAME);

const startPeers = (p: Parts, changed: (id: string) => void): Controller => {
  const { ctx, config, kube, self, clustersOf, facts, sightings, audit, tell } = p;
  const clients = createAuthClients();
  ctx.onShutdown("probes", () => clients.close());
  const prober = createProber({
    ask: createAsk(clients, config.probeTimeoutMs, clock.now),
    intervalMs: config.probeSeconds * 1000,
    failures: config.probeFailures,
    onChange: changed,
    observed: (id, outcome, seconds) =>
      p.metrics.probed(clustersOf(id)[0]?.metadata.name ?? id, outcome, seconds),
    signal: ctx.signal,
  });
  const reconcile = createPeerReconciler({
    kube,
    clock,
    self,
    clustersOf,
    owns: (id) => p.membership.owns(id),
    facts,
    prober,
    policy: () => policyOf(p.caches),
    sightings,
    audit,
    tell,
    probeMs: config.probeSeconds * 1000,
    graceMs: config.unpeerGraceSeconds * 1000,
  });
  return startController({ ...common(p), name: "peer", workers: 8, reconcile });
};

const startFound = (p: Parts): Controller => {
  const { kube, self, clustersOf, sightings, facts, caches, tell, audit, metrics, config } = p;
  const found = (): number => caches.clusters.list().filter((c) => c.metadata.labels?.[FOUND_BY]).length;
  const reconcile = createFoundReconciler({
    kube,
    clock,
    self,
    owns: (id) => p.membership.owns(id),
    clustersOf,
    sightings,
    heard: (id) => facts.heard(id),
    policy: () => policyOf(caches),
    isTaken: (name) => caches.clusters.get(name) !== undefined,
    hasRoom: () => found() < config.maxFound,
    tell,
    audit,
    refused: () => metrics.refused(),
  });
  return startController({ ...common(p), name: "found", workers: 4, reconcile });
};

/** The resolvers of this pod. */
const systemServers = (): Server[] =>
  getServers().map((text) => {
    const [, bracketed, port] = /^\[(.*)\]:(\d+)$/.exec(text) ?? [];
    return bracketed ? { address: bracketed, port: Number(port) } : { address: text, port: 53 };
  });

const startDomains = (p: Parts, changed: (ids: readonly string[]) => void): Controller => {
  const query = createQuery(p.config.dnsTimeoutMs);
  const reconcile = createDomainReconciler({
    kube: p.kube,
    clock,
    get: (name) => p.caches.domains.get(name),
    writes: (name) => p.membership.owns(`searchdomain/${name}`),
    search: (domain, servers, signal) =>
      search(
        { query, domain, now: clock.now, servers: servers.length > 0 ? servers : systemServers() },
        signal,
      ),
    clustersOf: p.clustersOf,
    sightings: p.sightings,
    changed,
    searched: (o) =>
      p.metrics.searched(o.ok ? (o.search.found.length > 0 ? "Found" : "NothingFound") : "Failed"),
  });
  return startController({ ...common(p), name: "domain", workers: 4, reconcile });
};

const startPolicies = (p: Parts): Controller => {
  const reconcile = createPolicyReconciler({
    kube: p.kube,
    clock,
    get: (name) => p.caches.policies.get(name),
    writes: (name) => p.membership.owns(`discoverypolicy/${name}`),
  });
  return startController({ ...common(p), name: "policy", workers: 1, reconcile });
};

const common = ({ ctx, timing }: Parts) => ({ log: ctx.log, signal: ctx.signal, metrics: timing });

const startControllers = (p: Parts): Controllers => {
  const wake = (id: string): void => {
    controllers.peer.enqueue(id);
    controllers.found.enqueue(id);
  };
  const controllers: Controllers = {
    peer: startPeers(p, wake),
    found: startFound(p),
    domain: startDomains(p, (ids) => ids.forEach(wake)),
    policy: startPolicies(p),
  };
  return controllers;
};

/** Whatever changes wakes the key it is about; the reconcilers read the rest themselves. */
const connectSources = (c: Controllers, p: Parts, bus: Bus): void => {
  const { caches, facts, membership, sightings } = p;
  const wake = (id: string): void => {
    c.peer.enqueue(id);
    c.found.enqueue(id);
  };
  const searchAll = (): void => {
    for (const d of caches.domains.list()) c.domain.enqueue(d.metadata.name);
  };
  /** Also of peers whose ForeignCluster went while nobody watched. */
  const wakeAll = (): void => {
    const known = caches.clusters.list().map((f) => f.spec.clusterID);
    for (const id of new Set([...known, ...facts.present(), ...sightings.ids()])) wake(id);
    for (const policy of caches.policies.list()) c.policy.enqueue(policy.metadata.name);
    searchAll();
  };
  caches.clusters.onChange((_, now, old) => {
    if (!now && old) p.metrics.gone(old.metadata.name);
    for (const f of [now, old]) if (f) wake(f.spec.clusterID);
    const isFound = (now ?? old)?.metadata.labels?.[FOUND_BY] !== undefined;
    if (isFound && (!now || !old)) searchAll(); // the names in their status
  });
  caches.domains.onChange((name) => c.domain.enqueue(name));
  caches.policies.onChange(wakeAll);
  facts.onChange(wake);
  facts.onSighting(wake);
  membership.onChange(wakeAll);
  bus.onReconnect(wakeAll);
  wakeAll();
};

/** The only place that builds adapters. */
export const wire = async (ctx: RuntimeContext, config: DiscoveryConfig): Promise<void> => {
  const { log, signal, setReady, onShutdown } = ctx;
  for (const part of ["bus", "clusters", "facts"]) setReady(part, false);
  const kube = createKube(loadCredentials(ctx.env), { userAgent: "tideway-discovery" });
  onShutdown("kube", () => kube.close());
  const caches = startCaches(kube, ctx);
  const clustersOf = watchClusters(caches.clusters);
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
  const audit = createAudit({ bus, service: SERVICE, log });
  onShutdown("audit", () => audit.close());
  const membership = await joining;
  onShutdown("membership", () => membership.leave());

  const facts = await openFacts(bus);
  void caches.clusters.synced.then(() => setReady("clusters", true));
  // Until then an absent fact means nothing: a finalizer would go too early, a deadline would start anew.
  await Promise.all([...Object.values(caches).map((c: Informer<KubeObject>) => c.synced), facts.synced]);
  setReady("facts", true);

  const metrics = discoveryMetrics(ctx.metrics);
  metrics.watch(() => caches.clusters.list().filter((c) => membership.owns(c.spec.clusterID)));
  const parts: Parts = {
    ctx,
    config,
    kube,
    self,
    caches,
    clustersOf,
    membership,
    facts,
    sightings: createSightings(() => facts.sightings()),
    audit,
    metrics,
    timing: controllerMetrics(ctx.metrics),
    tell: createTeller({ kube, clock, podName: config.podName, log }),
  };
  connectSources(startControllers(parts), parts, bus);
  log.info({ clusterID: self, peers: caches.clusters.size }, "discovery runs");
};
