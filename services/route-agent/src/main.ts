import { connectBus } from "@tideway/bus";
import { loadConfig, readOptionalFile } from "@tideway/config";
import { createKube, loadCredentials, namespaces } from "@tideway/k8s";
import { run } from "@tideway/runtime";
import { routeAgentConfig } from "./config.ts";
import { wire } from "./wire.ts";

const SERVICE = "route-agent";

await run(SERVICE, async ({ env, log, metrics, signal, setReady, onShutdown }) => {
  for (const gate of ["bus", "caches"]) setReady(gate, false);
  const config = loadConfig(routeAgentConfig, env);
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
  const agent = await wire({ config, kube, bus, metrics, log, signal });
  onShutdown("node", () => agent.end());
  setReady("caches", true);
});
