import { afterAll, beforeAll, expect, it } from "vitest";
import { loadAppImages } from "@tideway/sandbox";
import { tideway } from "@tideway/platform";
import { ensureConnected } from "./fabric.ts";
import { databaseIn, SIDE } from "./postgres.ts";
import { dropNamespace, east, offloadedNamespace, west } from "./world.ts";

/** The nodes of both replicas lose their power, one after the other, under write load. */
const NS = "power-cut";
const db = databaseIn(NS);
/** The first ones carry the control planes. */
const HERE = east.cluster.nodes[1] ?? "";
const THERE = west.cluster.nodes[1] ?? "";
let places: Record<string, string>;

beforeAll(async () => {
  await ensureConnected();
  await Promise.all([east, west].map((s) => loadAppImages(s.cluster, ["app-postgres"])));
  await offloadedNamespace(NS);
  await tideway(east.cluster, "offload", "namespace", NS, "--wait");
  await east.cluster.kubectl("label", "node", HERE, `${SIDE}=here`, "--overwrite");
  await east.cluster.kubectl("label", "node", "west", `${SIDE}=there`, "--overwrite");
  const [first = ""] = west.cluster.nodes;
  await west.cluster.kubectl("cordon", first);
  try {
    await db.start({ replicas: 2, client: { "kubernetes.io/hostname": east.cluster.nodes[0] ?? "" } });
  } finally {
    await west.cluster.kubectl("uncordon", first);
  }
  places = await db.places();
}, 300_000);

it.each([
  ["here", east, HERE],
  ["over there", west, THERE],
] as const)(
  "loses no acknowledged write when the node %s is restarted with its volume",
  async (_where, side, node) => {
    await db.goesOn("the start");
    await side.cluster.killNode(node);
    await side.cluster.startNode(node);
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
  for (const node of [HERE, "west"])
    await east.cluster.kubectl("label", "node", node, `${SIDE}-`).catch(() => "");
});
