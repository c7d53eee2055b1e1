import { foreignClusters, type VirtualNode } from "@tideway/api";
import type { FactView } from "@tideway/bus";
import type { Reconcile } from "@tideway/controller";
import { isNotFound } from "@tideway/errors";
import { type Kube, type Node, pods as podKind } from "@tideway/k8s";
import type { FactOf } from "@tideway/protos";
import type { Connections } from "../peers/connections.ts";
import type { Served, ServedDeps } from "../peers/served.ts";
import { makeConnector } from "./connect.ts";
import { currentTraceparent, withSpan } from "@tideway/telemetry/tracing";
import { decide, type Effect, nameOf, type Plan, whyLeave, type World } from "./decide.ts";
import { skipMade } from "./diff.ts";
import { startNodeLease } from "./lease.ts";
import { ensureNode, ensureVirtualNode, evict, type NodeDeps, remove } from "./perform.ts";
import { beyond, drain } from "./drain.ts";
import { createForeignClusterReport, reportVirtualNode, tellNode } from "./report.ts";

export interface Facts {
  peer: FactView<"peer">;
  offer: FactView<"offer">;
  identity: FactView<"identity">;
  network: FactView<"network">;
  tunnel: FactView<"tunnel">;
  /** Our own: what we said last, also before a restart. */
  node: FactView<"node">;
}

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

const bounded = (p: Promise<unknown>, ms: number): Promise<unknown> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return Promise.race([p, promise]).finally(() => clearTimeout(timer));
};

