import { createAudit } from "@tideway/audit";
import { connectBus } from "@tideway/bus";
import { startMembership } from "@tideway/controller";
import { createKube, loadCredentials, namespaces } from "@tideway/k8s";
import { run } from "@tideway/runtime";
import { replicatorConfig } from "./config.ts";
import { wire } from "./wire.ts";

const SERVICE = "replicator";

await run(SERVICE, async (ctx) => {
  const { log, metrics, signal } = ctx;
  const config = replicatorConfig(ctx.env);
  ctx.setReady("bus", false);
  ctx.setReady("cache", false);
  const kube = createKube(loadCredentials(ctx.env), { userAgent: "tideway-replicator" });
  ctx.onShutdown("kube", () => kube.close());
  const ownClusterID = (await kube.get(namespaces, "kube-system")).metadata.uid ?? "";
  const [membership, bus] = await Promise.all([
    startMembership({
      kube,
      namespace: config.namespace,
      service: SERVICE,
      identity: config.podName,
      leaseSeconds: config.leaseSeconds,
      log,
      signal,
    }),
    connectBus({
      url: config.busUrl,
      replicas: config.busReplicas,
      service: SERVICE,
      seed: config.busSeed,
      ca: config.busCa,
      clusterID: ownClusterID,
      log,
      signal,
      metrics,
      onStatus: (ok) => ctx.setReady("bus", ok),
    }),
  ]);
  ctx.onShutdown("bus", () => bus.close());
  const audit = createAudit({ bus, service: SERVICE, log });
  ctx.onShutdown("audit", () => audit.close());
  ctx.onShutdown("membership", () => membership.leave());
  const replicator = await wire({ config, kube, bus, audit, membership, ownClusterID, log, metrics, signal });
  ctx.onShutdown("links", () => replicator.stop());
  await replicator.ready;
  ctx.setReady("cache", true);
});
