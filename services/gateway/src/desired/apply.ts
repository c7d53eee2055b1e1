import { type Kernel, OVERLAY_DEVICE } from "@tideway/net";
import type { Desired } from "./index.ts";

export interface Apply {
  /** The number of lines written. */
  (d: Desired): Promise<number>;
  /** Somebody else may have changed links or routes: they are looked at the next time. */
  look(): void;
}

/**
 * Rules before routes: a way is open only when it is clear who may go there. Writes only what differs. Links and routes
 * are read anew only when others are wanted or `look` was called: most changes are pods, and wait for nobody.
 */
export const createApply = (
  kernel: Pick<Kernel, "applyLinks" | "applyNeighbours" | "applyTable" | "applyRoutes">,
): Apply => {
  let stands: string | undefined;
  const apply = async (d: Desired): Promise<number> => {
    const { lines } = await kernel.applyTable(d.table);
    const ways = JSON.stringify([d.links, d.overlay, d.routing]);
    if (ways === stands) return lines.length;
    stands = ways;
    try {
      const done = [
        await kernel.applyLinks(d.links),
        await kernel.applyNeighbours(OVERLAY_DEVICE, d.overlay),
        await kernel.applyRoutes(d.routing),
      ];
      return done.reduce((sum, a) => sum + a.lines.length, lines.length);
    } catch (err) {
      stands = undefined;
      throw err;
    }
  };
  return Object.assign(apply, {
    look: () => {
      stands = undefined;
    },
  });
};
