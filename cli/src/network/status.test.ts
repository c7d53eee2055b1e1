import { type ForeignCluster, make, tunnelEndpoints } from "@tideway/api";
import type { Node } from "@tideway/k8s";
import { describe, expect, test } from "vitest";
import { tunnelStatus } from "./gather.ts";
import { parseMetrics, SERIES, tunnelMetrics } from "./metrics.ts";
import { formatRate, renderNetwork } from "./render.ts";
import { choosePeer, gatewaySeenAt, seenAt, testNodes } from "./tunnel.ts";

const ID = "11111111-2222-3333-4444-555555555555";
const look = { paint: (_: string, text: string) => text, wide: false };
const endpoint = {
  ...make(tunnelEndpoints, {
    metadata: { name: "tunnel-west", namespace: "tideway-network" },
    spec: {
      clusterID: ID,
      local: {
        podCIDR: "10.200.0.0/16",
        externalCIDR: "10.64.0.0/16",
        seenPodCIDR: "10.71.0.0/16",
        seenExternalCIDR: "10.72.0.0/16",
      },
      remote: { podCIDR: "10.200.0.0/16", externalCIDR: "10.64.0.0/16", seenPodCIDR: "10.65.0.0/16" },
      listenPort: 51820,
      mtu: 1420,
      secretName: "tunnel-west",
    },
  }),
  status: {
    conditions: [
      {
        type: "Ready",
        status: "True" as const,
        reason: "Connected",
        message: "",
        lastTransitionTime: "2026-01-31T12:00:00Z",
      },
    ],
    gateway: "gateway-a",
    node: "east-0",
    implementation: "kernel" as const,
    endpoint: "192.0.2.1:30001",
    lastHandshake: "2026-01-31T12:00:00Z",
    latencyMs: 1,
  },
};
const now = Date.parse("2026-01-31T12:00:30Z");
const metrics = (received: number): string => `# HELP x y
# TYPE ${SERIES.received} counter
${SERIES.received}{peer="west"} ${received}
${SERIES.received}{peer="north"} 9e9
${SERIES.sent}{peer="west"} 1.5e+06
${SERIES.latency}{peer="west",note="a\\"b"} 0.00042
${SERIES.loss}{peer="west"} 0
${SERIES.handshake}{peer="west"} -1
go_info NaN
`;
const counted = (received: number) => tunnelMetrics(parseMetrics(metrics(received)), "west", ID);

describe("a gateway's metrics", () => {
  test("are read by peer, whatever else is there", () =>
    expect(counted(1_000)).toEqual({ receivedBytes: 1_000, sentBytes: 1_500_000, latencyMs: 0.42, loss: 0 }));
  test("may be missing", () => expect(tunnelMetrics([], "west", ID)).toEqual({}));
});

describe("the status of a tunnel", () => {
  test("prefers what the gateway counts, and has rates of two looks", () =>
    expect(tunnelStatus("west", endpoint, counted(1_000), counted(126_000), now)).toMatchObject({
      ready: "True",
      latencyMs: 0.42,
      receivedBytesPerSecond: 125_000,
      sentBytesPerSecond: 0,
      handshakeAgeSeconds: 30,
    }));
  test("without metrics is what was written", () => {
    const t = tunnelStatus("west", endpoint, {}, {}, now);
    expect(t).toMatchObject({ latencyMs: 1, gateway: "gateway-a", node: "east-0", implementation: "kernel" });
    expect(t).not.toHaveProperty("receivedBytesPerSecond");
  });
  test("has no rate across a restart of the gateway", () =>
    expect(tunnelStatus("west", endpoint, counted(9_000), counted(10), now)).not.toHaveProperty(
      "receivedBytesPerSecond",
    ));

  test("is printed with the translation table", () => {
    const tunnels = [tunnelStatus("west", endpoint, counted(0), counted(125_000), now)];
    const text = renderNetwork({ tunnels, problems: ["addresspools: forbidden"] }, look);
    expect(text).toMatch(
      /west +Connected +gateway-a +east-0 +kernel +192.0.2.1:30001 +0.4 ms +0.0 % +1.0 Mbit\/s +0 bit\/s +30s ago/,
    );
    expect(text).toMatch(/west +their pods +10.200.0.0\/16 +we +10.65.0.0\/16/);
    expect(text).toMatch(/west +our pods +10.200.0.0\/16 +west +10.71.0.0\/16/);
    expect(text).toMatch(/west +their external +10.64.0.0\/16 +we +not known yet/);
    expect(text).toContain("not readable: addresspools: forbidden");
  });
  test("of no tunnels says where they come from", () =>
    expect(renderNetwork({ tunnels: [], problems: [] }, look)).toContain("they come with peerings"));
});

test.each([
  [0, "0 bit/s"],
  [125, "1.0 kbit/s"],
  [12_500_000, "100 Mbit/s"],
  [250_000_000, "2.0 Gbit/s"],
])("%d bytes a second are %s", (bytes, text) => expect(formatRate(bytes)).toBe(text));

describe("addresses", () => {
  test("of a pod and of the gateway, as the other side sees them", () => {
    expect(seenAt("10.200.1.7", endpoint.spec.local)).toBe("10.71.1.7");
    expect(seenAt("192.0.2.1", endpoint.spec.local)).toBeUndefined();
    expect(gatewaySeenAt(endpoint.spec.local)).toBe("10.72.0.1");
    expect(gatewaySeenAt(endpoint.spec.remote)).toBeUndefined();
  });
});

describe("the nodes that are tested", () => {
  const node = (name: string, o: { ready?: string; labels?: object; annotations?: object } = {}): Node => ({
    metadata: {
      name,
      labels: { "kubernetes.io/hostname": name, ...o.labels },
      annotations: { ...o.annotations },
    },
    status: {
      conditions: [{ type: "Ready", status: o.ready ?? "True" }],
      addresses: [{ type: "InternalIP", address: `address of ${name}` }],
    },
  });
  test("are the gateway's and one other that is real and Ready", () =>
    expect(
      testNodes(
        [
          node("west", { labels: { "tideway.dev/virtual-node": "true" } }),
          node("fake", { annotations: { "kwok.x-k8s.io/node": "fake" } }),
          node("down", { ready: "Unknown" }),
          node("a"),
          node("b"),
        ],
        "b",
      ).map((n) => [n.name, n.role, n.address]),
    ).toEqual([
      ["b", "gateway", "address of b"],
      ["a", "other", "address of a"],
    ]));
  test("may be one alone", () => expect(testNodes([node("a")], "a")).toHaveLength(1));
});

describe("the peer", () => {
  const fc = (name: string, outgoingPeering: "Yes" | "No"): ForeignCluster =>
    ({ metadata: { name }, spec: { outgoingPeering } }) as ForeignCluster;
  const all = [fc("west", "Yes"), fc("north", "No")];
  test("is the only one that is used", () => expect(choosePeer(all, undefined).metadata.name).toBe("west"));
  test("or the one that is named", () => expect(choosePeer(all, "north").metadata.name).toBe("north"));
  test("has to be named where there are several", () =>
    expect(() => choosePeer([...all, fc("south", "Yes")], undefined)).toThrow("several peers"));
  test("has to be known", () => expect(() => choosePeer(all, "moon")).toThrow('no peer "moon"'));
});
