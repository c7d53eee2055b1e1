import type { ShadowEndpointSlice } from "@tideway/api";
import fc from "fast-check";
import { contains } from "@tideway/net";
import { describe, expect, it } from "vitest";
import { decide, MAX_SLICES, type World } from "./decide.ts";
import { sliceName } from "./manifests.ts";

const networks = {
  localPods: { real: "10.244.0.0/16", seen: "10.61.0.0/16" },
  localExternal: { real: "10.70.0.0/16", seen: "10.62.0.0/16" },
  remotePods: { real: "10.244.0.0/16", seen: "10.71.0.0/16" },
  remoteExternal: { real: "10.70.0.0/16", seen: "10.72.0.0/16" },
};
const shadow = (...addresses: string[]): ShadowEndpointSlice => ({
  metadata: { name: "web-1", namespace: "twin", uid: "u", generation: 3 },
  spec: {
    originUID: "o",
    service: "web",
    addressType: "IPv4",
    endpoints: addresses.map((a) => ({ addresses: [a] })),
    ports: [{ name: "http", port: 80, protocol: "TCP" }],
  },
});
const world = (more: Partial<World> = {}): World => ({
  shadow: shadow("10.244.1.2"),
  networks,
  ended: false,
  exists: false,
  others: 0,
  ...more,
});
const endpointsOf = (w: World): string[] | string => {
  const { slice } = decide(w);
  return typeof slice === "string" ? slice : slice.endpoints.flatMap((e) => e.addresses);
};
const whyOf = (w: World): string | undefined => decide(w).condition?.reason;

describe("a slice of a consumer", () => {
  it("is translated: its pods, and its external addresses", () => {
    const w = world({ shadow: shadow("10.244.1.2", "10.70.0.9") });
    expect(endpointsOf(w)).toEqual(["10.71.1.2", "10.72.0.9"]);
    expect(decide(w).condition).toMatchObject({ status: "True", observedGeneration: 3 });
  });

  it.each([
    "192.168.0.1",
    "10.71.1.2",
    "169.254.169.254",
    "127.0.0.1",
    "10.96.0.1",
    "fd00::1",
    "x",
    "",
    "10.244.1",
  ])("has no endpoint at %j, which is none of the consumer's; the others are served", (foreign) => {
    const w = world({ shadow: shadow(foreign, "10.244.1.3") });
    expect(endpointsOf(w)).toEqual(["10.71.1.3"]);
    expect(decide(w).condition).toMatchObject({ status: "False", reason: "AddressRefused" });
    expect(decide(w).condition?.message).toContain("10.244.0.0/16");
  });

  it("says a few of many refused", () =>
    expect(
      decide(world({ shadow: shadow(...Array.from({ length: 9 }, (_, i) => `192.168.0.${i}`)) })).condition
        ?.message,
    ).toMatch(/^192.168.0.0, .*192.168.0.4 and 4 more: /));

  it("waits while the network is not known, and what is there stays", () => {
    expect(endpointsOf(world({ networks: undefined }))).toBe("keep");
    expect(whyOf(world({ networks: undefined }))).toBe("NetworkNotReady");
  });

  it("goes with the network, and with its shadow", () => {
    expect(endpointsOf(world({ ended: true, networks: undefined, exists: true }))).toBe("none");
    expect(endpointsOf(world({ shadow: undefined, exists: true }))).toBe("none");
  });

  it("is refused beyond the number a namespace may have; those that are there stay", () => {
    expect(whyOf(world({ others: MAX_SLICES }))).toBe("TooManySlices");
    expect(endpointsOf(world({ others: MAX_SLICES }))).toBe("none");
    expect(endpointsOf(world({ others: MAX_SLICES, exists: true }))).toEqual(["10.71.1.2"]);
  });

  it("never has an address outside where the consumer is seen", () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 8 }), (addresses) => {
        const found = endpointsOf(world({ shadow: shadow(...addresses) }));
        for (const a of found)
          expect([networks.remotePods.seen, networks.remoteExternal.seen].some((p) => contains(p, a))).toBe(
            true,
          );
      }),
    ));
});

it("the name of a slice is none that Kubernetes gives, and never too long", () => {
  expect(sliceName("web-x7k2p")).toBe("tideway-web-x7k2p");
  const [a, b] = [sliceName(`${"a".repeat(252)}1`), sliceName(`${"a".repeat(252)}2`)];
  expect(a.length).toBe(253);
  expect(a).not.toBe(b);
});
