import { connectBus } from "@tideway/bus";
import { readOptionalFile } from "@tideway/config";
import { type Controller, startController, startMembership } from "@tideway/controller";
import { describeError, TidewayError } from "@tideway/errors";
import {
  createKube,
  endpointSlices,
  informer,
  type Informer,
  type KubeObject,
  loadCredentials,
  namespaces,
  nodes,
  type Pod,
  pods,
} from "@tideway/k8s";
import { createKernel } from "@tideway/net";
import type { RuntimeContext } from "@tideway/runtime";
import { controllerMetrics } from "@tideway/telemetry";
import type { GatewayConfig } from "./config.ts";
import { createGateway } from "./gateway.ts";
import { createTeller } from "./events.ts";
import { openFacts } from "./facts.ts";
import { handOver } from "./handover.ts";
import { gatewayMetrics } from "./metrics.ts";
import { carries, carriers, type Replicas } from "./peers/carriers.ts";
import { realNode, slimNode } from "./policy/nodes.ts";
import { watchPods } from "./policy/pods.ts";
import { createSliceReconciler, MANAGED_BY, MANAGER, PEER_ID } from "./tunnel/slice.ts";
import { createKeys } from "./tunnel/keys.ts";
import { readUplink } from "./uplink.ts";

const SERVICE = "gateway";
const REPLICAS = `app.kubernetes.io/name=${SERVICE}`;
/** Below the 5 s that a step of the shutdown may take. */
const HANDOVER_MS = 4_500;

const slimReplica = ({ metadata, status }: Pod): Pod => ({
  metadata,
  status: { ...(status?.conditions ? { conditions: status.conditions } : {}) },
});

/** The only place that builds adapters. */
export const wire = async (ctx: RuntimeContext, config: GatewayConfig): Promise<void> => {
  const { log, signal, setReady, onShutdown } = ctx;
  for (const part of ["facts", "kernel"]) setReady(part, false);
  const kube = createKube(loadCredentials(ctx.env), { userAgent: "tideway-gateway" });
  onShutdown("kube", () => kube.close());
  const self = { ...config, uplink: await readUplink() };
  const joining = startMembership({
    kube,
    namespace: config.namespace,
    service: SERVICE,
    identity: config.podName,
    leaseSeconds: config.leaseSeconds,
    log,
    signal,
  });

  const watch = <T extends KubeObject>(what: string, cache: Informer<T>): Informer<T> => {
    cache.onError((err) => log.warn({ what, reason: describeError(err) }, "watch broke; it is opened again"));
    cache.start(signal);
    return cache;
  };
  const inNamespace = { namespace: config.namespace };
  const replicas = watch(
    "gateway pods",
    informer(kube, pods, { ...inNamespace, labelSelector: REPLICAS, transform: slimReplica }),
  );
  const nodeCache = watch("nodes", informer(kube, nodes, { transform: slimNode }));
  const slices = watch(
    "endpoint slices",
    informer(kube, endpointSlices, { ...inNamespace, labelSelector: `${MANAGED_BY}=${MANAGER}` }),
  );

  const { uid: clusterID } = (await kube.get(namespaces, "kube-system")).metadata;
  if (!clusterID) throw new TidewayError("namespace kube-system has no UID");
  // Not by the signal: while the process ends, it still hears that another gateway has taken over.
  const bus = await connectBus({
    url: config.busUrl,
    replicas: config.busReplicas,
    service: SERVICE,
    seed: readOptionalFile(config.busSeedFile, "BUS_SEED_FILE"),
    ca: readOptionalFile(config.busCaFile, "BUS_CA_FILE"),
    clusterID,
    log,
    metrics: ctx.metrics,
  });
  onShutdown("bus", () => bus.close());
  const facts = await openFacts(bus);
  const membership = await joining;

  // Outlives the signal: tunnels stand until they are handed over.
  const kernelEnd = new AbortController();
  onShutdown("kernel", () => kernelEnd.abort());
  const kernel = createKernel({
    log,
    metrics: ctx.metrics,
    signal: kernelEnd.signal,
    wireguardImplementation: config.wireguard,
    wireguardGo: config.wireguardGo,
    onWireguardExit: (name) => gateway.interfaceEnded(name),
  });
  const reconciled = controllerMetrics(ctx.metrics);
  let leaving = false;
  const division = (): Replicas => ({
    self: config.podName,
    members: membership.members(),
    pod: replicas.hasSynced ? (name) => replicas.get(`${config.namespace}/${name}`) : undefined,
    leaving,
  });
  const podWatch = watchPods({
    kube,
    signal,
    changed: () => gateway.wantedChanged(),
    failed: (what, err) => log.warn({ what, reason: describeError(err) }, "watch broke; it is opened again"),
  });
  const gateway = createGateway({
    self,
    facts,
    kernel,
    carriers: {
      owns: (id) => carries(division(), id),
      others: () => carriers(division()).some((m) => m !== config.podName),
    },
    nodes: () => nodeCache.list().flatMap(realNode),
    pods: podWatch,
    keys: createKeys(kube, config.namespace),
    tell: createTeller({ kube, namespace: config.namespace, podName: config.podName, log }),
    metrics: gatewayMetrics(ctx.metrics),
    controllerMetrics: reconciled,
    log,
    signal,
  });
  onShutdown("gateway", () => gateway.close());
  onShutdown("handover", async () => {
    leaving = true;
    await membership.leave();
    const left = await handOver({
      carried: gateway.carried(),
      tunnel: (id) => facts.tunnel(id),
      podName: config.podName,
      hush: (id) => gateway.hush(id),
      atMost: HANDOVER_MS,
    });
    if (left.length > 0) log.warn({ peers: left }, "ends although no other gateway has these peers");
  });
  nodeCache.onChange(() => gateway.wantedChanged());

  await Promise.all([facts.synced, nodeCache.synced]);
  setReady("facts", true);
  await gateway.start();
  setReady("kernel", true);

  const sliceController: Controller = startController({
    name: "slice",
    log,
    signal,
    metrics: reconciled,
    reconcile: createSliceReconciler({
      kube,
      cache: slices,
      network: (id) => facts.network(id),
      owns: (id) => carries(division(), id),
      self: config,
    }),
  });
  const wakeAll = (): void => {
    gateway.wakeAll();
    if (slices.hasSynced) for (const f of facts.networks()) sliceController.enqueue(f.clusterId);
  };
  facts.onPeer((id) => {
    if (slices.hasSynced) sliceController.enqueue(id);
  });
  slices.onChange((_, now, old) => {
    const peer = (now ?? old)?.metadata.labels?.[PEER_ID];
    if (slices.hasSynced && peer !== undefined) sliceController.enqueue(peer);
  });
  void slices.synced.then(wakeAll);
  membership.onChange(wakeAll);
  replicas.onChange(wakeAll);
  bus.onReconnect(() => gateway.sayAll());
  log.info({ clusterID, device: self.uplink.device, mtu: self.uplink.mtu }, "gateway runs");
};
