import { afterAll, beforeAll, expect, it } from "vitest";
import { loadAppImages } from "@tideway/sandbox";
import { tideway } from "@tideway/platform";
import { ensureConnected } from "./fabric.ts";
import { databaseIn, SIDE } from "./postgres.ts";
import { dropNamespace, east, offloadedNamespace, type Side, west } from "./world.ts";

/** The nodes of both replicas lose their power, one after the other, under write load. */
const NS = "power-cut";
const db = databaseIn(NS);
const added = new Map<Side, string>();
let places: Record<string, string>;

beforeAll(async () => {
  await ensureConnected();
  await Promise.all([east, west].map((s) => loadAppImages(s.cluster, ["app-postgres"])));
  for (const s of [east, west]) added.set(s, await s.cluster.addNode());
  await offloadedNamespace(NS);
  await tideway(east.cluster, "offload", "namespace", NS, "--wait");
  // only the added nodes will do: the first ones carry the control planes
  await east.cluster.kubectl("label", "node", added.get(east) ?? "", `${SIDE}=here`, "--overwrite");
  await east.cluster.kubectl("label", "node", "west", `${SIDE}=there`, "--overwrite");
  const [first = ""] = west.cluster.nodes;
  await west.cluster.kubectl("cordon", first);
  await db.start({ replicas: 2, client: { "kubernetes.io/hostname": east.cluster.nodes[0] ?? "" } });
  await west.cluster.kubectl("uncordon", first);
  places = await db.places();
}, 400_000);

it.each([
  ["here", () => east],
  ["over there", () => west],
] as const)(
  "loses no acknowledged write when the node %s is restarted with its volume",
  async (_where, side) => {
    const node = added.get(side()) ?? "";
    await db.goesOn("the start");
    await side().cluster.killNode(node);
    await side().cluster.startNode(node);
    await db.goesOn(`the restart of ${node}`);
    await db.ready();
    await db.holdsAll("db-0.db");
    await db.holdsAll("db-1.db");
    expect(await db.places()).toEqual(places);
  },
  240_000,
);

afterAll(async () => {
  await dropNamespace(NS);
  await east.cluster.kubectl("label", "node", "west", `${SIDE}-`).catch(() => "");
  for (const [s, node] of added) await s.cluster.removeNode(node, { drain: false }).catch(() => undefined);
}, 120_000);
