import { createHash, randomInt } from "node:crypto";
import type { Reconcile, ReconcileContext, ReconcileResult } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import { interfaceOf, ownExternalAddress, translate, WIREGUARD_OVERHEAD, type Wireguard } from "@tideway/net";
import type { Uplink } from "../desired/world.ts";
import {
  allowedIPs,
  FIRST_GENERATION,
  generationsOf,
  isAnnounced,
  listenPortOf,
  viewOf,
  wantsTunnel,
} from "../peers/peer.ts";
import type { Carriers, Clock, NetworkFact, TunnelFact } from "../ports.ts";
import type { Prober } from "../probe/prober.ts";
import { decide, type Setup, type TunnelPlan } from "./decide.ts";
import { type Generation, type Memory, freshMemory, isAsSaid, standingOf } from "./memory.ts";
import type { Report } from "./report.ts";
import type { Keys } from "./keys.ts";
import type { StatusCache, StatusMap } from "./status.ts";

export interface TunnelDeps {
  network: (id: string) => NetworkFact | undefined;
  /** What was said last of this tunnel, by any replica. */
  said: (id: string) => TunnelFact | undefined;
  carriers: Carriers;
  memories: Map<string, Memory>;
  wireguard: Wireguard;
  status: StatusCache;
  prober: Pick<Prober, "watch" | "forget" | "health">;
  keys: Keys;
  resolve: (endpoint: string) => Promise<string>;
  report: Report;
  /** Rules and routes are to be looked at. */
  kernelChanged: () => void;
  /** Rules are to be others; what stands is as it was left. */
  wantedChanged: () => void;
  podName: string;
  uplink: Uplink;
  clock: Clock;
}

const KEEPALIVE_SECONDS = 25;
/** How long a tunnel stays for what nodes still send here, when another gateway carries it but has no answer yet. */
const HANDOVER_MS = 5_000;
const HANDOVER_CHECK_MS = 100;
/** How old a look at WireGuard may be: while something is awaited, and otherwise. */
const FRESH_MS = 50;
const STALE_MS = 2_000;

/** Ports that calls may come from beside those listened on: below those that the kernel gives to sockets. */
const CALL_PORTS = [20_000, 30_000] as const;

/** Always the same for a peer: both ends of a tunnel seldom begin anew in the same moment. */
const jitterOf = (id: string, podName: string): number =>
  createHash("sha256").update(`${podName}/${id}`).digest().readUInt8(0) / 256;

/** What both sides agreed on, or less where less passes. */
export const mtuOf = (fact: NetworkFact, uplink: Uplink, path: Memory["path"]): number =>
  Math.min(
    Math.min(uplink.mtu, path?.mtu ?? Infinity) - WIREGUARD_OVERHEAD,
    fact.mtu > 0 ? fact.mtu : Infinity,
  );

/** Where the peer's gateway answers probes, as we see it. */
export const probeAddress = (fact: NetworkFact): string | undefined => {
  const view = viewOf(fact);
  return (
    view && translate(ownExternalAddress(view.remoteExternal), view.remoteExternal, view.remoteExternalSeen)
  );
};

