import { describe, expect, it } from "vitest";
import type { NetworkFact } from "../ports.ts";
import { tunnelFact, type TunnelReport } from "./fact.ts";

const report = (more: Partial<TunnelReport>): TunnelReport => ({
  network: { clusterId: "peer-1", name: "p1" } as NetworkFact,
  state: "CONNECTING",
  gateway: "gateway-a",
  gatewayIP: "10.0.0.2",
  gatewayNode: "n1",
  interface: "tw-1-a",
  implementation: "userspace",
  generation: 1,
  endpoint: "192.0.2.1:1",
  lastHandshake: undefined,
  prefixes: [],
  latencyMs: 0,
  loss: 0,
  mtu: 1420,
  known: true,
  callable: true,
  failure: undefined,
  ...more,
});

describe("what is said of a tunnel", () => {
  it("is why its interface cannot be made, before anything about the peer", () => {
    const failure = "wireguard-go -f tw-1-a failed: it did not come up";
    for (const known of [true, false]) {
      const { reason, message } = tunnelFact(report({ failure, known }));
      expect([reason, message]).toEqual([
        "InterfaceFailed",
        expect.stringMatching(/tried again: .*not come up/),
      ]);
    }
  });

  it("is that it answers, whatever failed beside it", () => {
    const { reason, message } = tunnelFact(report({ state: "CONNECTED", failure: "x" }));
    expect([reason, message]).toEqual(["Answering", "answers from UDP 192.0.2.1:1"]);
  });
});
