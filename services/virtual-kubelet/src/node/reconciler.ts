import { nodeName, type VirtualNode } from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import { type Node, pods as podKind } from "@tideway/k8s";
import { withSpan } from "@tideway/telemetry/tracing";
import type { Connections } from "../peers/connections.ts";
import type { ServedDeps } from "../peers/served.ts";
import { withdrawAddresses } from "../reflection/network/address.ts";
import { hasNode, type Whole, wholeOf } from "./all.ts";
import { makeConnector } from "./connect.ts";
import { decide, type Effect, peerOf, type World } from "./decide.ts";
import { skipMade } from "./diff.ts";
import { beyond, drain, leavesInMs } from "./drain.ts";
import { startNodeLease } from "./lease.ts";
import { type Facts, makeObserver } from "./observe.ts";
import { ensureNode, ensureVirtualNode, evict, type NodeDeps, remove, removeMap } from "./perform.ts";
import { makeTell, type Unit } from "./tell.ts";

export interface ReconcilerDeps extends ServedDeps {
  node: NodeDeps;
  facts: Facts;
  connections: Connections;
  /** A connection was opened or closed: the NamespaceMap may have to follow. */
  onServed(clusterID: string): void;
}

export interface NodeReconciler {
  reconcile: Reconcile;
  /** Every cluster ID there may be something to do for. */
  keys(): string[];
  /** Say our facts again: the bus came back. */
  publishAgain(): void;
}

/** Waits this long for the first probe before the node is made, so that it is born Ready. */
const FIRST_PROBE_MS = 1_200;

/** Names of nodes that stand or come, with their pools. */
const nodesOf = (all: readonly Unit[], peer: string): ReadonlyMap<string, string> =>
  new Map(
    all.flatMap(({ plan, world: { pool } }) =>
      hasNode(plan) ? [[nodeName(peer, pool), pool] as const] : [],
    ),
  );

const bounded = (p: Promise<unknown>, ms: number): Promise<unknown> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return Promise.race([p, promise]).finally(() => clearTimeout(timer));
};

