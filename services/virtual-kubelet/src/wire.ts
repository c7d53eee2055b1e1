import { createAudit } from "@tideway/audit";
import { connectBus } from "@tideway/bus";
import { readOptionalFile } from "@tideway/config";
import { startMembership } from "@tideway/controller";
import { createKube, loadCredentials, namespaces } from "@tideway/k8s";
import type { RuntimeContext } from "@tideway/runtime";
import { controllerMetrics } from "@tideway/telemetry";
import { loadVirtualKubeletConfig } from "./config.ts";
import { startConsumer } from "./consumer.ts";
import { startKubeletApi } from "./kubelet-api/index.ts";
import { kubeletApiMetrics } from "./kubelet-api/metrics.ts";
import { virtualKubeletMetrics } from "./metrics.ts";
import { lazyMapper } from "./network/mapper.ts";
import { type Local, systemClock } from "./ports.ts";
import { startProvider } from "./provider/index.ts";
import { createTeller } from "./provider/quotas/tell.ts";

const SERVICE = "virtual-kubelet";

/** Version of this cluster's API server, so that the virtual node shows no skew. */
const kubeletVersion = async (local: Local): Promise<string> => {
  const answer = await local.kube.request({ method: "GET", path: "/version", signal: local.signal });
  const { gitVersion = "v1.34.0" } = (await answer.body.json()) as { gitVersion?: string };
  return `${gitVersion.replace(/[-+].*$/, "")}-tideway`;
};

/** Builds every adapter and starts the three parts; everything is stopped in the reverse order. */
export const wire = async (ctx: RuntimeContext): Promise<void> => {
  const config = loadVirtualKubeletConfig(ctx.env);
  const { log, signal } = ctx;
  for (const part of ["caches", "bus"]) ctx.setReady(part, false);
  const kube = createKube(loadCredentials(ctx.env), { userAgent: `tideway-${SERVICE}` });
  ctx.onShutdown("kube", () => kube.close());
  const clusterID = (await kube.get(namespaces, "kube-system")).metadata.uid ?? "";

  const seed = readOptionalFile(config.busSeedFile, "BUS_SEED_FILE");
  const ca = readOptionalFile(config.busCaFile, "BUS_CA_FILE");
  const [bus, membership] = await Promise.all([
    connectBus({
      url: config.busUrl,
      replicas: config.busReplicas,
      service: SERVICE,
      seed,
      ca,
      clusterID,
      log,
      signal,
      metrics: ctx.metrics,
    }),
    startMembership({
      kube,
      namespace: config.namespace,
      service: SERVICE,
      identity: config.podName,
      log,
      signal,
    }),
  ]);
  ctx.onShutdown("bus", () => bus.close());
  ctx.onShutdown("membership", () => membership.leave());
  ctx.setReady("bus", true);

  const local: Local = {
    kube,
    clusterID,
    clusterName: config.clusterName,
    namespace: config.namespace,
    podName: config.podName,
    podIP: config.podIP,
    bus,
    log,
    metrics: controllerMetrics(ctx.metrics),
    signal,
    owns: membership.owns,
    onOwnersChange: (handler) => membership.onChange(handler),
  };
  const audit = createAudit({ bus, service: SERVICE, log });
  ctx.onShutdown("audit", () => audit.close());
  const mapper = lazyMapper({ endpoint: config.ipamEndpoint, kube, namespace: config.namespace });
  ctx.onShutdown("mapper", () => Promise.resolve(mapper.close()));
  const [provider, consumer] = await Promise.all([
    startProvider(local, {
      podSecurity: config.podSecurity,
      audit,
      teller: createTeller({
        bus,
        metrics: ctx.metrics,
        clock: systemClock,
        log,
        signal,
        owns: membership.owns,
      }),
    }),
    startConsumer(local, {
      port: config.kubeletPort,
      kubeletVersion: await kubeletVersion(local),
      podWorkers: config.podWorkers,
      mapper,
      audit,
      metrics: virtualKubeletMetrics(ctx.metrics),
    }),
  ]);
  ctx.onShutdown("provider", () => provider.stop());
  ctx.onShutdown("consumer", () => consumer.stop());
  const api = await startKubeletApi(local, consumer.peers, {
    port: config.kubeletPort,
    metrics: kubeletApiMetrics(ctx.metrics),
  });
  ctx.onShutdown("kubelet API", () => api.stop());
  ctx.setReady("caches", true);
};
