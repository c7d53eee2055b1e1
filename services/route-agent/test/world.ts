/** A real API server and nats-server, a node as a network namespace, and one agent wired to them; gateways are played by hand. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Bus, connectBus, type FactView } from "@tideway/bus";
import { createKube, type Credentials, fromKubeconfig, type Kube, namespaces, nodes } from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import { type ApiServer, type NatsServer, startApiServer, startNats } from "@tideway/sandbox";
import { createMetrics } from "@tideway/telemetry";
import { daemonSets } from "../src/end/leaving.ts";
import { tunnel as tunnelOf } from "../src/routes/fixtures.ts";
import { type Agent, wire } from "../src/wire.ts";
import { createLan, type Lan, NODE_IP, POD_CIDR } from "./lan.ts";

export const NODE = "node-0.example";
const NAMESPACE = "tideway-network";
const BASE = join(import.meta.dirname, "../../../deploy/base");

export interface World {
  api: ApiServer;
  nats: NatsServer;
  kube: Kube;
  lan: Lan;
  said: FactView<"route">;
  tunnel(o?: Partial<Parameters<typeof tunnelOf>[0]>): Promise<void>;
  /** What the agent's metric says, summed over labels. */
  metric(name: string): Promise<number>;
  addDaemonSet(): Promise<void>;
  /** SIGTERM; resolves when the agent has ended. */
  end(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The rights that the deployment gives, so that a missing one shows here. */
const deployedRights = async (api: ApiServer): Promise<Credentials> => {
  await api.kubectl("create", "namespace", NAMESPACE);
  const files = ["serviceaccount.yaml", "rbac.yaml"].flatMap((f) => ["-f", join(BASE, "route-agent", f)]);
  await api.kubectl("apply", `--namespace=${NAMESPACE}`, ...files);
  const token = (await api.kubectl("create", "token", "route-agent", `--namespace=${NAMESPACE}`)).trim();
  return { server: api.url, ca: readFileSync(api.caFile, "utf8"), token: () => token };
};

const addNode = async (kube: Kube): Promise<void> => {
  const addresses = [{ type: "InternalIP", address: NODE_IP }];
  await kube.create(nodes, { metadata: { name: NODE }, spec: { podCIDR: POD_CIDR, podCIDRs: [POD_CIDR] } });
  await kube.patch(nodes, NODE, undefined, { status: { addresses } }, { subresource: "status" });
};

const daemonSet = {
  metadata: { name: "route-agent", namespace: NAMESPACE },
  spec: {
    selector: { matchLabels: { app: "x" } },
    template: {
      metadata: { labels: { app: "x" } },
      spec: { containers: [{ name: "route-agent", image: "none" }] },
    },
  },
};

export const startWorld = async (): Promise<World> => {
  const [api, nats, lan] = await Promise.all([
    startApiServer({ name: "route-agent" }),
    startNats(),
    createLan(),
  ]);
  const rights = await deployedRights(api);
  const kube = createKube(fromKubeconfig(api.kubeconfig), { userAgent: "test" });
  await addNode(kube);
  const clusterID = (await kube.get(namespaces, "kube-system")).metadata.uid ?? "";
  const connect = (service: string, signal?: AbortSignal): Promise<Bus> =>
    connectBus({ url: nats.url, service, clusterID, log: silentLogger, settleMs: 0, signal });
  const bus = await connect("test");
  const said = await bus.facts("route");

  let metrics = createMetrics("route-agent");
  let running: { agent: Agent; bus: Bus; kube: Kube; ending: AbortController } | undefined;
  const start = async (): Promise<void> => {
    metrics = createMetrics("route-agent");
    const ending = new AbortController();
    const own = { kube: createKube(rights, { userAgent: "route-agent" }), bus: await connect("route-agent") };
    const agent = await wire({
      ...own,
      config: {
        namespace: NAMESPACE,
        nodeName: NODE,
        resyncMs: 60_000,
        inheritMs: 60_000,
        masqueradeBit: 14,
      },
      metrics,
      log: silentLogger,
      signal: ending.signal,
      netns: lan.ns.node,
    });
    running = { agent, ...own, ending };
  };
  const end = async (): Promise<void> => {
    const ended = running;
    running = undefined;
    ended?.ending.abort();
    await ended?.agent.end();
    await ended?.bus.close();
    await ended?.kube.close();
  };
  return {
    api,
    nats,
    kube,
    lan,
    said,
    tunnel: (o = {}) => {
      const data = tunnelOf({ prefixes: ["10.81.0.0/16"], ...o });
      return bus.publish("tunnel", { peer: data.clusterId }, data);
    },
    metric: async (name) =>
      ((await metrics.registry.getSingleMetric(name)?.get())?.values ?? []).reduce(
        (sum, v) => sum + v.value,
        0,
      ),
    addDaemonSet: async () => {
      await kube.apply(daemonSets, daemonSet, { fieldManager: "test" });
    },
    end,
    start,
    stop: async () => {
      await end().catch(() => undefined);
      await bus.close();
      await kube.close();
      lan.stop();
      await Promise.all([api.stop(), nats.stop()]);
    },
  };
};
