/** The only place that builds adapters: caches, facts, the driver, the controller, and what wakes it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Bus, FactView } from "@tideway/bus";
import { startController } from "@tideway/controller";
import { informer, type Kube, namespaces, nodes } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { createKernel } from "@tideway/net";
import { controllerMetrics, type Metrics } from "@tideway/telemetry";
import type { RouteAgentConfig } from "./config.ts";
import { daemonSets, isUninstalled } from "./end/leaving.ts";
import { routeAgentMetrics } from "./metrics.ts";
import { createNodeView } from "./node/view.ts";
import type { RouteFact } from "./ports.ts";
import { clean } from "./routes/apply.ts";
import { makeReconciler } from "./routes/reconciler.ts";

export interface Wiring {
  config: Pick<RouteAgentConfig, "namespace" | "nodeName" | "resyncMs" | "inheritMs" | "masqueradeBit">;
  kube: Kube;
  bus: Bus;
  metrics: Metrics;
  log: Logger;
  signal: AbortSignal;
  /** Network namespace to work in, for tests; default the process's own. */
  netns?: string;
}

export interface Agent {
  /** After the signal: takes everything off the node if Tideway is being uninstalled, else leaves all in place. */
  end(): Promise<void>;
}

/** What this agent's DaemonSet is called (deploy/base/route-agent). */
const DAEMON_SET = "route-agent";
/** The part of the shutdown's time that the question may take. */
const ASK_MS = 2500;

const dataOf = <F extends "tunnel" | "network">(view: FactView<F>) => view.list().map((f) => f.data);

/** Resolves when the caches are complete and the controller runs. */
export const wire = async (w: Wiring): Promise<Agent> => {
  const { kube, bus, log, signal, config } = w;
  const { nodeName } = config;
  const own = informer(kube, nodes, { fieldSelector: `metadata.name=${nodeName}` });
  own.onError((err) => log.warn({ err, what: "nodes" }, "watch interrupted"));
  own.start(signal);
  const [tunnels, networks] = await Promise.all([bus.facts("tunnel"), bus.facts("network")]);
  await Promise.all([own.synced, tunnels.synced, networks.synced]);

  const kernel = createKernel({
    log,
    signal,
    metrics: w.metrics,
    ...(w.netns === undefined ? {} : { namespace: w.netns }),
  });
  const publish = (fact: RouteFact): Promise<void> =>
    bus.publish("route", { peer: "local", id: nodeName }, fact).catch((err: unknown) => {
      if (!signal.aborted) log.error({ err }, "fact not said");
    });
  const { reconcile, touched } = makeReconciler({
    nodeName,
    node: () => own.get(nodeName),
    tunnels: () => dataOf(tunnels),
    networks: () => dataOf(networks),
    view: createNodeView(w.netns),
    kernel,
    masqueradeMark: 2 ** config.masqueradeBit,
    resyncMs: config.resyncMs,
    inheritMs: config.inheritMs,
    nowMs: () => performance.now(),
    metrics: routeAgentMetrics(w.metrics),
    publish: (fact) => void publish(fact),
  });
  const controller = startController({
    name: "routes",
    reconcile,
    workers: 1,
    log,
    signal,
    metrics: controllerMetrics(w.metrics),
  });
  const wake = (): void => controller.enqueue(nodeName);
  own.onChange(wake);
  tunnels.onChange(wake);
  networks.onChange(wake);
  bus.onReconnect(wake);
  kernel.watch(() => {
    touched();
    wake();
  }, signal);
  wake();
  return { end: () => end(w, kernel, controller.done, publish) };
};

const end = async (
  { kube, config, log }: Wiring,
  kernel: Parameters<typeof clean>[0],
  idle: Promise<void>,
  publish: (fact: RouteFact) => Promise<void>,
): Promise<void> => {
  await idle;
  const { namespace, nodeName } = config;
  const within = { signal: AbortSignal.timeout(ASK_MS) };
  const uninstalled = await isUninstalled({
    daemonSet: () => kube.get(daemonSets, DAEMON_SET, namespace, within),
    namespace: () => kube.get(namespaces, namespace, undefined, within),
    pause: () => sleep(500),
  });
  if (!uninstalled) return log.info("the node keeps its routes");
  await clean(kernel);
  log.info("uninstalled: nothing of Tideway is left on the node");
  // the bus is going too, and nobody may listen any more
  void publish({ node: nodeName, state: "GONE", prefixes: [], reason: "Uninstalled", message: "" });
};
