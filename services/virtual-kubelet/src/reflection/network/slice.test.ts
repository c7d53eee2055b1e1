import type { EndpointSlice } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { MAX_ENDPOINTS, shadowOf, toMap } from "./slice.ts";

const context = { nodeNames: ["west"], localPods: "10.244.0.0/16" };
const slice = (
  endpoints: NonNullable<EndpointSlice["endpoints"]>,
  more: Partial<EndpointSlice> = {},
): EndpointSlice => ({
  metadata: {
    name: "web-1",
    namespace: "shop",
    uid: "u",
    labels: { "kubernetes.io/service-name": "web" },
  },
  addressType: "IPv4",
  endpoints,
  ports: [{ name: "http", port: 80, protocol: "TCP", appProtocol: "http" }],
  ...more,
});
const none = (): undefined => undefined;

describe("what crosses of a slice", () => {
  it("are the endpoints that do not run at the provider, without this cluster's nodes", () =>
    expect(
      shadowOf(
        slice([
          {
            addresses: ["10.244.1.1"],
            conditions: { ready: true, serving: true, terminating: false },
            nodeName: "worker-1",
            zone: "z",
            hostname: "db-0",
            targetRef: { kind: "Pod", name: "db-0", namespace: "shop", uid: "p" },
            hints: { forZones: [{ name: "z" }] },
          },
          { addresses: ["10.61.0.9"], nodeName: "west" },
        ]),
        context,
        none,
      ),
    ).toEqual({
      originUID: "u",
      service: "web",
      addressType: "IPv4",
      endpoints: [
        {
          addresses: ["10.244.1.1"],
          conditions: { ready: true, serving: true, terminating: false },
          zone: "z",
          hostname: "db-0",
          pod: "db-0",
        },
      ],
      ports: [{ name: "http", port: 80, protocol: "TCP", appProtocol: "http" }],
    }));

  it("is nothing where all run there", () =>
    expect(shadowOf(slice([{ addresses: ["10.61.0.9"], nodeName: "west" }]), context, none)).toBeUndefined());

  it.each([
    ["of no Service", { metadata: { name: "x", namespace: "shop" } }],
    ["of another family", { addressType: "IPv6" }],
    ["of names", { addressType: "FQDN" }],
    [
      "of the API server",
      {
        metadata: { name: "k", namespace: "default", labels: { "kubernetes.io/service-name": "kubernetes" } },
      },
    ],
  ])("is nothing of a slice %s", (_what, more) => {
    const s = slice([{ addresses: ["10.244.1.1"] }, { addresses: ["192.168.0.1"] }], more);
    expect(shadowOf(s, context, none)).toBeUndefined();
    expect(toMap(s, context)).toEqual([]);
  });

  it("are IPv6 endpoints in an IPv6 network", () => {
    const six = { nodeNames: ["west"], localPods: "fd00:10:244::/56" };
    const s = slice([{ addresses: ["fd00:10:244::5"] }, { addresses: ["fd00:99::1"] }], {
      addressType: "IPv6",
    });
    expect(toMap(s, six)).toEqual(["fd00:99::1"]);
    expect(shadowOf(s, six, none)?.endpoints).toEqual([{ addresses: ["fd00:10:244::5"] }]);
  });

  it("are at most as many as a slice holds", () => {
    const many = Array.from({ length: MAX_ENDPOINTS + 5 }, (_, i) => ({
      addresses: [`10.244.${i >> 8}.${i & 255}`],
    }));
    expect(shadowOf(slice(many), context, none)?.endpoints).toHaveLength(MAX_ENDPOINTS);
  });
});

describe("an address outside the pod network", () => {
  const s = slice([
    { addresses: ["192.168.0.1"] },
    { addresses: ["192.168.0.1"], hostname: "again" },
    { addresses: ["10.55.0.3"], nodeName: "north" },
    { addresses: ["10.61.0.9"], nodeName: "west" },
  ]);
  it("wants an external one, once; what the provider has itself does not", () =>
    expect(toMap(s, context)).toEqual(["192.168.0.1", "10.55.0.3"]));
  it("crosses by that, or not at all", () =>
    expect(shadowOf(s, context, (a) => (a === "192.168.0.1" ? "10.70.0.4" : undefined))?.endpoints).toEqual([
      { addresses: ["10.70.0.4"] },
      { addresses: ["10.70.0.4"], hostname: "again" },
    ]));
});
