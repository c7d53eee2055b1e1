/** The only place that builds adapters: caches, facts, controllers, the IPAM server, and what wakes what. */
import {
  addressPools,
  borderPolicies,
  FOREIGN_CLUSTER_CONDITIONS,
  networkConfigs,
  REMOTE_CLUSTER_ID,
  tunnelEndpoints,
} from "@tideway/api";
import { peerConditionWriter } from "@tideway/api/foreign-cluster-condition";
import type { Bus } from "@tideway/bus";
import { type Controller, type Membership, startController } from "@tideway/controller";
import type { Listening } from "@tideway/grpc/server";
import { type Informer, informer, type Kube, type KubeObject, secrets, services } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { controllerMetrics, type Metrics } from "@tideway/telemetry";
import { makeBorderReconciler } from "./border/reconciler.ts";
import type { NetworkManagerConfig } from "./config.ts";
import { createCallers } from "./ipam/callers.ts";
import { loadServerIdentity } from "./ipam/certificate.ts";
import { makeHandlers } from "./ipam/handlers.ts";
import { serveIpam } from "./ipam/server.ts";
import { networkManagerMetrics } from "./metrics.ts";
import { familyOf } from "./own/family.ts";
import { watchOwn } from "./own/watch.ts";
import { createPatience } from "./peer/patience.ts";
import { createPeers } from "./peer/peers.ts";
import { makePeerReconciler } from "./peer/reconciler.ts";
import { createRings, LISTEN_PORT } from "./peer/ring.ts";
import { createRotations } from "./peer/rotation.ts";
import { AGAIN, makeAddressReconciler } from "./pool/addresses.ts";
import { finish } from "./pool/pool.ts";
import { makePoolReconciler } from "./pool/reconciler.ts";
import { createPoolStore } from "./pool/store.ts";

export interface Wiring {
  config: Omit<
    NetworkManagerConfig,
    "clusterName" | "podName" | "podIP" | "busUrl" | "busReplicas" | "logLevel"
  >;
  /** Bytes of a packet in the tunnel. */
  mtu: number;
  clusterID: string;
  kube: Kube;
  bus: Bus;
  membership: Pick<Membership, "owns" | "onChange">;
  metrics: Metrics;
  log: Logger;
  signal: AbortSignal;
}

const HOUR_MS = 3_600_000;
/** One replica speaks of addresses: the owner of this word. */
const ADDRESSES = "addresses";

