import { interfaceOf } from "@tideway/net";
import { describe, expect, it } from "vitest";
import type { NetworkFact } from "../ports.ts";
import { freshMemory, type Memory } from "./memory.ts";
import { createPaths } from "./paths.ts";

const KEY = "their key";
const fact = { clusterId: "west", remoteKeys: { "1": KEY } } as unknown as NetworkFact;

const pathsTo = (endpoint: string) => {
  const memory: Memory = { ...freshMemory(0), active: 1 };
  const narrowed: string[] = [];
  let at = endpoint;
  let known = new Map<string, number>();
  const look = createPaths({
    memories: new Map([["west", memory]]),
    network: () => fact,
    status: () => {
      const peer = { publicKey: KEY, endpoint: at, allowedIPs: [], receivedBytes: 0, sentBytes: 0 };
      const peers = [{ ...peer, keepaliveSeconds: 0 }];
      const name = interfaceOf("west", 1);
      return new Map([[name, { name, publicKey: "", listenPort: 0, peers }]]);
    },
    kernel: { pathMtus: (hosts) => Promise.resolve(new Map([...known].filter(([h]) => hosts.includes(h)))) },
    narrowed: (id) => narrowed.push(id),
  });
  return {
    memory,
    narrowed,
    learns: async (host: string, mtu: number | undefined) => {
      known = new Map(mtu === undefined ? [] : [[host, mtu]]);
      await look();
    },
    moves: (to: string) => void (at = to),
  };
};

describe("the way to a peer's gateway", () => {
  it("is as wide as agreed while nothing else is known", async () => {
    const p = pathsTo("192.0.2.1:51820");
    await p.learns("192.0.2.1", undefined);
    expect(p.memory.path).toBeUndefined();
    expect(p.narrowed).toEqual([]);
  });
  it.each([
    ["192.0.2.1:51820", "192.0.2.1"],
    ["[2001:db8::1]:51820", "2001:db8::1"],
  ])("to %s becomes narrower when the kernel learns it, once", async (endpoint, host) => {
    const p = pathsTo(endpoint);
    await p.learns(host, 1400);
    await p.learns(host, 1400);
    expect(p.memory.path).toEqual({ host, mtu: 1400 });
    expect(p.narrowed).toEqual(["west"]);
  });
  it("stays narrow when the kernel forgets, and becomes narrower still", async () => {
    const p = pathsTo("192.0.2.1:51820");
    await p.learns("192.0.2.1", 1400);
    await p.learns("192.0.2.1", undefined);
    expect(p.memory.path?.mtu).toBe(1400);
    await p.learns("192.0.2.1", 1300);
    expect(p.memory.path?.mtu).toBe(1300);
    expect(p.narrowed).toEqual(["west", "west"]);
  });
  it("is another one when the peer is called elsewhere", async () => {
    const p = pathsTo("192.0.2.1:51820");
    await p.learns("192.0.2.1", 1300);
    p.moves("192.0.2.9:51820");
    await p.learns("192.0.2.9", undefined);
    expect(p.memory.path).toBeUndefined();
    await p.learns("192.0.2.9", 1400);
    expect(p.memory.path).toEqual({ host: "192.0.2.9", mtu: 1400 });
  });
});
