import { afterAll, beforeAll, expect, it } from "vitest";
import { createNamespaces, type Namespaces } from "@tideway/net/testing";
import { binaries, until } from "@tideway/sandbox";
import { createFabric, FIRST_PORT, newKeys, peer, type Side } from "./fabric.ts";
import { createLook } from "./look.ts";

const EAST_SEES = { pods: "10.61.0.0/16", external: "10.62.0.0/16" };
const WEST_SEES = { pods: "10.71.0.0/16", external: "10.72.0.0/16" };
const POD = 10;
/** How soon is the bench's to say; a gateway that only looks again by its calm clock is far beyond this. */
const PATIENCE_MS = 8_000;

let spaces: Namespaces;
let fabric: ReturnType<typeof createFabric>;
let look: ReturnType<typeof createLook>;
let east: Side;
let west: Side;
const keys = { generation: 1, a: newKeys(), b: newKeys() };

const peerAt = (endpoint: string): void =>
  peer({
    a: east,
    b: west,
    aSeesB: EAST_SEES,
    bSeesA: WEST_SEES,
    aPort: FIRST_PORT,
    bPort: FIRST_PORT,
    keys: [keys],
    // West knows no address of east's: it waits to be called, and cannot tell east by calling from its new one.
    endpoints: { a: "", b: endpoint },
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
  peerAt(`${west.nodeIP}:${FIRST_PORT}`);
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

it("a peer that has another address is called there, and traffic flows again", async () => {
  expect(look.reaches(east.pod(POD), `10.61.0.${POD}`)).toBe(true);
  const address = "172.31.0.77";
  // The old address stays the node's name inside of its cluster, and leads nowhere outside.
  const gone = `table ip gone {
    chain in { type filter hook prerouting priority -300; iifname "up0" ip daddr ${west.nodeIP} drop; }
    chain out { type filter hook postrouting priority 300; oifname "up0" ip saddr ${west.nodeIP} drop; }
  }`;
  spaces.run(west.node, "nft", gone);
  spaces.run(west.node, "ip", "addr", "del", `${west.nodeIP}/24`, "dev", "up0");
  spaces.run(west.node, "ip", "addr", "add", `${west.nodeIP}/32`, "dev", "lo");
  spaces.run(west.node, "ip", "addr", "add", `${address}/24`, "dev", "up0");
  expect(look.ping(east.pod(POD), `10.61.0.${POD}`, "-W", "0.3")).toBe(false);
  peerAt(`${address}:${FIRST_PORT}`);
  await east.tell();
  await until(() => Promise.resolve(look.ping(east.pod(POD), `10.61.0.${POD}`, "-W", "0.2")), {
    what: "the way to the new address",
    everyMs: 50,
    timeoutMs: PATIENCE_MS,
    explain: () => look.explain(east),
  });
  expect(look.reaches(west.pod(POD), `10.71.0.${POD}`)).toBe(true);
});

it("a gateway that ends without a word is followed by another one at the same place", async () => {
  await west.process.end("SIGKILL");
  await fabric.again(west);
  await west.tell();
  await until(() => Promise.resolve(look.ping(east.pod(POD), `10.61.0.${POD}`, "-W", "0.2")), {
    what: "traffic again",
    everyMs: 50,
    timeoutMs: PATIENCE_MS,
    explain: () => look.explain(west),
  });
});

it("a call that came too early and was led astray on the way is made from another port", async () => {
  const address = "172.31.0.78";
  // As a node does of whose kube-proxy has not heard yet: who calls is sent to nobody, and so is the same call later.
  const nobody = "10.200.0.99";
  const late = `table ip late {
    chain in { type nat hook prerouting priority -101; ip daddr ${address} udp dport ${FIRST_PORT} dnat to ${nobody}; }
  }`;
  spaces.run(west.node, "nft", late);
  spaces.run(west.node, "ip", "addr", "add", `${address}/24`, "dev", "up0");
  const astray = (): string =>
    spaces.run(west.node, "conntrack", "-L", "-p", "udp", "--orig-dst", address, "--reply-src", nobody);
  peerAt(`${address}:${FIRST_PORT}`);
  await east.tell();
  await until(() => Promise.resolve(astray().includes(address)), { what: "a call led astray", everyMs: 10 });
  spaces.run(west.node, "nft", "delete", "table", "ip", "late");
  await until(() => Promise.resolve(look.ping(east.pod(POD), `10.61.0.${POD}`, "-W", "0.2")), {
    what: "the way to the new address",
    everyMs: 50,
    timeoutMs: PATIENCE_MS,
    explain: () => look.explain(east),
  });
  expect(astray()).toContain(address);
  expect(look.reaches(west.pod(POD), `10.71.0.${POD}`)).toBe(true);
});