/** Resolves when all caches are complete, the controllers run and IPAM answers. */
export const wire = async (w: Wiring): Promise<Listening> => {
  const { kube, bus, log, signal, config } = w;
  const { networkNamespace } = config;
  const clock = { now: () => new Date() };
  const metrics = networkManagerMetrics(w.metrics);
  const watch = <T extends KubeObject>(i: Informer<T>, what: string): Informer<T> => {
    i.onError((err) => log.warn({ err, what }, "watch interrupted"));
    i.start(signal);
    return i;
  };
  const ofPeers = { namespace: networkNamespace, labelSelector: REMOTE_CLUSTER_ID };
  const objects = {
    configs: watch(informer(kube, networkConfigs), "networkconfigs"),
    tunnels: watch(informer(kube, tunnelEndpoints), "tunnelendpoints"),
    policies: watch(informer(kube, borderPolicies), "borderpolicies"),
    secrets: watch(informer(kube, secrets, ofPeers), "secrets"),
    services: watch(informer(kube, services, ofPeers), "services"),
  };
  const pools = informer(kube, addressPools);
  const [own, identity, facts] = await Promise.all([
    watchOwn({
      kube,
      told: { podCIDR: config.podCIDR, serviceCIDR: config.serviceCIDR },
      watchGateways: config.gatewayExposure === "HostPort",
      networkNamespace,
      log,
      signal,
      watch,
    }),
    loadServerIdentity(kube, config.namespace, Date.now()),
    listen(bus),
  ]);
  const family = familyOf(own.podCIDR);
  const complete = finish(clock.now, () => store.current()?.metadata.generation);
  const store = createPoolStore({ kube, own: own.busy, finish: complete, onConflict: metrics.conflict });
  watch(pools, "addresspools");
  const caches = [...Object.values(objects), pools, ...Object.values(facts)];
  await Promise.all(caches.map((c) => c.synced));
  store.saw(pools.list().find((p) => p.metadata.name === "default"));

  const publish: Bus["publish"] = (...args) => bus.publish(...args);
  const shared = controllerMetrics(w.metrics);
  const start = (
    name: string,
    reconcile: Parameters<typeof startController>[0]["reconcile"],
    workers = 8,
  ): Controller => startController({ name, reconcile, workers, log, signal, metrics: shared });

  const reconcilePool = makePoolReconciler({
    kube,
    store,
    family,
    clusterID: w.clusterID,
    externalLength: config.externalPrefixLength,
    complete,
    before: () => objects.configs.list().find((c) => c.metadata.name === w.clusterID)?.spec.externalCIDR,
  });
  // Before any peer: each is told the external CIDR.
  await reconcilePool("default", { signal, log });
  const externalCIDR = store.current()?.status?.externalCIDR ?? "";
  metrics.watch(() => ({
    networks: store.current()?.status?.allocations?.length ?? 0,
    addresses: store.current()?.status?.mappings?.length ?? 0,
  }));

  const heard = {
    peers: facts.peers,
    identities: facts.identities,
    nodes: facts.nodes,
    tunnels: facts.tunnels,
    said: facts.said,
  };
  const peers = createPeers(w.clusterID, heard, objects);
  for (const fact of facts.identities.list()) peers.heard(fact);
  const exposing = {
    exposure: config.gatewayExposure,
    namespace: networkNamespace,
    kube,
    services: objects.services,
    hosts: own.hosts,
    gatewayHosts: own.gatewayHosts,
  };
  const linking = start(
    "peer",
    makePeerReconciler({
      clusterID: w.clusterID,
      kube,
      heard,
      peers,
      owns: (id) => w.membership.owns(id),
      clock,
      own: () => ({
        podCIDR: own.podCIDR,
        externalCIDR: store.current()?.status?.externalCIDR ?? externalCIDR,
        mtu: w.mtu,
        hosts: own.hosts(),
      }),
      store,
      rings: createRings({ kube, namespace: networkNamespace, secrets: objects.secrets, clock }),
      rotations: createRotations({
        rotateAfterMs: config.keyRotationHours * HOUR_MS,
        graceMs: config.keyGraceSeconds * 1000,
        clock,
      }),
      patience: createPatience(clock),
      exposing,
      writer: {
        kube,
        clusterID: w.clusterID,
        networkNamespace,
        configs: objects.configs,
        tunnels: objects.tunnels,
        clock,
      },
      publish,
      condition: peerConditionWriter({
        kube,
        service: "network-manager",
        type: FOREIGN_CLUSTER_CONDITIONS.connected,
      }),
      seen: metrics.link,
    }),
  );
  const pooling = start("pool", reconcilePool, 1);
  const addressing = start(
    "address",
    makeAddressReconciler({
      pool: store.current,
      said: facts.addresses,
      publish,
      speaks: () => w.membership.owns(ADDRESSES),
    }),
    1,
  );
  const bordering = start(
    "border",
    makeBorderReconciler({
      kube,
      policies: objects.policies,
      said: facts.borders,
      publish,
      peers: () =>
        facts.peers
          .list()
          .filter((f) => f.data.phase === "PRESENT")
          .map((f) => ({ id: f.peer, name: f.data.name })),
      owns: (name) => w.membership.owns(name),
      clock,
    }),
  );

  const wake = (id: string): void => linking.enqueue(id);
  const wakePeers = (): void => peers.all().forEach(wake);
  const wakePolicies = (): void => {
    for (const p of objects.policies.list()) bordering.enqueue(p.metadata.name);
    for (const f of facts.borders.list()) if (f.id !== undefined) bordering.enqueue(f.id);
  };
  const wakeAll = (): void => {
    wakePeers();
    wakePolicies();
    addressing.enqueue(AGAIN);
    pooling.enqueue("default");
  };

  facts.identities.onChange((fact) => {
    peers.heard(fact);
    wake(fact.peer);
  });
  for (const view of [facts.peers, facts.nodes, facts.tunnels]) view.onChange((fact) => wake(fact.peer));
  objects.configs.onChange((_, now, old) => {
    if (!now && old) peers.forget(old);
    else if (now && now.metadata.generation !== old?.metadata.generation) peers.changed(now);
    const { labels, namespace } = (now ?? old)?.metadata ?? {};
    new Set([...peers.of(namespace), ...(labels?.[REMOTE_CLUSTER_ID] ?? "").split(" ")]).forEach(
      (id) => id && wake(id),
    );
  });
  objects.tunnels.onChange((_, now, old) => wake((now ?? old)?.spec.clusterID ?? ""));
  objects.services.onChange((_, now, old) => wake((now ?? old)?.metadata.labels?.[REMOTE_CLUSTER_ID] ?? ""));
  objects.secrets.onChange((_, now, old) => {
    const port = now?.metadata.annotations?.[LISTEN_PORT];
    wake((now ?? old)?.metadata.labels?.[REMOTE_CLUSTER_ID] ?? "");
    // Two replicas may have chosen the same port at once: the other one looks again too.
    for (const s of objects.secrets.list())
      if (port !== undefined && s.metadata.annotations?.[LISTEN_PORT] === port)
        wake(s.metadata.labels?.[REMOTE_CLUSTER_ID] ?? "");
  });
  facts.peers.onChange(wakePolicies);
  objects.policies.onChange((name) => bordering.enqueue(name));
  pools.onChange((name, now, old) => {
    if (name !== "default") return;
    store.saw(now);
    addressing.enqueue(ADDRESSES);
    const held = (p: typeof now): number => p?.status?.allocations?.length ?? 0;
    if (!now || now.metadata.generation !== old?.metadata.generation) pooling.enqueue("default");
    // A larger pool, or something given back: who waited for addresses looks again.
    if (now?.metadata.generation !== old?.metadata.generation || held(now) < held(old)) wakePeers();
  });
  own.onChange(() => {
    pooling.enqueue("default");
    wakePeers();
  });
  w.membership.onChange(wakeAll);
  bus.onReconnect(wakeAll);
  wakeAll();

  return serveIpam({
    port: config.ipamPort,
    identity,
    callers: createCallers({
      kube,
      namespaces: [config.namespace, networkNamespace],
      now: () => performance.now(),
    }),
    handlers: makeHandlers(store, family),
    served: metrics.served,
    log,
  });
};

const listen = async (bus: Bus) => {
  const [peers, identities, nodes, tunnels, said, addresses, borders] = await Promise.all([
    bus.facts("peer"),
    bus.facts("identity"),
    bus.facts("node"),
    bus.facts("tunnel"),
    bus.facts("network"),
    bus.facts("address"),
    bus.facts("border"),
  ]);
  return { peers, identities, nodes, tunnels, said, addresses, borders };
};
