import { OVERLAY_DEVICE } from "@tideway/net";
import type { NodeKernel } from "../ports.ts";
import { EMPTY_ROUTING, type NodeState } from "./desired.ts";
import { NODE_TABLE } from "./table.ts";

/** Takes everything of ours off the node, routes first; absent is fine. */
export const clean = async (kernel: NodeKernel): Promise<void> => {
  await kernel.applyRoutes(EMPTY_ROUTING);
  await kernel.removeTable(NODE_TABLE);
  await kernel.removeTable(NODE_TABLE, "netdev");
  await kernel.removeLink(OVERLAY_DEVICE);
};

/**
 * Brings the node to a state. What a packet needs is there before a route sends one: device, translation, neighbours,
 * then routes; the neighbours that no route uses any more go last, so that a gateway that moves loses nothing here.
 */
export const makeApply = (kernel: NodeKernel): ((state: NodeState | undefined) => Promise<void>) => {
  let before: NodeState["endpoints"] = [];
  return async (state) => {
    if (state === undefined) {
      await clean(kernel);
      before = [];
      return;
    }
    await kernel.applyLinks(state.links);
    const leaving = before.filter(({ address }) => !state.endpoints.some((e) => e.address === address));
    await Promise.all([
      kernel.applyTable(state.table),
      kernel.applyNeighbours(OVERLAY_DEVICE, [...state.endpoints, ...leaving]),
    ]);
    await kernel.applyRoutes(state.routing);
    if (state.shortcut) await kernel.applyTable(state.shortcut);
    if (leaving.length > 0) await kernel.applyNeighbours(OVERLAY_DEVICE, state.endpoints);
    before = state.endpoints;
  };
};
