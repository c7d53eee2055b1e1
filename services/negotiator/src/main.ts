import { createAudit } from "@tideway/audit";
import { connectBus } from "@tideway/bus";
import { loadConfig, readOptionalFile } from "@tideway/config";
import { startMembership } from "@tideway/controller";
import { createKube, loadCredentials, namespaces } from "@tideway/k8s";
import { run } from "@tideway/runtime";
import { negotiatorConfig } from "./config.ts";
import { wire } from "./wire.ts";

const SERVICE = "negotiator";

await run(SERVICE, async ({ env, log, metrics, signal, setReady, onShutdown }) => {
  for (const gate of ["bus", "caches"]) setReady(gate, false);
  const config = loadConfig(negotiatorConfig, env);
  const kube = createKube(loadCredentials(env), { userAgent: `tideway-${SERVICE}` });
  onShutdown("kube", () => kube.close());
  const { metadata } = await kube.get(namespaces, "kube-system", undefined, { signal });
  const clusterID = metadata.uid ?? "";
  const bus = await connectBus({
    url: config.busUrl,
    replicas: config.busReplicas,
    service: SERVICE,
    seed: readOptionalFile(config.busSeedFile, "BUS_SEED_FILE"),
    ca: readOptionalFile(config.busCaFile, "BUS_CA_FILE"),
    clusterID,
    log,
    metrics,
    signal,
    onStatus: (connected) => setReady("bus", connected),
  });
  onShutdown("bus", () => bus.close());
  const membership = await startMembership({
    kube,
    namespace: config.namespace,
    service: SERVICE,
    identity: config.podName,
    log,
    signal,
  });
  onShutdown("membership", () => membership.leave());
  const audit = createAudit({ bus, service: SERVICE, log });
  onShutdown("audit", () => audit.close());
  await wire({ config, clusterID, kube, bus, audit, membership, metrics, log, signal });
  setReady("caches", true);
});
