import { until } from "@tideway/sandbox";
import { daemonSets } from "../src/end/leaving.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GATEWAY_IP, OTHER_GATEWAY_IP, PEER_POD, POD_IP } from "./lan.ts";
import { NODE, startWorld, type World } from "./world.ts";

let w: World;
let untouched: string;
beforeAll(async () => {
  w = await startWorld();
  untouched = w.lan.snapshot();
  await w.addDaemonSet();
  await w.start();
});
afterAll(() => w?.stop());

const reaches = (what: string): Promise<true> =>
  until(() => Promise.resolve(w.lan.ping("pod", PEER_POD) && (true as const)), { what });
const said = (state: string): Promise<true> =>
  until(() => Promise.resolve(w.said.get("local", NODE)?.data.state === state && (true as const)), {
    what: `route fact ${state}`,
  });
const routes = (): string => w.lan.run("node", "ip", "route", "show", "table", "6091");
const writes = (): Promise<number> => w.metric("tideway_kernel_writes_total");

test("a node without peers has nothing of Tideway on it", async () => {
  await said("READY");
  expect(w.lan.snapshot()).toBe(untouched);
});

test("a tunnel's fact opens the way, and the node says so", async () => {
  await w.tunnel();
  await reaches("the peer's pod");
  await until(async () => w.said.get("local", NODE)?.data.prefixes.includes("10.81.0.0/16"), {
    what: "the prefix in the route fact",
  });
  w.lan.sources("gateway");
  w.lan.ping("pod", PEER_POD);
  expect(w.lan.sources("gateway")).toEqual([POD_IP]);
});

test.each([
  ["the rule", ["ip", "rule", "del", "priority", "6091"]],
  ["the routes", ["ip", "route", "flush", "table", "6091"]],
  ["the device", ["ip", "link", "del", "tideway"]],
  ["the device's state", ["ip", "link", "set", "tideway", "down"]],
  ["a neighbour", ["ip", "neigh", "del", GATEWAY_IP, "dev", "tideway"]],
  ["the translation", ["nft", "delete", "table", "ip", "tideway-node"]],
  ["all of nftables", ["nft", "flush", "ruleset"]],
])("what others remove is set again: %s", async (_, command) => {
  const before = await w.metric("tideway_route_agent_repairs_total");
  w.lan.run("node", ...command);
  await until(async () => (await w.metric("tideway_route_agent_repairs_total")) > before, {
    what: "the repair",
  });
  await reaches("the peer's pod after the repair");
  expect(w.lan.run("node", "nft", "list", "tables")).toContain("tideway-node");
});

test("a gateway that moves takes the routes along", async () => {
  await w.tunnel({ gatewayIp: OTHER_GATEWAY_IP });
  await until(async () => routes().includes(OTHER_GATEWAY_IP), { what: "the route to the other gateway" });
  await reaches("the peer's pod by the other gateway");
  await w.tunnel();
  await until(async () => routes().includes(GATEWAY_IP), { what: "the route back" });
});

test("a bus and an API server that are away change nothing, and repairs go on", async () => {
  await Promise.all([w.nats.kill(), w.api.kill()]);
  w.lan.run("node", "ip", "route", "flush", "table", "6091");
  await reaches("the peer's pod");
  await w.nats.start({ wipe: true });
  await w.api.start();
  await reaches("the peer's pod");
});

test("an agent that ends for a restart leaves all in place, and the next one writes nothing", async () => {
  await w.end();
  expect(w.lan.ping("pod", PEER_POD)).toBe(true);
  const left = routes();
  // the bus has lost its storage and the gateway has not spoken again: what was left stands
  await w.start();
  await until(async () => (await w.metric("tideway_route_agent_prefixes")) > 0, { what: "a first pass" });
  expect(routes()).toBe(left);
  await w.tunnel();
  await w.tunnel({ clusterId: "north", prefixes: [] }); // a fact that changes nothing wakes the agent too
  await until(async () => w.said.get("local", NODE)?.data.state === "READY", { what: "the fact" });
  expect(await writes()).toBe(0);
});

test("a network that would harm the node is refused, says so, and the others go on", async () => {
  await w.tunnel({ clusterId: "north", prefixes: ["0.0.0.0/0"] });
  await said("FAILED");
  expect(w.said.get("local", NODE)?.data.message).toContain("0.0.0.0/0 holds this node's address");
  await reaches("the peer's pod");
  await w.tunnel({ clusterId: "north", state: "GONE", prefixes: [] });
  await said("READY");
});

test("after the last tunnel nothing is left", async () => {
  await w.tunnel({ state: "GONE" });
  await until(async () => w.lan.snapshot() === untouched, { what: "the node as it was" });
});

test("uninstalling leaves nothing, though a tunnel still stands", async () => {
  await w.tunnel();
  await reaches("the peer's pod");
  await w.kube.delete(daemonSets, "route-agent", "tideway-network");
  await w.end();
  expect(w.lan.snapshot()).toBe(untouched);
});
