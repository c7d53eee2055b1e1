import { type NetworkConfig, type NetworkConfigSpec, ORIGIN, ORIGIN_UID } from "@tideway/api";
import { describe, expect, it } from "vitest";
import { ownRefusal, refusalOf } from "./validate.ts";

const own = { podCIDR: "10.200.0.0/16", externalCIDR: "10.64.16.0/20" };
const context = { peer: "west", clusterID: "east", own, ownKeys: [Buffer.alloc(32, 1).toString("base64")] };
const key = (n: number) => ({ generation: 1, publicKey: Buffer.alloc(32, n).toString("base64") });
const config = (
  over: Partial<NetworkConfigSpec> = {},
  metadata: Partial<NetworkConfig["metadata"]> = {},
): NetworkConfig => ({
  metadata: { name: "west", labels: { [ORIGIN]: "west" }, annotations: { [ORIGIN_UID]: "u" }, ...metadata },
  spec: {
    clusterID: "west",
    podCIDR: "10.200.0.0/16",
    externalCIDR: "10.64.32.0/20",
    keys: [key(2)],
    mtu: 1420,
    ...over,
  },
});
const mapping = (podCIDR: string, externalCIDR = "10.70.0.0/20") => ({ mapping: { podCIDR, externalCIDR } });

describe("what a peer announces", () => {
  it.each<[string, Partial<NetworkConfigSpec>]>([
    ["the same networks as this cluster's: they are seen elsewhere", {}],
    ["the network of the nodes here", { podCIDR: "192.168.7.0/24" }],
    ["a mapping of the same lengths", mapping("10.71.0.0/16")],
    [
      "an endpoint by name",
      { keys: [{ ...key(2), endpoints: ["gw.example.org:51820", "[2001:db8::1]:51820"] }] },
    ],
  ])("may be %s", (_, over) => expect(refusalOf(config(over), context)).toBeUndefined());

  it.each<[string, string, Partial<NetworkConfigSpec>]>([
    ["0.0.0.0/0", "NetworkTooLarge", { podCIDR: "0.0.0.0/0" }],
    ["all of IPv6", "NetworkTooLarge", { podCIDR: "::/0" }],
    ["half of everything", "NetworkTooLarge", { externalCIDR: "128.0.0.0/1" }],
    ["loopback", "SpecialNetwork", { podCIDR: "127.0.0.0/16" }],
    ["link-local", "SpecialNetwork", { podCIDR: "169.254.0.0/17" }],
    ["multicast", "SpecialNetwork", { externalCIDR: "239.1.0.0/20" }],
    ["another family", "FamilyMismatch", { podCIDR: "fd00:1::/48" }],
    ["a mix of families", "FamilyMismatch", { externalCIDR: "fd00:1::/48" }],
    ["host bits", "InvalidNetwork", { podCIDR: "10.1.2.3/16" }],
    ["networks that overlap each other", "NetworksOverlap", { externalCIDR: "10.200.16.0/20" }],
    ["a packet too small", "WrongMTU", { mtu: 1000 }],
    ["a packet too large", "WrongMTU", { mtu: 65_535 }],
    ["our own key", "InvalidKey", { keys: [key(1)] }],
    ["no key at all", "InvalidKey", { keys: [key(0)] }],
    ["a generation beyond counting", "InvalidKey", { keys: [{ ...key(2), generation: 2 ** 40 }] }],
    [
      "an endpoint that is this host",
      "InvalidEndpoint",
      { keys: [{ ...key(2), endpoints: ["127.0.0.1:51820"] }] },
    ],
    [
      "an endpoint that is a group",
      "InvalidEndpoint",
      { keys: [{ ...key(2), endpoints: ["[ff02::1]:51820"] }] },
    ],
    ["a mapping of another length", "WrongMapping", mapping("10.71.0.0/17")],
    ["a mapping into loopback", "SpecialNetwork", mapping("127.0.0.0/16")],
    ["a mapping that overlaps itself", "WrongMapping", mapping("10.70.0.0/16")],
    ["another cluster", "NotThisPeer", { clusterID: "north" }],
  ])("may not be %s", (_, reason, over) => expect(refusalOf(config(over), context)?.reason).toBe(reason));

  it("has to come from the peer of that namespace", () => {
    expect(refusalOf(config({}, { labels: { [ORIGIN]: "north" } }), context)?.reason).toBe("NotFromThisPeer");
    expect(refusalOf(config({}, { annotations: {} }), context)?.reason).toBe("NotFromThisPeer");
    expect(refusalOf(config({}, { name: "east" }), context)?.reason).toBe("NotThisPeer");
  });

  it("is judged alike in IPv6", () => {
    const six = { ...context, own: { podCIDR: "fd10::/56", externalCIDR: "fd11::/84" } };
    expect(refusalOf(config({ podCIDR: "fd10::/56", externalCIDR: "fd12::/84" }), six)).toBeUndefined();
    expect(refusalOf(config({ podCIDR: "fe80::/56", externalCIDR: "fd12::/84" }), six)?.reason).toBe(
      "SpecialNetwork",
    );
    expect(refusalOf(config(), six)?.reason).toBe("FamilyMismatch");
  });
});

describe("this cluster's own network", () => {
  it("is carried where it is IPv4, and refused with the next step where it is IPv6", () => {
    expect(ownRefusal(own)).toBeUndefined();
    const refusal = ownRefusal({ podCIDR: "fd10::/56" });
    expect(refusal?.reason).toBe("IPv6NotCarried");
    expect(refusal?.message).toMatch(/fd10::\/56.*IPv4 only.*ConfigMap tideway-cluster/);
  });
});
