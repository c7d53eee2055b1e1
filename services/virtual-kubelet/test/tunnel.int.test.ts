import { type Node, nodes, pods } from "@tideway/k8s";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startWorld, WEST, type World } from "./world.ts";

let w: World;

beforeAll(async () => {
  // the two that make taints of conditions, and evictions of taints
  w = await startWorld({ controllers: ["node-lifecycle-controller", "taint-eviction-controller"] });
}, 120_000);
afterAll(() => w?.stop(), 60_000);

const conditionOf = (node: Readonly<Node> | undefined, type = "NetworkUnavailable") =>
  node?.status?.conditions?.find((c) => c.type === type);
const west = () => w.east.kube.find(nodes, "west");
const taintOf = (node: Readonly<Node> | undefined) =>
  node?.spec?.taints?.find((t) => t.key === "node.kubernetes.io/network-unavailable");
const says = (reason: string | undefined) =>
  w.until(async () => {
    const node = await west();
    return conditionOf(node)?.reason === reason && node;
  }, `NetworkUnavailable to say ${reason}`);
const networkFact = (state: string) =>
  w.east.bus.publish("network", { peer: WEST }, {
    clusterId: WEST,
    name: "west",
    state,
    generations: ["1"],
    remoteEndpoints: { "1": "192.0.2.1:31820" },
  } as never);
const tunnelFact = (state: string, more: object = {}) =>
  w.east.bus.publish("tunnel", { peer: WEST }, {
    clusterId: WEST,
    name: "west",
    state,
    gateway: "gateway-0",
    endpoint: "192.0.2.1:31820",
    lastHandshake: "2026-01-01T00:00:00Z",
    ...more,
  } as never);

it("a node is Ready without waiting for a tunnel, and says nothing of networks where there is no fabric", async () => {
  await w.peered();
  const node = await w.until(west, "node west");
  expect(conditionOf(node, "Ready")).toMatchObject({ status: "True" });
  expect(conditionOf(node)).toBeUndefined();
});

it("while the tunnel connects new pods are kept away by Kubernetes, and the node stays Ready", async () => {
  await networkFact("PENDING");
  const node = await says("TunnelConnecting");
  expect(conditionOf(node)).toMatchObject({
    status: "True",
    message: expect.stringContaining("192.0.2.1:31820"),
  });
  expect(conditionOf(node, "Ready")).toMatchObject({ status: "True" });
  const tainted = await w.until(async () => taintOf(await west()), "the taint");
  expect(tainted.effect).toBe("NoSchedule");
});

it("a tunnel that stands makes room again, and one that broke is named with its last handshake", async () => {
  await networkFact("READY");
  await tunnelFact("CONNECTED", { latencyMs: 1 });
  await says("TunnelConnected");
  await w.until(async () => !taintOf(await west()), "the taint gone");
  await tunnelFact("CONNECTED", { latencyMs: 2, lastHandshake: "2026-01-01T00:02:00Z" });
  await tunnelFact("DISCONNECTED", { lastHandshake: "2026-01-01T00:02:00Z" });
  const after = await says("TunnelDown");
  expect(conditionOf(after)?.message).toBe(
    "no answer through the tunnel to the peer at 192.0.2.1:31820; last handshake 2026-01-01T00:02:00Z (gateway gateway-0)",
  );
});

it("a lost tunnel evicts nobody", async () => {
  const running = await w.east.kube.create(pods, {
    metadata: { name: "stays", namespace: "default" },
    spec: {
      nodeName: "west",
      automountServiceAccountToken: false,
      containers: [{ name: "c", image: "i:1" }],
    },
  });
  const tainted = await w.until(async () => taintOf(await west()), "the taint");
  expect(tainted.effect).toBe("NoSchedule");
  await tunnelFact("CONNECTED");
  await says("TunnelConnected");
  await w.until(async () => !taintOf(await west()), "the taint gone");
  const still = await w.east.kube.get(pods, "stays", "default");
  expect(still.metadata).toMatchObject({ uid: running.metadata.uid });
  expect(still.metadata.deletionTimestamp).toBeUndefined();
});

it("where the fabric is taken away the node says nothing again", async () => {
  await networkFact("GONE");
  await says(undefined);
});
