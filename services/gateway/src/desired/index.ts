import type { Link, NftTable, OverlayEndpoint, Routing } from "@tideway/net";
import { links, overlay, routing } from "./routing.ts";
import { table } from "./table.ts";
import type { World } from "./world.ts";

/** All that this pod's network namespace should hold beside the tunnels themselves. */
export interface Desired {
  links: Link[];
  overlay: OverlayEndpoint[];
  table: NftTable;
  routing: Routing;
}

/** Pure: the same world gives the same state, in the same order. */
export const desired = (w: World): Desired => ({
  links: links(w),
  overlay: overlay(w),
  table: table(w),
  routing: routing(w),
});
export type * from "./world.ts";
