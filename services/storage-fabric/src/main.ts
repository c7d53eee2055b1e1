import { connectBus } from "@tideway/bus";
import { loadConfig, readOptionalFile } from "@tideway/config";
import { startMembership } from "@tideway/controller";
import { createKube, loadCredentials, namespaces } from "@tideway/k8s";
import { run } from "@tideway/runtime";
import { storageFabricConfig } from "./config.ts";
import { wire } from "./wire.ts";

const SERVICE = "storage-fabric";

await run(SERVICE, async ({ env, log, metrics, signal, setReady, onShutdown }) => {
  for (const gate of ["bus", "caches"]) setReady(gate, false);
  const config = loadConfig(storageFabricConfig, env);
  const kube = createKube(loadCredentials(env), { userAgent: `tideway-${SERVICE}` });
  onShutdown("kube", () => kube.close());
  const { metadata } = await kube.get(namespaces, "kube-system", undefined, { signal });
  const bus = await connectBus({
    url: config.busUrl,
    replicas: config.busReplicas,
    service: SERVICE,
    seed: readOptionalFile(config.busSeedFile, "BUS_SEED_FILE"),
    ca: readOptionalFile(config.busCaFile, "BUS_CA_FILE"),
    clusterID: metadata.uid ?? "",
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
  await wire({ config, kube, bus, membership, metrics, log, signal });
  setReady("caches", true);
});
