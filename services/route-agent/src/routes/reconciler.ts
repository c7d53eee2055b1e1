import type { Reconcile } from "@tideway/controller";
import { describeError, UnavailableError } from "@tideway/errors";
import type { Node } from "@tideway/k8s";
import { covers } from "@tideway/net";
import type { RouteAgentMetrics } from "../metrics.ts";
import { addressesOf, type NodeAddresses } from "../node/addresses.ts";
import type { Inherited, Network, NodeKernel, NodeView, Plug, RouteFact, Tunnel } from "../ports.ts";
import { makeApply } from "./apply.ts";
import { type Desired, desiredOf, type World } from "./desired.ts";

export interface Deps {
  nodeName: string;
  node: () => Readonly<Node> | undefined;
  tunnels: () => readonly Tunnel[];
  networks: () => readonly Network[];
  view: NodeView;
  kernel: NodeKernel;
  masqueradeMark: number;
  resyncMs: number;
  inheritMs: number;
  nowMs: () => number;
  metrics: RouteAgentMetrics;
  /** Says the fact; never waits for the bus, since routes go on without it. */
  publish: (fact: RouteFact) => void;
}

const factOf = (node: string, { prefixes, skipped }: Desired): RouteFact => ({
  node,
  state: skipped.length === 0 ? "READY" : "FAILED",
  prefixes,
  reason: skipped.length === 0 ? "Routed" : "PrefixRefused",
  message: skipped.map((s) => `${s.prefix} ${s.reason}`).join("; "),
});

const tellsOf =
  ({ prefix }: Inherited) =>
  (tunnel: Tunnel): boolean =>
    tunnel.prefixes.some((p) => {
      try {
        return covers(p, prefix);
      } catch {
        return false; // no network: refused by name where ways are chosen
      }
    });

/** How soon a bridge is asked again that does not know yet where a gateway is, ms. */
const LEARN_MS = 1_000;

/** What a look at the node tells, by what it was looked at for. */
interface Seen {
  key: string;
  uplinkMtu: number;
  plugs: Plug[] | undefined;
}

export interface NodeReconciler {
  /** One key: the node. */
  reconcile: Reconcile;
  /** Somebody may have changed the node: the next pass looks at it. */
  touched(): void;
}

/**
 * Reads what is known and what is there, and writes the difference. What is there is read when it may be another: when it
 * was touched, when a gateway is another, and now and then.
 */
export const makeReconciler = (d: Deps): NodeReconciler => {
  const apply = makeApply(d.kernel);
  const startedMs = d.nowMs();
  let inherited: Inherited[] | undefined;
  let applied: string | undefined;
  let seen: Seen | undefined;
  let lookAtMs = -Infinity;
  let touched = false;
  const writes = (): number => Object.values(d.kernel.writes).reduce((sum, n) => sum + n, 0);

  /** Once a fact tells of a route, it is no longer inherited, whatever the fact says later. */
  const stillInherited = async (tunnels: readonly Tunnel[]): Promise<Inherited[]> => {
    inherited ??= await d.view.routes();
    if (d.nowMs() - startedMs >= d.inheritMs) inherited = [];
    inherited = inherited.filter((route) => !tunnels.some(tellsOf(route)));
    return inherited;
  };

  const plugsOf = async (tunnels: readonly Tunnel[]): Promise<Plug[] | undefined> => {
    if (!(await d.kernel.forwardsAtEgress())) return undefined;
    return d.view.plugs([...new Set(tunnels.map((t) => t.gatewayIp).filter((ip) => ip !== ""))]);
  };

  const look = async (address: string, tunnels: readonly Tunnel[]): Promise<Seen> => {
    const key = JSON.stringify([address, tunnels.map((t) => [t.gateway, t.gatewayIp])]);
    if (seen?.key === key) return seen;
    const uplinkMtu = await d.view.mtuOf(address);
    if (uplinkMtu === undefined)
      throw new UnavailableError(`no link of this node has its address ${address}`);
    return (seen = { key, uplinkMtu, plugs: await plugsOf(tunnels) });
  };

  const observe = async (node: NodeAddresses): Promise<World> => {
    const tunnels = d.tunnels();
    const { uplinkMtu, plugs } = await look(node.ip, tunnels);
    const inherited = await stillInherited(tunnels);
    const { masqueradeMark } = d;
    return { node, uplinkMtu, tunnels, networks: d.networks(), inherited, masqueradeMark, plugs };
  };

  const pass = async (node: Readonly<Node>): Promise<Desired | undefined> => {
    const addresses = addressesOf(node);
    if (addresses === undefined) return undefined; // the kubelet has not said it yet: what is set stays
    const looks = touched || d.nowMs() >= lookAtMs;
    const lookNextMs = looks ? d.nowMs() + d.resyncMs : lookAtMs;
    touched = false;
    if (looks) seen = undefined;
    lookAtMs = -Infinity; // until all went well
    const world = await observe(addresses);
    const desired = desiredOf(world);
    const wanted = JSON.stringify(desired.state ?? null);
    if (looks || wanted !== applied) {
      const before = writes();
      await apply(desired.state);
      // what was as wanted had to be written again: somebody else had touched it
      if (wanted === applied && writes() > before) d.metrics.repaired();
      applied = wanted;
    }
    const learning = world.plugs?.some((p) => p.learnt === undefined) ?? false;
    lookAtMs = learning ? Math.min(lookNextMs, d.nowMs() + LEARN_MS) : lookNextMs;
    return desired;
  };

  const reconcile: Reconcile = async (_, { log }) => {
    const again = { requeueAfterMs: d.resyncMs };
    const node = d.node();
    if (node === undefined) return again; // absence destroys nothing
    try {
      const desired = await pass(node);
      if (desired === undefined) return again;
      d.metrics.routed(desired.prefixes.length, desired.skipped.length);
      if (desired.skipped.length > 0) log.debug({ skipped: desired.skipped }, "networks not routed");
      d.publish(factOf(d.nodeName, desired));
      return { requeueAfterMs: Math.max(0, lookAtMs - d.nowMs()) };
    } catch (err) {
      const message = describeError(err);
      d.publish({ node: d.nodeName, state: "FAILED", prefixes: [], reason: "ApplyFailed", message });
      throw err;
    }
  };

  return { reconcile, touched: () => void (touched = true) };
};
