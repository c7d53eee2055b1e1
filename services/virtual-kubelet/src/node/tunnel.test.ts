import { describe, expect, it, test } from "vitest";
import { networkOf } from "./tunnel.ts";

const network = (state: string, more: object = {}) =>
  ({
    state,
    generations: ["1"],
    remoteEndpoints: { "1": "192.0.2.1:31820,192.0.2.2:31820" },
    reason: "",
    message: "",
    ...more,
  }) as never;
const tunnel = (state: string, more: object = {}) =>
  ({ state, endpoint: "", lastHandshake: "", gateway: "", ...more }) as never;

test.each([undefined, network("GONE")])("without a network the node says nothing about it", (fact) =>
  expect(networkOf(fact, tunnel("CONNECTED"))).toBeUndefined(),
);

test("a tunnel that passes traffic between networks that know each other is available", () => {
  const up = tunnel("CONNECTED", { endpoint: "192.0.2.1:31820", latencyMs: 1, lastHandshake: "a" });
  expect(networkOf(network("READY"), up)).toEqual({
    unavailable: false,
    reason: "TunnelConnected",
    message: "connected to the peer at 192.0.2.1:31820",
  });
});

test("nothing is said that changes while all is well", () => {
  const at = (more: object) =>
    networkOf(network("READY"), tunnel("CONNECTED", { endpoint: "192.0.2.1:31820", ...more }));
  expect(at({ latencyMs: 1, loss: 0, lastHandshake: "2026-01-01T00:00:00Z" })).toEqual(
    at({ latencyMs: 9, loss: 0.1, lastHandshake: "2026-01-01T00:02:00Z" }),
  );
});

describe("a network that is not available", () => {
  it.each([undefined, tunnel("GONE"), tunnel("CONNECTING")])("is connecting until it answered", (fact) =>
    expect(networkOf(network("READY"), fact)).toEqual({
      unavailable: true,
      reason: "TunnelConnecting",
      message:
        "no answer yet through the tunnel to the peer at 192.0.2.1:31820 or 192.0.2.2:31820; last handshake never",
    }),
  );
  it("is connecting while the two do not know each other's addresses", () =>
    expect(networkOf(network("PENDING"), tunnel("CONNECTED", { endpoint: "192.0.2.1:1" }))).toMatchObject({
      unavailable: true,
      reason: "TunnelConnecting",
    }));
  it("names address, last handshake and gateway of a tunnel that broke", () =>
    expect(
      networkOf(
        network("READY"),
        tunnel("DISCONNECTED", {
          endpoint: "192.0.2.2:31820",
          lastHandshake: "2026-01-01T00:00:00Z",
          gateway: "gateway-1",
        }),
      ),
    ).toEqual({
      unavailable: true,
      reason: "TunnelDown",
      message:
        "no answer through the tunnel to the peer at 192.0.2.2:31820; last handshake 2026-01-01T00:00:00Z (gateway gateway-1)",
    }));
  it("says of a peer behind NAT that it has to call", () =>
    expect(networkOf(network("READY", { remoteEndpoints: {} }), undefined)?.message).toContain(
      "has to call us",
    ));
  it("says why the peer's parameters were refused", () =>
    expect(
      networkOf(network("REFUSED", { reason: "PrefixTooLarge", message: "0.0.0.0/0" }), undefined),
    ).toEqual({ unavailable: true, reason: "NetworkRefused", message: "PrefixTooLarge: 0.0.0.0/0" }));
});
