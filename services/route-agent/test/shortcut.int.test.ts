/** A gateway's pod at a bridge, as the bridge plugin plugs it in: what its packets look like when they come to it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { silentLogger } from "@tideway/log";
import { createKernel, type Kernel } from "@tideway/net";
import { createNamespaces, type Namespaces } from "@tideway/net/testing";
import { afterAll, beforeEach, expect, test } from "vitest";
import { createNodeView } from "../src/node/view.ts";
import { clean, makeApply } from "../src/routes/apply.ts";
import { desiredOf } from "../src/routes/desired.ts";
import { network, tunnel, world } from "../src/routes/fixtures.ts";
import { CLUSTER_PODS, gatewaySide, NODE_IP, PEER_POD, PEER_PODS, POD_CIDR, POD_IP } from "./lan.ts";

const GATEWAY_IP = "10.200.1.7";
const MIB = 16;
const stopping = new AbortController();
let spaces: Namespaces;
let node: string;
let pod: string;
let gateway: string;
let kernel: Kernel;
let apply: ReturnType<typeof makeApply>;

const plugIn = (name: string, address: string): string => {
  const ns = spaces.add(name);
  spaces.run(node, "ip", "link", "add", `v${name}`, "type", "veth", "peer", "name", "eth0", "netns", ns);
  spaces.run(node, "ip", "link", "set", `v${name}`, "master", "cni0", "up");
  spaces.run(ns, "ip", "addr", "add", `${address}/24`, "dev", "eth0");
  spaces.run(ns, "ip", "link", "set", "eth0", "up");
  spaces.run(ns, "ip", "route", "add", "default", "via", "10.200.1.1");
  return ns;
};
const gatewayIn = async (name: string): Promise<string> => {
  const ns = plugIn(name, GATEWAY_IP);
  for (const s of ["ip_forward=1", "conf.all.rp_filter=0", "conf.default.rp_filter=0"])
    spaces.run(ns, "sysctl", "-qw", `net.ipv4.${s}`);
  spaces.run(ns, "ip", "addr", "add", `${PEER_POD}/32`, "dev", "lo");
  await gatewaySide(ns, GATEWAY_IP, stopping.signal);
  return ns;
};
const makeBridge = (): void => {
  spaces.run(node, "ip", "link", "add", "cni0", "type", "bridge");
  spaces.run(node, "ip", "addr", "add", "10.200.1.1/24", "dev", "cni0");
  spaces.run(node, "ip", "link", "set", "cni0", "up");
};
const ping = (from: string, to: string): void =>
  void spaces.run(from, "ping", "-q", "-c", "1", "-W", "10", to);

/** With a driver that knows nothing of before. */
const startAnew = (): void => {
  kernel = createKernel({ log: silentLogger, signal: stopping.signal, namespace: node });
  apply = makeApply(kernel);
};

beforeEach(async () => {
  spaces?.removeAll();
  spaces = createNamespaces();
  node = spaces.add("node");
  for (const s of ["ip_forward=1", "conf.all.rp_filter=0", "conf.default.rp_filter=0"])
    spaces.run(node, "sysctl", "-qw", `net.ipv4.${s}`);
  makeBridge();
  spaces.run(node, "ip", "addr", "add", `${NODE_IP}/32`, "dev", "lo");
  pod = plugIn("pod", POD_IP);
  gateway = await gatewayIn("gw");
  ping(node, GATEWAY_IP); // as the kubelet's probes do
  startAnew();
});
afterAll(() => {
  stopping.abort();
  spaces?.removeAll();
});

/** Brings the node to what it should be now. */
const pass = async (): Promise<void> => {
  expect(await kernel.forwardsAtEgress()).toBe(true);
  const { state } = desiredOf(
    world({
      node: { ip: NODE_IP, podCIDRs: [POD_CIDR] },
      tunnels: [tunnel({ gatewayIp: GATEWAY_IP, prefixes: [PEER_PODS] })],
      networks: [network({ localPodCidr: CLUSTER_PODS })],
      plugs: await createNodeView(node).plugs([GATEWAY_IP]),
    }),
  );
  await apply(state);
};
const egress = (): string => spaces.run(node, "nft", "list", "table", "netdev", "tideway-node");

