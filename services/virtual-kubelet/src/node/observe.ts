/** Caches, facts and connections -> Worlds. */
import { foreignClusters } from "@tideway/api";
import type { FactView } from "@tideway/bus";
import { isNotFound } from "@tideway/errors";
import { type Kube, pods as podKind } from "@tideway/k8s";
import type { Connections } from "../peers/connections.ts";
import type { Served } from "../peers/served.ts";
import type { Clock } from "../ports.ts";
import { poolsOf } from "./all.ts";
import { givenPools, isGoing, nameOf, peerOfNode, type World } from "./decide.ts";
import { beyond, leavesInMs } from "./drain.ts";
import type { NodeDeps } from "./perform.ts";

export interface Facts {
  peer: FactView<"peer">;
  offer: FactView<"offer">;
  identity: FactView<"identity">;
  network: FactView<"network">;
  tunnel: FactView<"tunnel">;
  /** Our own: what we said last, also before a restart. */
  node: FactView<"node">;
}

export interface ObserveDeps {
  kube: Kube;
  clock: Clock;
  signal: AbortSignal;
  node: NodeDeps;
  facts: Facts;
  connections: Connections;
  /** Nothing of the peer stands, as far as this replica knows. */
  isCleared(clusterID: string): boolean;
}

/** One World a node of the provider; they differ in what is of the node alone. */
export const makeObserver = (d: ObserveDeps): ((clusterID: string) => Promise<World[]>) => {
  const { kube, signal, facts, connections } = d;

  const observe = async (clusterID: string): Promise<World[]> => {
    const peer = facts.peer.get(clusterID)?.data;
    const served = connections.get(clusterID);
    const standing = d.node.virtualNodes.list().filter((v) => v.spec.clusterID === clusterID);
    const common = {
      clusterID,
      now: d.clock.now(),
      peer,
      offer: facts.offer.get(clusterID, "outgoing")?.data,
      identity: facts.identity.get(clusterID, "outgoing")?.data,
      network: facts.network.get(clusterID)?.data,
      tunnel: facts.tunnel.get(clusterID)?.data,
      foreignCluster: "unasked" as World["foreignCluster"],
      health: served?.session.health.current(),
      isCleared: d.isCleared(clusterID) && !served,
    };
    const [first] = standing;
    if (!peer && first && facts.peer.hasSynced)
      common.foreignCluster = await askForeignCluster(kube, peerOfNode(first), clusterID, signal);
    return Promise.all(
      poolsOf(common.offer, standing).map((pool) =>
        observeNode({
          ...common,
          pool,
          virtualNode: standing.find((v) => (v.spec.pool ?? "") === pool),
          node: undefined,
          pods: undefined,
        }),
      ),
    );
  };

  const observeNode = async (world: World): Promise<World> => {
    const { clusterID, virtualNode, pool } = world;
    const served = connections.get(clusterID);
    const name = nameOf(world);
    if (name) world.node = d.node.nodes.get(name);
    const holder = name && !virtualNode ? d.node.virtualNodes.get(name) : undefined;
    if (holder) {
      world.takenBy = holder.spec.clusterID;
      world.node = undefined;
    }
    if (isGoing(world) && name && !(world.isCleared && !virtualNode && !world.node))
      world.pods = await countPods(served, name);
    if (name && served?.session.localPods.hasSynced && virtualNode) {
      const given = givenPools(world.offer)?.find((p) => p.name === pool)?.resources;
      const resources = given ?? (pool === "" ? world.offer?.resources : undefined);
      const left = beyond(served.session.localPods.of(name), resources ?? virtualNode.spec.resources).map(
        (p) => leavesInMs(p, world.now),
      );
      world.beyond = left.filter((ms) => ms === 0).length;
      world.nextBeyondMs = Math.min(...left.filter((ms) => ms > 0));
    }
    return world;
  };

  const countPods = async (served: Served | undefined, node: string): Promise<number | undefined> => {
    if (served?.session.nodeNames.includes(node))
      return served.session.localPods.hasSynced ? served.session.localPods.of(node).length : undefined;
    return (await kube.list(podKind, { fieldSelector: `spec.nodeName=${node}`, signal })).length;
  };

  return observe;
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
