import type { Node } from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import { beforeEach, describe, expect, it } from "vitest";
import type { NodeKernel, NodeView, Tunnel } from "../ports.ts";
import { network, tunnel } from "./fixtures.ts";
import { makeReconciler } from "./reconciler.ts";

const RESYNC_MS = 15_000;
const node: Node = {
  metadata: { name: "node-0" },
  spec: { podCIDR: "10.200.1.0/24" },
  status: { addresses: [{ type: "InternalIP", address: "192.0.2.11" }] },
};

/** A node that keeps what it is given, and counts what it is asked and told. */
const createWorld = () => {
  const w = {
    looks: 0,
    applies: 0,
    nowMs: 0,
    fails: false,
    learnt: true,
    tunnels: [tunnel()] as Tunnel[],
  };
  const apply = async (): Promise<{ lines: string[] }> => {
    if (w.fails) throw new Error("the kernel refuses");
    return { lines: [] };
  };
  const view: NodeView = {
    mtuOf: async () => (w.looks++, 1500),
    plugs: async ([address = ""]) => {
      const at = { address, bridge: "cni0", index: 3 };
      return [w.learnt ? { ...at, learnt: { mac: "02:00:00:00:00:07", port: "veth7" } } : at];
    },
    routes: async () => [],
  };
  const kernel: NodeKernel = {
    applyLinks: async () => (w.applies++, apply()),
    applyRoutes: apply,
    applyNeighbours: apply,
    applyTable: apply,
    removeLink: apply,
    removeTable: apply,
    forwardsAtEgress: async () => true,
    writes: { link: 0, route: 0, fdb: 0, neighbour: 0, nft: 0, wireguard: 0 },
    watch: () => undefined,
  };
  const { reconcile, touched } = makeReconciler({
    nodeName: "node-0",
    node: () => node,
    tunnels: () => w.tunnels,
    networks: () => [network()],
    view,
    kernel,
    masqueradeMark: 0x4000,
    resyncMs: RESYNC_MS,
    inheritMs: 0,
    nowMs: () => w.nowMs,
    metrics: { repaired: () => undefined, routed: () => undefined },
    publish: () => undefined,
  });
  const pass = () => reconcile("node-0", { signal: new AbortController().signal, log: silentLogger });
  return Object.assign(w, { pass, touched });
};

describe("a node whose routes stand", () => {
  let w: ReturnType<typeof createWorld>;
  beforeEach(async () => {
    w = createWorld();
    await w.pass();
    [w.looks, w.applies] = [0, 0];
  });
  const counts = (): [looks: number, applies: number] => [w.looks, w.applies];

  it("is neither looked at nor written to for a fact that changes nothing on it", async () => {
    w.tunnels = [tunnel({ state: "DISCONNECTED" })];
    expect(await w.pass()).toEqual({ requeueAfterMs: RESYNC_MS });
    expect(counts()).toEqual([0, 0]);
  });

  it("is written to, and not looked at, for another network behind the same gateway", async () => {
    w.tunnels = [tunnel({ prefixes: ["10.83.0.0/16"] })];
    await w.pass();
    expect(counts()).toEqual([0, 1]);
  });

  it("is looked at when a gateway is another one, although it has the address of the first", async () => {
    w.tunnels = [tunnel({ gateway: "gateway-1" })];
    await w.pass();
    expect(w.looks).toBe(1);
  });

  it("is looked at and compared when somebody touched it, once", async () => {
    w.touched();
    await w.pass();
    await w.pass();
    expect(counts()).toEqual([1, 1]);
  });

  it("is looked at and compared now and then, whatever happens meanwhile", async () => {
    w.nowMs = RESYNC_MS - 1;
    expect(await w.pass()).toEqual({ requeueAfterMs: 1 });
    w.nowMs = RESYNC_MS;
    await w.pass();
    expect(counts()).toEqual([1, 1]);
  });

  it("is looked at each second while its bridge has not learnt where the gateway is", async () => {
    w.learnt = false;
    w.touched();
    expect(await w.pass()).toEqual({ requeueAfterMs: 1000 });
    w.learnt = true;
    w.nowMs = 1000;
    expect(await w.pass()).toEqual({ requeueAfterMs: RESYNC_MS });
    expect(w.looks).toBe(2);
  });

  it("is looked at and compared after a write that failed, even when the old state is wanted again", async () => {
    w.fails = true;
    w.tunnels = [tunnel({ prefixes: ["10.83.0.0/16"] })];
    await expect(w.pass()).rejects.toThrow("the kernel refuses");
    w.fails = false;
    w.tunnels = [tunnel()];
    await w.pass();
    expect(counts()).toEqual([1, 2]);
  });
});