interface Counts {
  bytes: number;
  packets: number;
}
const received = (ns: string): Counts => {
  const [link] = JSON.parse(spaces.run(ns, "ip", "-j", "-s", "link", "show", "eth0")) as [
    { stats64: { rx: Counts } },
  ];
  return link.stats64.rx;
};
const node24 = (ns: string, script: string) =>
  spawn("ip", ["netns", "exec", ns, process.execPath, "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
/** Sends MiBs by TCP from the pod to the peer's pod; the mean size of the packets that came to the gateway. */
const meanSize = async (): Promise<number> => {
  const server = node24(
    gateway,
    `require("net").createServer((s) => { let n = 0; s.on("data", (b) => { n += b.length; if (n === ${MIB << 20}) s.end("all"); }); })
      .listen(8080, () => console.log("ready"));`,
  );
  await once(server.stdout, "data");
  const before = received(gateway);
  const client = node24(
    pod,
    `const s = require("net").connect(8080, "${PEER_POD}"); s.end(Buffer.alloc(${MIB << 20})); s.on("data", (b) => console.log(String(b)));`,
  );
  const said = once(client.stdout, "data");
  expect(String((await said)[0]).trim()).toBe("all");
  server.kill();
  const after = received(gateway);
  return (after.bytes - before.bytes) / (after.packets - before.packets);
};

test("packets of 64 KiB come to the gateway whole, which the bridge alone would cut", async () => {
  await pass();
  spaces.run(node, "nft", "flush", "table", "netdev", "tideway-node");
  expect(await meanSize()).toBeLessThan(1_500);
  startAnew();
  await pass();
  expect(await meanSize()).toBeGreaterThan(5_000);
});

test("a second pass writes nothing", async () => {
  await pass();
  const before = { ...kernel.writes };
  await pass();
  startAnew();
  await pass();
  expect(kernel.writes).toEqual({ link: 0, route: 0, fdb: 0, neighbour: 0, nft: 0, wireguard: 0 });
  expect(before.nft).toBe(2);
});

test("another pod with the gateway's address is reached before the node has heard of it, and by the short way after", async () => {
  await pass();
  spaces.run(node, "ip", "link", "del", "vgw");
  gateway = await gatewayIn("gw2");
  spaces.run(gateway, "ping", "-q", "-c", "1", "-W", "10", "10.200.1.1"); // it speaks first: its neighbours learn
  spaces.run(node, "ip", "neigh", "flush", "dev", "cni0");
  ping(pod, PEER_POD);
  expect(egress()).toContain("fwd to"); // still the old one's
  await pass();
  expect(egress()).toContain('fwd to "vgw2"');
  ping(pod, PEER_POD);
});

test("a bridge that is made anew gets its chain anew", async () => {
  await pass();
  const before = egress();
  spaces.run(node, "ip", "link", "del", "cni0");
  makeBridge();
  for (const port of ["vpod", "vgw"]) spaces.run(node, "ip", "link", "set", port, "master", "cni0");
  ping(node, GATEWAY_IP);
  await pass();
  expect(egress()).not.toBe(before);
  expect(egress()).toContain('device "cni0"');
  ping(pod, PEER_POD);
});

test("what the bridge has not learnt yet goes its usual way", async () => {
  spaces.run(node, "ip", "neigh", "flush", "dev", "cni0");
  await pass();
  expect(egress()).not.toContain("fwd");
  ping(pod, PEER_POD);
});

test("cleaning takes the table along", async () => {
  await pass();
  expect(spaces.run(node, "nft", "list", "tables")).toContain("netdev tideway-node");
  await clean(kernel);
  expect(spaces.run(node, "nft", "list", "tables")).toBe("");
});
