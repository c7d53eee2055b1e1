import { createAudit } from "@tideway/audit";
import { type Bus, connectBus } from "@tideway/bus";
import { readOptionalFile } from "@tideway/config";
import { createKube, loadCredentials, namespaces } from "@tideway/k8s";
import type { RuntimeContext } from "@tideway/runtime";
import { controllerMetrics } from "@tideway/telemetry";
import type { AdmissionConfig } from "./config.ts";
import { admissionMetrics } from "./metrics.ts";
import type { MoveFacts, NamespaceFacts } from "./ports.ts";
import { startAdmission } from "./start.ts";

/** Facts about namespaces of this cluster are published under this in place of a peer. */
const LOCAL = "local";

const namespaceFacts = async (bus: Bus): Promise<NamespaceFacts> => {
  const view = await bus.facts("namespace");
  await view.synced;
  return {
    get: (ns) => view.get(LOCAL, ns)?.data,
    onChange: (handler) => view.onChange((f) => handler(f.data.namespace)),
  };
};

/** Claims that are held, as `namespace/claim`: asked at each pod, so kept ready. */
const moveFacts = async (bus: Bus): Promise<MoveFacts> => {
  const view = await bus.facts("move");
  const byMove = new Map<string, string>();
  const held = new Set<string>();
  view.onChange(({ id = "", data }) => {
    if (data.state === "HOLDING") byMove.set(id, `${data.namespace}/${data.claim}`);
    else byMove.delete(id);
    held.clear();
    for (const key of byMove.values()) held.add(key);
  });
  await view.synced;
  return { isHeld: (namespace, claim) => held.has(`${namespace}/${claim}`) };
};

/** Builds everything and starts it. Ready once a certificate is served and the facts are known. */
export const wire = async (ctx: RuntimeContext, config: AdmissionConfig): Promise<void> => {
  const { log, signal, setReady, onShutdown } = ctx;
  setReady("facts", false);
  setReady("certificate", false);
  const kube = createKube(loadCredentials(ctx.env), { userAgent: "tideway-admission" });
  onShutdown("kube", () => kube.close());
  const seed = readOptionalFile(config.busSeedFile, "BUS_SEED_FILE");
  const ca = readOptionalFile(config.busCaFile, "BUS_CA_FILE");
  const bus = await connectBus({
    url: config.busUrl,
    replicas: config.busReplicas,
    service: "admission",
    clusterID: (await kube.get(namespaces, "kube-system")).metadata.uid ?? "",
    log,
    signal,
    ...(seed ? { seed } : {}),
    ...(ca ? { ca } : {}),
  });
  onShutdown("bus", () => bus.close());
  const [facts, moves] = await Promise.all([namespaceFacts(bus), moveFacts(bus)]);
  setReady("facts", true);
  const audit = createAudit({ bus, service: "admission", log });
  onShutdown("audit", () => audit.close());

  const admission = await startAdmission({
    kube,
    facts,
    moves,
    audit,
    clock: { now: () => Date.now() },
    log,
    metrics: admissionMetrics(ctx.metrics),
    controllerMetrics: controllerMetrics(ctx.metrics),
    signal,
    namespace: config.namespace,
    dnsName: `${config.serviceName}.${config.namespace}.svc`,
    port: config.port,
    factWaitMs: config.factWaitMs,
    certificateLifeMs: config.certificateDays * 86_400_000,
  });
  onShutdown("webhooks", () => admission.close());
  void admission.serving.then(() => setReady("certificate", true));
};
