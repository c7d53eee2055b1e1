import { type Controller, type ControllerMetrics, startController } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import { interfaceOf, type Kernel } from "@tideway/net";
import { ownAddresses } from "./desired/addresses.ts";
import { createApply } from "./desired/apply.ts";
import { desired } from "./desired/index.ts";
import { followedNamespaces, observe } from "./desired/observe.ts";
import { TABLE_NAME } from "./desired/table.ts";
import type { RealNode, Uplink, World } from "./desired/world.ts";
import type { Facts } from "./facts.ts";
import type { GatewayMetrics, PeerFigures } from "./metrics.ts";
import type { PodWatch } from "./policy/pods.ts";
import type { Carriers, Clock, Tell } from "./ports.ts";
import { createProber } from "./probe/prober.ts";
import type { Keys } from "./tunnel/keys.ts";
import { type Memory, peerStatus } from "./tunnel/memory.ts";
import { createPaths } from "./tunnel/paths.ts";
import { createTunnelReconciler } from "./tunnel/reconciler.ts";
import { createReport } from "./tunnel/report.ts";
import { resolveEndpoint } from "./tunnel/resolve.ts";
import { cacheStatus } from "./tunnel/status.ts";

export interface GatewayDeps {
  self: {
    podName: string;
    podIP: string;
    nodeName: string;
    nodeIP: string;
    uplink: Uplink;
    probeMs: number;
    lostMs: number;
  };
  facts: Facts;
  kernel: Kernel;
  carriers: Carriers;
  nodes: () => readonly RealNode[];
  pods: PodWatch;
  keys: Keys;
  tell: Tell;
  metrics: GatewayMetrics;
  controllerMetrics?: ControllerMetrics;
  log: Logger;
  signal: AbortSignal;
}

export interface Gateway {
  /** Resolves when the rules stand; only then are tunnels built. */
  start(): Promise<void>;
  wantedChanged(): void;
  interfaceEnded(name: string): void;
  wakeAll(): void;
  /** Says everything again, to a bus that may have lost it. */
  sayAll(): void;
  /** Cluster IDs of the peers whose tunnels stand here. */
  carried(): string[];
  /** Asks this peer nothing any more. */
  hush(id: string): void;
  /** What the kernel should hold now. */
  world(): World;
  /** Resolves when nothing waits to be done. */
  idle(): Promise<void>;
  close(): void;
}

/** The only key of the controller that brings rules and routes to what they should be. */
const KERNEL = "kernel";
/** Changes that come together are one transaction. */
const GATHER_MS = 2;
/** Without scrapes; with them as old as this at most. */
const FIGURES_MS = 10_000;
const FIGURES_FRESH_MS = 50;
/** How often the ways to the peers are looked at, ms. */
const PATHS_MS = 2_000;
/** How long the first rules wait for the pods they speak of. */
const PODS_MS = 3_000;
const clock: Clock = { now: () => performance.now(), wall: Date.now };

