import { afterAll, beforeAll, expect, it } from "vitest";
import { createNamespaces, type Namespaces } from "@tideway/net/testing";
import { binaries, until } from "@tideway/sandbox";
import { createFabric, FIRST_PORT, newKeys, peer, type Side } from "./fabric.ts";
import { createLook } from "./look.ts";

const EAST_SEES = { pods: "10.61.0.0/16", external: "10.62.0.0/16" };
const WEST_SEES = { pods: "10.71.0.0/16", external: "10.72.0.0/16" };
const POD = 10;
/** Traffic flows again within this, in ms. */
const LIMIT_MS = 3_000;

let spaces: Namespaces;
let fabric: ReturnType<typeof createFabric>;
let look: ReturnType<typeof createLook>;
let east: Side;
let west: Side;
const keys = { generation: 1, a: newKeys(), b: newKeys() };

const peerBoth = (): void =>
  peer({
    a: east,
    b: west,
    aSeesB: EAST_SEES,
    bSeesA: WEST_SEES,
    aPort: FIRST_PORT,
    bPort: FIRST_PORT,
    keys: [keys],
    // West knows no address of east's: the one behind the NAT has to call again.
    endpoints: { a: "" },
    consumer: "a",
  });

beforeAll(async () => {
  spaces = createNamespaces();
  look = createLook(spaces);
  fabric = createFabric(spaces, await binaries.wireguardGo());
  [east, west] = await Promise.all([
    fabric.add("east", [POD], { behindNat: true }),
    fabric.add("west", [POD]),
  ]);
  peerBoth();
  east.told.offloaded = ["shop"];
  east.told.pods = [
    { namespace: "shop", ip: `10.200.0.${POD}`, node: "east-1" },
    { namespace: "shop", ip: `10.61.0.${POD}`, node: "west" },
  ];
  west.told.guests = [{ namespace: "tideway-east--shop", ip: `10.200.0.${POD}`, node: "", origin: "east" }];
  await fabric.routeNode(east, Object.values(EAST_SEES));
  await fabric.routeNode(west, Object.values(WEST_SEES));
  await Promise.all([east.tell(), west.tell()]);
  await Promise.all([look.connected(east, "west"), look.connected(west, "east")]);
});
afterAll(async () => {
  await fabric.close();
  spaces.removeAll();
});

it("a gateway that ends without a word is followed by another one at the same place within 3 s", async () => {
  await west.process.end("SIGKILL");
  const at = performance.now();
  await fabric.again(west);
  await west.tell();
  await until(() => Promise.resolve(look.ping(east.pod(POD), `10.61.0.${POD}`, "-W", "0.2")), {
    what: "traffic again",
    everyMs: 50,
    timeoutMs: 8_000,
    explain: () => look.explain(west),
  });
  expect(performance.now() - at).toBeLessThan(LIMIT_MS);
});
