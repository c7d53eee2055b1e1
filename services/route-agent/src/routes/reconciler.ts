import type { Reconcile } from "@tideway/controller";
import { describeError, UnavailableError } from "@tideway/errors";
import type { Node } from "@tideway/k8s";
import { covers } from "@tideway/net";
import type { RouteAgentMetrics } from "../metrics.ts";
import { addressesOf } from "../node/addresses.ts";
import type { Inherited, Network, NodeKernel, NodeView, Plug, RouteFact, Tunnel } from "../ports.ts";
import { makeApply } from "./apply.ts";
import { type Desired, desiredOf } from "./desired.ts";

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

/** One key: the node. Reads what is known and what is there, and writes the difference. */
export const makeReconciler = (d: Deps): Reconcile => {
  const apply = makeApply(d.kernel);
  const startedMs = d.nowMs();
  let inherited: Inherited[] | undefined;
  let applied: string | undefined;
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

  const pass = async (node: Readonly<Node>): Promise<(Desired & { learning: boolean }) | undefined> => {
    const addresses = addressesOf(node);
    if (addresses === undefined) return undefined; // the kubelet has not said it yet: what is set stays
    const uplinkMtu = await d.view.mtuOf(addresses.ip);
    if (uplinkMtu === undefined)
      throw new UnavailableError(`no link of this node has its address ${addresses.ip}`);
    const tunnels = d.tunnels();
    const plugs = await plugsOf(tunnels);
    const desired = desiredOf({
      node: addresses,
      uplinkMtu,
      tunnels,
      networks: d.networks(),
      inherited: await stillInherited(tunnels),
      masqueradeMark: d.masqueradeMark,
      plugs,
    });
    const wanted = JSON.stringify(desired.state ?? null);
    const before = writes();
    await apply(desired.state);
    // what was as wanted had to be written again: somebody else had touched it
    if (wanted === applied && writes() > before) d.metrics.repaired();
    applied = wanted;
    return { ...desired, learning: plugs?.some((p) => p.learnt === undefined) ?? false };
  };

  return async (_, { log }) => {
    const again = { requeueAfterMs: d.resyncMs };
    const node = d.node();
    if (node === undefined) return again; // absence destroys nothing
    try {
      const desired = await pass(node);
      if (desired === undefined) return again;
      d.metrics.routed(desired.prefixes.length, desired.skipped.length);
      if (desired.skipped.length > 0) log.debug({ skipped: desired.skipped }, "networks not routed");
      d.publish(factOf(d.nodeName, desired));
      return desired.learning ? { requeueAfterMs: Math.min(LEARN_MS, d.resyncMs) } : again;
    } catch (err) {
      const message = describeError(err);
      d.publish({ node: d.nodeName, state: "FAILED", prefixes: [], reason: "ApplyFailed", message });
      throw err;
    }
  };
};