/** The data path of this replica: its tunnels, rules and routes. Knows nothing of how it is told. */
export const createGateway = (d: GatewayDeps): Gateway => {
  const { facts, kernel, log, signal } = d;
  const memories = new Map<string, Memory>();
  const status = cacheStatus(kernel.wireguard, clock.now);
  let implementation = "";
  let started = false;

  const prober = createProber({
    intervalMs: d.self.probeMs,
    lostMs: d.self.lostMs,
    onChange: (id) => tunnels?.enqueue(id),
  });

  const apply = createApply(kernel);

  const world = (): World =>
    observe({
      self: d.self,
      nodes: d.nodes(),
      networks: facts.networks(),
      memories,
      guests: d.pods.guests(),
      pods: d.pods.pods(),
      gone: d.pods.gone(),
      settled: d.pods.hasSynced,
      offloaded: facts.offloaded(),
      addresses: facts.addresses(),
      borders: facts.borders(),
    });

  const applyWorld = async (): Promise<void> => {
    d.pods.follow(followedNamespaces(facts.offloaded(), facts.borders()));
    const now = world();
    const lines = await apply(desired(now));
    if (lines > 0) log.debug({ lines }, "kernel state changed");
    const [own] = ownAddresses(now);
    if (own) prober.bind(own);
    for (const id of memories.keys()) prober.nudge(id);
  };

  const controlled = {
    log,
    signal,
    ...(d.controllerMetrics ? { metrics: d.controllerMetrics } : {}),
  };
  let rules: Controller | undefined;
  let tunnels: Controller | undefined;
  /** Something else is wanted; what stands and stays wanted is not looked at. */
  const wantedChanged = (): void => {
    if (started) rules?.enqueue(KERNEL, GATHER_MS);
  };
  const kernelChanged = (): void => {
    apply.look();
    wantedChanged();
  };

  const startTunnels = (): Controller =>
    startController({
      ...controlled,
      name: "tunnel",
      workers: 8,
      reconcile: createTunnelReconciler({
        network: facts.network,
        said: facts.tunnel,
        carriers: d.carriers,
        memories,
        wireguard: kernel.wireguard,
        status,
        prober,
        keys: d.keys,
        resolve: resolveEndpoint,
        report: createReport({
          said: facts.tunnel,
          say: (id, fact) =>
            void facts.say(id, fact).catch((err: unknown) => {
              if (!signal.aborted) log.error({ err }, "fact not said");
            }),
          tell: d.tell,
          health: prober.health,
          implementation: () => implementation,
          self: d.self,
          clock,
          log,
        }),
        kernelChanged,
        wantedChanged,
        podName: d.self.podName,
        uplink: d.self.uplink,
        clock,
      }),
    });

  const ids = (): Set<string> => new Set([...facts.networks().map((f) => f.clusterId), ...memories.keys()]);
  const wakeAll = (): void => {
    for (const id of ids()) tunnels?.enqueue(id);
    kernelChanged();
  };

  const figures = async (): Promise<void> => {
    const now = await status.get(FIGURES_FRESH_MS);
    const all = [...memories].flatMap(([id, memory]): PeerFigures[] => {
      const fact = facts.network(id);
      if (!fact || !memory.said) return [];
      const peer = peerStatus(now, fact, memory.active ?? 0);
      const health = prober.health(id);
      return [
        {
          peer: fact.name,
          state: memory.said.state,
          receivedBytes: peer?.receivedBytes ?? 0,
          sentBytes: peer?.sentBytes ?? 0,
          latencyMs: health?.latencyMs ?? 0,
          loss: health?.loss ?? 0,
          lastHandshake: peer?.lastHandshake,
        },
      ];
    });
    d.metrics.peers(all, clock.wall() / 1000);
    d.metrics.dropped(await kernel.counters(TABLE_NAME));
  };

  const paths = createPaths({
    memories,
    network: facts.network,
    status: status.last,
    kernel,
    narrowed: (id) => tunnels?.enqueue(id),
  });
  /** Looks again and again; what fails is said and tried the next time. */
  const each = (everyMs: number, what: string, look: () => Promise<void>): (() => Promise<void>) => {
    const once = (): Promise<void> =>
      look().catch((err: unknown) => log.warn({ reason: describeError(err) }, `${what} not read`));
    const timer = setInterval(() => void once(), everyMs);
    signal.addEventListener("abort", () => clearInterval(timer), { once: true });
    return once;
  };

  /** Interfaces of an earlier life of this process, of peers that are no more or another replica's. */
  const sweep = async (): Promise<void> => {
    const kept = new Set(
      facts
        .networks()
        .flatMap((f) =>
          d.carriers.owns(f.clusterId) && f.state !== "GONE"
            ? [interfaceOf(f.clusterId, 1), interfaceOf(f.clusterId, 2)]
            : [],
        ),
    );
    for (const name of (await status.get(0)).keys()) if (!kept.has(name)) await kernel.wireguard.remove(name);
  };

  return {
    world,
    wakeAll,
    wantedChanged,
    carried: () => [...memories.keys()],
    hush: (id) => prober.forget(id),
    sayAll: () => {
      for (const memory of memories.values()) delete memory.said;
      wakeAll();
    },
    interfaceEnded: (name) => {
      log.warn({ interface: name }, "userspace WireGuard ended; it is started again");
      for (const id of memories.keys())
        if (name === interfaceOf(id, 1) || name === interfaceOf(id, 2)) tunnels?.enqueue(id);
    },
    start: async () => {
      implementation = await kernel.wireguard.implementation();
      d.metrics.implementation(implementation);
      log.info({ implementation }, "WireGuard implementation");
      d.pods.follow(followedNamespaces(facts.offloaded(), facts.borders()));
      const deadline = clock.now() + PODS_MS;
      while (!d.pods.hasSynced && clock.now() < deadline && !signal.aborted)
        await new Promise((resolve) => setTimeout(resolve, 10));
      await sweep();
      rules = startController({
        ...controlled,
        name: KERNEL,
        workers: 1,
        reconcile: async () => {
          await applyWorld();
          const requeueAfterMs = d.pods.forgetsMs();
          return requeueAfterMs === undefined ? {} : { requeueAfterMs };
        },
      });
      started = true;
      await applyWorld();
      tunnels = startTunnels();
      facts.onPeer((id) => {
        tunnels?.enqueue(id);
        wantedChanged();
      });
      facts.onPolicy(wantedChanged);
      kernel.watch(wakeAll, signal);
      d.metrics.beforeScrape(each(FIGURES_MS, "figures", figures));
      each(PATHS_MS, "paths", paths);
      wakeAll();
    },
    idle: async () => {
      await Promise.all([rules?.idle(), tunnels?.idle()]);
    },
    close: () => prober.close(),
  };
};
