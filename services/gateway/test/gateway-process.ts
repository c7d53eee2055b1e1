import type { FactOf } from "@tideway/bus";
import { createLogger } from "@tideway/log";
import { createKernel } from "@tideway/net";
import { createMetrics } from "@tideway/telemetry";
import type { RealNode } from "../src/desired/world.ts";
import type { Facts } from "../src/facts.ts";
import { createGateway } from "../src/gateway.ts";
import { gatewayMetrics } from "../src/metrics.ts";
import type { PodView } from "../src/policy/policy.ts";
import type { TunnelFact } from "../src/ports.ts";

/** What a gateway is told, in place of bus and API server. */
export interface Told {
  networks: FactOf["network"][];
  addresses: FactOf["address"][];
  borders: FactOf["border"][];
  offloaded: string[];
  nodes: RealNode[];
  guests: PodView[];
  pods: PodView[];
  /** Addresses of pods that ended a moment ago. */
  gone: string[];
  /** Of each generation, by `<secret>/<generation>`. */
  keys: Record<string, string>;
  owns: boolean;
}
export type Question =
  { ask: "tell"; told: Told } | { ask: "again" } | { ask: "tunnels" } | { ask: "memory" };
export interface Answer {
  writes: Record<string, number>;
  tunnels: TunnelFact[];
  rss: number;
}

/** A gateway in the network namespace that the test put this process into. */
const main = async (): Promise<void> => {
  const self = JSON.parse(process.env.GATEWAY_SELF ?? "{}") as Parameters<typeof createGateway>[0]["self"];
  const log = createLogger({
    service: "gateway",
    level: process.env.LOG_LEVEL === "debug" ? "debug" : "warn",
  });
  const ended = new AbortController();
  let told: Told = {
    networks: [],
    addresses: [],
    borders: [],
    offloaded: [],
    nodes: [],
    guests: [],
    pods: [],
    gone: [],
    keys: {},
    owns: true,
  };
  const tunnels = new Map<string, TunnelFact>();
  const kernel = createKernel({
    log,
    signal: ended.signal,
    wireguardGo: process.env.WIREGUARD_GO ?? "wireguard-go",
    onWireguardExit: (name) => gateway.interfaceEnded(name),
  });
  const facts: Facts = {
    synced: Promise.resolve(),
    network: (id) => told.networks.find((f) => f.clusterId === id),
    networks: () => told.networks,
    tunnel: (id) => tunnels.get(id),
    tunnels: () => [...tunnels.values()],
    addresses: () => told.addresses,
    borders: () => told.borders,
    offloaded: () => told.offloaded,
    say: (id, fact) => {
      tunnels.set(id, fact);
      return Promise.resolve();
    },
    onPeer: () => undefined,
    onPolicy: () => undefined,
  };
  const gateway = createGateway({
    self,
    facts,
    kernel,
    carriers: { owns: () => told.owns, others: () => false },
    nodes: () => told.nodes,
    pods: {
      follow: () => undefined,
      guests: () => told.guests,
      pods: () => told.pods,
      gone: () => told.gone,
      forgetsMs: () => undefined,
      hasSynced: true,
    },
    keys: (secret, generation) => Promise.resolve(told.keys[`${secret}/${generation}`] ?? ""),
    tell: () => undefined,
    metrics: gatewayMetrics(createMetrics("gateway")),
    log,
    signal: ended.signal,
  });
  const answer = async (question: Question): Promise<Answer> => {
    if (question.ask === "tell") told = question.told;
    if (question.ask === "tell" || question.ask === "again") {
      gateway.wakeAll();
      gateway.wantedChanged();
      await new Promise((resolve) => setTimeout(resolve, 30)); // what waits to be gathered is not idle yet
      await gateway.idle();
    }
    return { writes: { ...kernel.writes }, tunnels: [...tunnels.values()], rss: process.memoryUsage.rss() };
  };
  process.on("message", (m: { id: number; question: Question }) => {
    void answer(m.question).then(
      (result) => process.send?.({ id: m.id, result }),
      (err: unknown) => process.send?.({ id: m.id, error: String(err) }),
    );
  });
  process.on("disconnect", () => {
    ended.abort();
    gateway.close();
    setTimeout(() => process.exit(0), 300);
  });
  await gateway.start();
  process.send?.({ id: 0, result: await answer({ ask: "memory" }) });
};
await main();