/** The tunnels to one peer. Key: its cluster ID. */
export const createTunnelReconciler = (d: TunnelDeps): Reconcile => {
  const remember = (id: string): Memory => {
    let memory = d.memories.get(id);
    if (!memory) d.memories.set(id, (memory = freshMemory(d.clock.now())));
    return memory;
  };

  const removeAll = async (id: string): Promise<void> => {
    d.prober.forget(id);
    const had = d.memories.get(id);
    d.memories.delete(id);
    if (had) d.kernelChanged();
    // Both: one may be left from an earlier life of this process.
    for (const generation of [1, 2]) {
      const name = interfaceOf(id, generation);
      if (had || d.status.last().has(name)) await d.wireguard.remove(name);
    }
  };

  /** Nodes that have not heard yet still send here: a moment of silence, in which packets pass and nothing is asked. */
  const release = async (id: string, memory: Memory): Promise<ReconcileResult> => {
    d.prober.forget(id);
    const now = d.clock.now();
    memory.releasedAt ??= now;
    const said = d.said(id);
    const taken = said?.state === "CONNECTED" && said.gateway !== d.podName;
    if (!taken && now - memory.releasedAt < HANDOVER_MS) return { requeueAfterMs: HANDOVER_CHECK_MS };
    await removeAll(id);
    return {};
  };

  const generationOf = async (
    fact: NetworkFact,
    memory: Memory,
    generation: number,
    c: ReconcileContext,
  ): Promise<Generation> => {
    const known = memory.generations.get(generation);
    if (known) return known;
    const key = await d.keys(fact.secretName, generation, c.signal);
    const attempt = { attempt: 0, attemptAt: d.clock.now(), failures: 0, received: 0 };
    const made = { key, ...attempt, standing: false, called: false };
    memory.generations.set(generation, made);
    return made;
  };

  const deviceOf = (fact: NetworkFact, memory: Memory, { key }: Generation, generation: number) => ({
    name: interfaceOf(fact.clusterId, generation),
    privateKey: key,
    listenPort: listenPortOf(fact, generation),
    mtu: mtuOf(fact, d.uplink, memory.path),
  });

  /** The interface without its peer, and in userspace the process of it: while the two clusters still exchange keys. */
  const prepare = async (id: string, fact: NetworkFact, c: ReconcileContext): Promise<void> => {
    if ([...(d.memories.get(id)?.generations.values() ?? [])].some((g) => g.called)) await removeAll(id);
    d.report.gone(id);
    const memory = remember(id);
    const g = await generationOf(fact, memory, FIRST_GENERATION, c);
    if (g.standing) return;
    await d.wireguard.apply({ ...deviceOf(fact, memory, g, FIRST_GENERATION), peers: [] });
    g.standing = true;
  };

  const setUp = async (
    fact: NetworkFact,
    memory: Memory,
    setup: Setup,
    c: ReconcileContext,
  ): Promise<void> => {
    const { generation } = setup;
    const g = await generationOf(fact, memory, generation, c);
    delete g.unwantedSince;
    let endpoint: string | undefined;
    if (setup.endpoint !== undefined)
      endpoint = await d.resolve(setup.endpoint).catch((err: unknown) => {
        c.log.warn({ endpoint: setup.endpoint, reason: describeError(err) }, "address of a peer not found");
        return undefined;
      });
    if (setup.fromAnotherPort) g.callPort = randomInt(...CALL_PORTS);
    if (endpoint !== undefined) g.calledTo = endpoint;
    if (setup.anew && g.callPort !== undefined) d.wantedChanged();
    const device = deviceOf(fact, memory, g, generation);
    await d.wireguard.apply({
      ...device,
      peers: [
        {
          publicKey: fact.remoteKeys[String(generation)] ?? "",
          allowedIPs: allowedIPs(fact),
          keepaliveSeconds: KEEPALIVE_SECONDS,
          anew: setup.anew && endpoint !== undefined,
          ...(endpoint === undefined ? {} : { endpoint }),
        },
      ],
    });
    if (setup.anew || !g.called) {
      g.attemptAt = d.clock.now();
      g.received = 0;
      if (setup.anew) {
        g.attempt++;
        g.failures++;
      }
    }
    if (endpoint !== undefined && setup.endpoint !== undefined) g.calledAt = setup.endpoint;
    if (!g.standing) d.kernelChanged();
    g.standing = true;
    g.called = true;
    g.mtu = device.mtu;
  };

  const perform = async (
    fact: NetworkFact,
    memory: Memory,
    plan: TunnelPlan,
    status: StatusMap,
    c: ReconcileContext,
  ): Promise<void> => {
    for (const generation of plan.drop) {
      memory.generations.delete(generation);
      await d.wireguard.remove(interfaceOf(fact.clusterId, generation));
      d.kernelChanged();
    }
    for (const setup of plan.setups) {
      const calm = setup.endpoint === undefined && !setup.anew;
      const known = memory.generations.get(setup.generation);
      const fits = known?.called === true && known.mtu === mtuOf(fact, d.uplink, memory.path);
      if (calm && fits && isAsSaid(status, fact, setup.generation)) continue;
      await setUp(fact, memory, setup, c);
    }
    const wanted = generationsOf(fact);
    for (const [generation, g] of memory.generations)
      if (!wanted.includes(generation)) g.unwantedSince ??= d.clock.now();
  };

  /** Whether the peer answers, and since when not. */
  const listen = (id: string, fact: NetworkFact, memory: Memory): boolean | undefined => {
    const address = probeAddress(fact);
    if (address === undefined) d.prober.forget(id);
    else d.prober.watch(id, address);
    const alive = address === undefined ? undefined : (d.prober.health(id)?.alive ?? false);
    if (alive) {
      memory.answered = true;
      delete memory.lostSince;
      for (const g of memory.generations.values()) g.failures = 0;
    } else if (memory.answered) memory.lostSince ??= d.clock.now();
    return alive;
  };

  const carry = async (id: string, fact: NetworkFact, c: ReconcileContext): Promise<ReconcileResult> => {
    const memory = remember(id);
    if (memory.releasedAt !== undefined) {
      delete memory.releasedAt;
      memory.ownedSince = d.clock.now();
    }
    const alive = listen(id, fact, memory);
    const wanted = generationsOf(fact);
    const rotating = memory.generations.size !== 1 || wanted.length > 1;
    const isFirst = !wanted.some((g) => memory.generations.get(g)?.called);
    // There is nothing to see yet, and the peer waits.
    const status = isFirst ? d.status.last() : await d.status.get(alive && !rotating ? STALE_MS : FRESH_MS);
    const plan = decide({
      fact,
      standing: standingOf(memory, status, fact),
      active: memory.active,
      alive,
      lostSince: memory.lostSince,
      now: d.clock.now(),
      jitter: jitterOf(id, d.podName),
    });
    if (memory.active !== plan.active) {
      memory.active = plan.active;
      d.kernelChanged();
    }
    // Nodes send here from this word on: their routes are made while the tunnel is.
    if (memory.said === undefined) d.report.tell(id, fact, memory, status, alive);
    try {
      await perform(fact, memory, plan, status, c);
      delete memory.failure;
    } catch (err) {
      if (!c.signal.aborted) memory.failure = describeError(err);
      d.report.tell(id, fact, memory, status, alive);
      throw err; // tried again, later each time
    }
    const laterMs = d.report.tell(id, fact, memory, status, alive);
    for (const [generation, g] of memory.generations) {
      const peer = status.get(interfaceOf(id, generation))?.peers[0];
      if (peer) g.received = peer.receivedBytes;
    }
    return { requeueAfterMs: Math.min(plan.recheckMs, laterMs ?? Infinity) };
  };

  return async (id, c) => {
    const fact = d.network(id);
    if (isAnnounced(fact) && d.carriers.owns(id)) {
      await prepare(id, fact, c);
      return {};
    }
    if (!wantsTunnel(fact)) {
      await removeAll(id);
      if (d.carriers.owns(id)) d.report.gone(id);
      return {};
    }
    if (d.carriers.owns(id)) return carry(id, fact, c);
    const memory = d.memories.get(id);
    if (memory) return release(id, memory);
    d.prober.forget(id);
    return {};
  };
};
