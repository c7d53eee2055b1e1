/** What others are told of the nodes of a provider: fact, conditions, Events. */
import { nodeName, type VirtualNode } from "@tideway/api";
import type { FactView } from "@tideway/bus";
import { formatList, parseList, sumLists } from "@tideway/quantity";
import { currentTraceparent } from "@tideway/telemetry/tracing";
import type { Local } from "../ports.ts";
import type { Whole } from "./all.ts";
import type { Plan, World } from "./decide.ts";
import {
  createForeignClusterReport,
  makeOfferTeller,
  makeTeller,
  type ReportDeps,
  reportVirtualNode,
} from "./report.ts";

/** One node, what is to be done about it, and its object after that. */
export interface Unit {
  world: World;
  plan: Plan;
  made: VirtualNode | undefined;
}

export interface TellDeps extends ReportDeps {
  local: Pick<Local, "bus" | "log">;
  /** Our own facts: what we said last, also before a restart. */
  said: FactView<"node">;
}

export const makeTell = (d: TellDeps): ((all: Unit[], peer: string, whole: Whole) => Promise<void>) => {
  const { local, said } = d;
  const report = createForeignClusterReport(d);
  const told = makeTeller(d);
  const offerTold = makeOfferTeller(d);
  const publish = async (all: Unit[], peer: string, whole: Whole): Promise<void> => {
    const [{ world: w } = {} as Unit] = all;
    if (!whole.fact || !w) return;
    const { state, reason } = whole.fact;
    const before = said.get(w.clusterID)?.data;
    const stands = all.some(({ world }) => world.virtualNode ?? world.node);
    if (state === "GONE" && (!before || before.state === "GONE") && !stands) return; // nobody was ever told of it
    const resources = sumLists(all.map((u) => parseList(u.made?.spec.resources ?? {})));
    await local.bus.publish(
      "node",
      { peer: w.clusterID },
      {
        clusterId: w.clusterID,
        name: peer,
        nodeName: nodeName(peer, all.some((u) => u.world.pool === "") ? "" : w.pool),
        state,
        resources: formatList(resources),
        reason,
      },
      { traceparent: currentTraceparent() },
    );
    if (before?.state !== state) local.log.info({ peer, state, reason }, "virtual node changed");
    for (const { world, plan } of all)
      if (plan.fact) await told(nodeName(peer, world.pool), plan.fact, before?.state);
  };

  const tell = async (all: Unit[], peer: string, whole: Whole): Promise<void> => {
    const [first] = all;
    const isKnown =
      all.some(({ world }) => world.virtualNode) ||
      (first && said.get(first.world.clusterID) !== undefined) ||
      whole.fact?.state !== "GONE";
    await Promise.all([
      ...all.map(({ world, plan }) =>
        world.virtualNode ? offerTold(peer, nodeName(peer, world.pool), plan.word) : undefined,
      ),
      publish(all, peer, whole),
      whole.condition && isKnown ? report(peer, whole.condition) : undefined,
      ...all.map(({ plan, made }) => {
        const node = plan.effects.find((e) => e.do === "node");
        // A node that goes is left to go: a status written now would only race with its deletion.
        if (!made || !node || plan.effects.some((e) => e.do === "remove")) return undefined;
        const { ready, reason, message } = node;
        return reportVirtualNode(d, made, ready, reason, message);
      }),
    ]);
  };

  return tell;
};