export const makeNodeReconciler = (d: ReconcilerDeps): NodeReconciler => {
  const { local, facts, connections } = d;
  const { kube, signal } = local;
  const report = createForeignClusterReport({ kube, clock: d.clock, signal });
  const connector = makeConnector(d);
  const leases = new Map<string, { uid: string | undefined; stop(): void }>();
  /** Peers of which nothing stands: what they do otherwise, as our consumers, costs no look. */
  const cleared = new Set<string>();

  const observe = async (clusterID: string): Promise<World> => {
    const peer = facts.peer.get(clusterID)?.data;
    const served = connections.get(clusterID);
    const virtualNode = d.node.virtualNodes.list().find((v) => v.spec.clusterID === clusterID);
    const world: World = {
      clusterID,
      now: d.clock.now(),
      peer,
      offer: facts.offer.get(clusterID, "outgoing")?.data,
      identity: facts.identity.get(clusterID, "outgoing")?.data,
      network: facts.network.get(clusterID)?.data,
      tunnel: facts.tunnel.get(clusterID)?.data,
      foreignCluster: "unasked",
      virtualNode,
      node: undefined,
      health: served?.session.health.current(),
      pods: undefined,
      isCleared: cleared.has(clusterID) && !served,
    };
    const name = nameOf(world);
    if (name) world.node = d.node.nodes.get(name);
    if (!peer && virtualNode && name && facts.peer.hasSynced)
      world.foreignCluster = await askForeignCluster(kube, name, clusterID, signal);
    if (whyLeave(world) && name && !(world.isCleared && !virtualNode && !world.node))
      world.pods = await countPods(served, name);
    if (served?.session.localPods.hasSynced && virtualNode)
      world.beyond = beyond(
        served.session.localPods.list(),
        world.offer?.resources ?? virtualNode.spec.resources,
      ).length;
    return world;
  };

  const countPods = async (served: Served | undefined, node: string): Promise<number | undefined> => {
    if (served) return served.session.localPods.hasSynced ? served.session.localPods.size : undefined;
    return (await kube.list(podKind, { fieldSelector: `spec.nodeName=${node}`, signal })).length;
  };

  const close = async (clusterID: string, name: string | undefined): Promise<void> => {
    if (name) {
      leases.get(name)?.stop();
      leases.delete(name);
    }
    await connector.close(clusterID);
  };

  /** Of a node that was made anew the lease is too: the old one goes with its owner. */
  const keepLease = (name: string, node: Readonly<Node>): void => {
    const { uid } = node.metadata;
    const before = leases.get(name);
    if (before?.uid === uid) return;
    before?.stop();
    leases.set(name, {
      uid,
      ...startNodeLease({ kube, log: local.log, holder: local.podName, signal }, node),
    });
  };

  const bound = async (clusterID: string, node: string) => {
    const served = connections.get(clusterID);
    if (served?.session.localPods.hasSynced) return served.session.localPods.list();
    return kube.list(podKind, { fieldSelector: `spec.nodeName=${node}`, signal });
  };

  const perform = async (
    w: World,
    name: string,
    effects: readonly Effect[],
  ): Promise<VirtualNode | undefined> => {
    let virtualNode = w.virtualNode as VirtualNode | undefined;
    for (const e of effects)
      switch (e.do) {
        case "virtualNode":
          virtualNode = await ensureVirtualNode(d.node, w.clusterID, e);
          break;
        case "node":
          if (virtualNode) {
            const node = await ensureNode(d.node, virtualNode, e);
            keepLease(name, node);
          }
          break;
        case "evict":
          await evict(d.node, await bound(w.clusterID, name), e);
          break;
        case "drain": {
          const pods = await bound(w.clusterID, name);
          const leaving = e.which === "all" ? pods : beyond(pods, e.resources);
          await drain({ kube, log: local.log, signal }, leaving);
          break;
        }
        case "remove":
          leases.get(name)?.stop();
          leases.delete(name);
          await remove(d.node, name);
          cleared.add(w.clusterID);
          virtualNode = undefined;
          break;
      }
    return virtualNode;
  };

  const publish = async (
    w: World,
    name: string,
    state: FactOf["node"]["state"],
    reason: string,
    virtualNode: VirtualNode | undefined,
  ): Promise<void> => {
    const before = facts.node.get(w.clusterID)?.data;
    if (state === "GONE" && (!before || before.state === "GONE") && !w.virtualNode && !w.node) return; // nobody was ever told of it
    const resources = virtualNode?.spec.resources ?? {};
    await local.bus.publish(
      "node",
      { peer: w.clusterID },
      { clusterId: w.clusterID, name, nodeName: name, state, resources, reason },
      { traceparent: currentTraceparent() },
    );
    if (before?.state === state) return;
    local.log.info({ peer: name, state, reason }, "virtual node changed");
    const type = state === "NOT_READY" ? "Warning" : "Normal";
    const words = {
      READY: "NodeReady",
      NOT_READY: "NodeNotReady",
      DRAINING: "NodeDraining",
      GONE: "NodeRemoved",
    } as const;
    await tellNode(
      { kube, clock: d.clock, signal },
      name,
      type,
      words[state],
      `virtual node of cluster ${name}: ${reason}`,
    );
  };

  const tell = async (
    w: World,
    name: string,
    plan: Plan,
    virtualNode: VirtualNode | undefined,
  ): Promise<void> => {
    const told =
      facts.node.get(w.clusterID) !== undefined || w.virtualNode !== undefined || plan.fact?.state !== "GONE";
    const node = plan.effects.find((e) => e.do === "node");
    // A node that goes is left to go: a status written now would only race with its deletion.
    const here = virtualNode && node && !plan.effects.some((e) => e.do === "remove");
    await Promise.all([
      plan.fact ? publish(w, name, plan.fact.state, plan.fact.reason, virtualNode) : undefined,
      plan.condition && told ? report(name, plan.condition) : undefined,
      here
        ? reportVirtualNode(
            { kube, clock: d.clock, signal },
            virtualNode,
            node.ready,
            node.reason,
            node.message,
          )
        : undefined,
    ]);
  };

  const reconcile: Reconcile = async (clusterID) => {
    let world = await observe(clusterID);
    const name = nameOf(world);
    if (!local.owns(clusterID)) {
      cleared.delete(clusterID);
      await close(clusterID, name);
      return {};
    }
    let plan = decide(world);
    if (plan.connect) cleared.delete(clusterID);
    if (!name || (!plan.connect && plan.effects.length === 0)) {
      await close(clusterID, name);
      if (name) await tell(world, name, plan, undefined);
      return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
    }
    if (
      plan.connect &&
      (!connections.get(clusterID) || connections.get(clusterID)?.serial !== world.identity?.serial)
    ) {
      const first = plan.effects.find((e) => e.do === "virtualNode");
      // The object is made while the provider is probed: both are on the way to a Ready node.
      const [virtualNode] = await Promise.all([
        first ? ensureVirtualNode(d.node, clusterID, first) : undefined,
        connector.open(world, name).then((s) => s && bounded(s.session.health.first, FIRST_PROBE_MS)),
      ]);
      world = await observe(clusterID);
      if (virtualNode && !world.virtualNode) world.virtualNode = virtualNode;
      plan = decide(world);
    }
    const effects =
      world.virtualNode && plan.effects[0]?.do === "virtualNode"
        ? skipMade(plan.effects, world.virtualNode)
        : plan.effects;
    const act = async (): Promise<void> => {
      const virtualNode = await perform(world, name, effects);
      if (!plan.connect) await close(clusterID, name);
      await tell(world, name, plan, virtualNode);
    };
    // One span where the node comes or goes; the beats in between are not worth one.
    const turns = (world.node === undefined) === plan.connect;
    const traceparent =
      facts.offer.get(clusterID, "outgoing")?.traceparent ??
      facts.identity.get(clusterID, "outgoing")?.traceparent;
    if (turns && effects.length > 0)
      await withSpan("virtual-node", { traceparent, attributes: { peer: name } }, act);
    else await act();
    return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
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

/** The bus is silent about a peer whose node stands: the custom resource is the truth. */
const askForeignCluster = async (
  kube: Kube,
  name: string,
  clusterID: string,
  signal: AbortSignal,
): Promise<World["foreignCluster"]> => {
  try {
    const found = await kube.get(foreignClusters, name, undefined, { signal });
    return found.spec.clusterID === clusterID ? "present" : "gone";
  } catch (err) {
    if (isNotFound(err)) return "gone";
    throw err;
  }
};
