import { type Kernel, OVERLAY_DEVICE } from "@tideway/net";
import type { Desired } from "./index.ts";

/** Rules before routes: a way is open only when it is clear who may go there. Writes only what differs. */
export const apply = async (
  kernel: Pick<Kernel, "applyLinks" | "applyNeighbours" | "applyTable" | "applyRoutes">,
  d: Desired,
): Promise<number> => {
  const done = [
    await kernel.applyTable(d.table),
    await kernel.applyLinks(d.links),
    await kernel.applyNeighbours(OVERLAY_DEVICE, d.overlay),
    await kernel.applyRoutes(d.routing),
  ];
  return done.reduce((sum, { lines }) => sum + lines.length, 0);
};