export const makeNodeReconciler = (d: ReconcilerDeps): NodeReconciler => {
  const { local, facts, connections } = d;
  const { kube, signal } = local;
  const connector = makeConnector(d);
  /** By the name of the node. */
  const leases = new Map<string, { clusterID: string; uid: string | undefined; stop(): void }>();
  /** Peers of which nothing stands: what they do otherwise, as our consumers, costs no look. */
  const cleared = new Set<string>();
  const observe = makeObserver({ ...d, kube, signal, isCleared: (id) => cleared.has(id) });
  const tell = makeTell({ kube, clock: d.clock, signal, local, said: facts.node });

  const close = async (clusterID: string): Promise<void> => {
    for (const [name, lease] of leases)
      if (lease.clusterID === clusterID) {
        lease.stop();
        leases.delete(name);
      }
    await connector.close(clusterID);
  };

  /** Of a node that was made anew the lease is too: the old one goes with its owner. */
  const keepLease = (clusterID: string, node: Readonly<Node>): void => {
    const { name, uid } = node.metadata;
    const before = leases.get(name);
    if (before?.uid === uid) return;
    before?.stop();
    leases.set(name, {
      clusterID,
      uid,
      ...startNodeLease({ kube, log: local.log, holder: local.podName, signal }, node),
    });
  };

  const bound = async (clusterID: string, node: string) => {
    const session = connections.get(clusterID)?.session;
    if (session?.localPods.hasSynced && session.nodeNames.includes(node)) return session.localPods.of(node);
    return kube.list(podKind, { fieldSelector: `spec.nodeName=${node}`, signal });
  };

  const perform = async (
    w: World,
    peer: string,
    effects: readonly Effect[],
  ): Promise<VirtualNode | undefined> => {
    const name = nodeName(peer, w.pool);
    let virtualNode = w.virtualNode as VirtualNode | undefined;
    for (const e of effects)
      switch (e.do) {
        case "virtualNode":
          virtualNode = await ensureVirtualNode(d.node, w.clusterID, e);
          break;
        case "node":
          if (virtualNode) {
            const node = await ensureNode(d.node, peer, virtualNode, e);
            keepLease(w.clusterID, node);
          }
          break;
        case "evict":
          await evict(d.node, await bound(w.clusterID, name), e);
          break;
        case "drain": {
          const pods = await bound(w.clusterID, name);
          const leaving =
            e.which === "all" ? pods : beyond(pods, e.resources).filter((p) => leavesInMs(p, w.now) === 0);
          await drain({ kube, log: local.log, signal }, leaving);
          break;
        }
        case "remove":
          leases.get(name)?.stop();
          leases.delete(name);
          await remove(d.node, name);
          virtualNode = undefined;
          break;
      }
    return virtualNode;
  };

  /** Opens the connection, or renews its identity; the objects are made while the provider is probed. */
  const connect = async (all: Unit[], peer: string): Promise<Unit[]> => {
    const [{ world } = {} as Unit] = all;
    if (!world) return all;
    const { clusterID } = world;
    const opening = connector.open(world, peer, nodesOf(all, peer));
    const made = await Promise.all([
      ...all.map(async ({ plan, world: w }) => {
        const e = plan.effects.find((x) => x.do === "virtualNode");
        return e && { pool: w.pool, vn: await ensureVirtualNode(d.node, clusterID, e) };
      }),
      opening.then((s) => s && bounded(s.session.health.first, FIRST_PROBE_MS)).then(() => undefined),
    ]);
    return (await observe(clusterID)).map((w) => {
      w.virtualNode ??= made.find((m) => m?.pool === w.pool)?.vn;
      return { world: w, plan: decide(w), made: undefined };
    });
  };

  const act = async (all: Unit[], peer: string, whole: Whole, clusterID: string): Promise<void> => {
    await Promise.all(
      all.map(async (u) => {
        const effects =
          u.world.virtualNode && u.plan.effects[0]?.do === "virtualNode"
            ? skipMade(u.plan.effects, u.world.virtualNode)
            : u.plan.effects;
        u.made = await perform(u.world, peer, effects);
      }),
    );
    const sources = [...(connections.get(clusterID)?.session.twins() ?? [])].map((t) => t.source);
    if (whole.ends && all.some(({ plan }) => plan.effects.length > 0)) {
      await removeMap(d.node, peer);
      cleared.add(clusterID);
    }
    if (!whole.connect) {
      await close(clusterID);
      for (const source of sources) await withdrawAddresses(kube, source, { clusterID, signal });
    }
    await tell(all, peer, whole);
  };

  const reconcile: Reconcile = async (clusterID) => {
    let all = (await observe(clusterID)).map((world): Unit => ({
      world,
      plan: decide(world),
      made: undefined,
    }));
    const peer = all.flatMap(({ world }) => peerOf(world) ?? [])[0];
    if (!local.owns(clusterID)) {
      cleared.delete(clusterID);
      await close(clusterID);
      return {};
    }
    let whole = wholeOf(all.map((u) => u.plan));
    const idle = all.every(({ plan }) => plan.effects.length === 0);
    if (whole.connect) cleared.delete(clusterID);
    if (!peer || (!whole.connect && idle)) {
      await close(clusterID);
      if (peer) await tell(all, peer, whole);
      return whole.recheckMs === undefined ? {} : { requeueAfterMs: whole.recheckMs };
    }
    const serial = all[0]?.world.identity?.serial;
    const served = connections.get(clusterID);
    served?.session.setNodes(nodesOf(all, peer));
    if (whole.connect && (!served || served.serial !== serial)) {
      all = await connect(all, peer);
      whole = wholeOf(all.map((u) => u.plan));
    }
    // One span where a node comes or goes; the beats in between are not worth one.
    const turns = all.some(
      ({ world, plan }) => plan.effects.length > 0 && (world.node === undefined) === plan.connect,
    );
    const traceparent =
      facts.offer.get(clusterID, "outgoing")?.traceparent ??
      facts.identity.get(clusterID, "outgoing")?.traceparent;
    const work = (): Promise<void> => act(all, peer, whole, clusterID);
    if (turns) await withSpan("virtual-node", { traceparent, attributes: { peer } }, work);
    else await work();
    return whole.recheckMs === undefined ? {} : { requeueAfterMs: whole.recheckMs };
  };

  return {
    reconcile,
    keys: () => [
      ...new Set([
        ...facts.peer.list().map((f) => f.peer),
        ...facts.offer.list().map((f) => f.peer),
        ...facts.identity.list().map((f) => f.peer),
        ...d.node.virtualNodes.list().map((v) => v.spec.clusterID),
        ...connections.list().map((c) => c.clusterID),
      ]),
    ],
    publishAgain: () => {
      for (const f of facts.node.list())
        if (local.owns(f.peer))
          void local.bus.publish("node", { peer: f.peer }, f.data).catch(() => undefined); // the bus retries by itself
    },
  };
};
