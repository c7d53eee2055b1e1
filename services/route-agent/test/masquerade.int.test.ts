/** Packets of a real kernel, against the masquerade rules that CNIs put on nodes. */
import { silentLogger } from "@tideway/log";
import { createKernel, type Kernel } from "@tideway/net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clean, makeApply } from "../src/routes/apply.ts";
import { desiredOf, type NodeState } from "../src/routes/desired.ts";
import { network, tunnel, world } from "../src/routes/fixtures.ts";
import {
  CLUSTER_PODS,
  createLan,
  GATEWAY_IP,
  type Lan,
  NODE_IP,
  OTHER_GATEWAY_IP,
  PEER_POD,
  PEER_PODS,
  POD_CIDR,
  POD_IP,
} from "./lan.ts";

/** The bridge plugin's and flannel's, as far as they matter; `srcnat` is where iptables' POSTROUTING is too. */
const MASQUERADE = {
  bridge: `ip saddr ${POD_CIDR} ip daddr != ${CLUSTER_PODS} masquerade`,
  "flannel's for what leaves": `ip saddr ${CLUSTER_PODS} ip daddr != 224.0.0.0/4 masquerade`,
  "flannel's for what comes": `ip saddr != ${CLUSTER_PODS} ip daddr ${CLUSTER_PODS} masquerade`,
} as const;

const stopping = new AbortController();
let lan: Lan;
let kernel: Kernel;
const state = (gatewayIp = GATEWAY_IP): NodeState =>
  desiredOf(
    world({
      node: { ip: NODE_IP, podCIDRs: [POD_CIDR] },
      tunnels: [tunnel({ gatewayIp, prefixes: [PEER_PODS] })],
      networks: [network({ localPodCidr: CLUSTER_PODS })],
    }),
  ).state!;
const total = (): number => Object.values(kernel.writes).reduce((sum, n) => sum + n, 0);

beforeAll(async () => {
  lan = await createLan();
  kernel = createKernel({ log: silentLogger, signal: stopping.signal, namespace: lan.ns.node });
});
afterAll(() => {
  stopping.abort();
  lan?.stop();
});

beforeEach(() => void lan.run("node", "nft", "flush", "ruleset"));

describe.each(Object.entries(MASQUERADE))("with a masquerade rule of the CNI (%s)", (_, rule) => {
  beforeEach(async () => {
    lan.run(
      "node",
      "nft",
      `table ip cni { chain post { type nat hook postrouting priority srcnat; ${rule}; }; }`,
    );
    await makeApply(kernel)(state());
    for (const at of ["gateway", "pod"] as const) lan.sources(at);
  });

  test("a pod comes to the peer with its own address", () => {
    expect(lan.ping("pod", PEER_POD)).toBe(true);
    expect(lan.sources("gateway")).toEqual([POD_IP]);
  });

  test("a peer's pod comes to a pod with its own address", () => {
    expect(lan.ping("gateway", POD_IP, PEER_POD)).toBe(true);
    expect(lan.sources("pod")).toEqual([PEER_POD]);
  });
});

test("the rule does masquerade where this agent has nothing, so the tests above can fail", async () => {
  await makeApply(kernel)(state());
  lan.run("node", "nft", "flush", "ruleset");
  lan.run(
    "node",
    "nft",
    `table ip cni { chain post { type nat hook postrouting priority srcnat; ${MASQUERADE.bridge}; }; }`,
  );
  lan.sources("gateway");
  lan.ping("pod", PEER_POD);
  expect(lan.sources("gateway")).toEqual([NODE_IP]);
});

test("what kube-proxy marks is masqueraded with the node's address, and its answer comes back here", async () => {
  lan.run(
    "node",
    "nft",
    `table ip kube-proxy {
      chain stamp { type filter hook forward priority 0; oifname "tideway" meta mark set meta mark or 0x4000; }
      chain post { type nat hook postrouting priority srcnat; meta mark and 0x4000 != 0 masquerade; }
    }`,
  );
  await makeApply(kernel)(state());
  lan.sources("gateway");
  expect(lan.ping("pod", PEER_POD)).toBe(true);
  expect(lan.sources("gateway")).toEqual([NODE_IP]);
});

test("the node itself comes with its address", async () => {
  await makeApply(kernel)(state());
  lan.sources("gateway");
  expect(lan.ping("node", PEER_POD)).toBe(true);
  expect(lan.sources("gateway")).toEqual([NODE_IP]);
});

test("a second apply writes nothing", async () => {
  const apply = makeApply(kernel);
  await apply(state());
  const before = total();
  await apply(state());
  await makeApply(kernel)(state());
  expect(total()).toBe(before);
});

test("a gateway that moves is one transaction of routes, and leaves no neighbour behind", async () => {
  const apply = makeApply(kernel);
  await apply(state());
  const before = { ...kernel.writes };
  await apply(state(OTHER_GATEWAY_IP));
  expect(kernel.writes.route - before.route).toBe(1);
  expect(kernel.writes.nft - before.nft).toBe(0);
  expect(kernel.writes.link - before.link).toBe(0);
  lan.sources("other");
  expect(lan.ping("pod", PEER_POD)).toBe(true);
  expect(lan.sources("other")).toEqual([POD_IP]);
  expect(lan.run("node", "bridge", "fdb", "show", "dev", "tideway")).not.toContain(GATEWAY_IP);
});

test("cleaning leaves nothing, and cleaning again writes nothing", async () => {
  await clean(kernel);
  const empty = lan.snapshot();
  await makeApply(kernel)(state());
  expect(lan.snapshot()).not.toBe(empty);
  await clean(kernel);
  expect(lan.snapshot()).toBe(empty);
  const before = total();
  await clean(kernel);
  expect(total()).toBe(before);
});
