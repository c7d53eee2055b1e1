import { describe, expect, it } from "vitest";
import { peerOf } from "../desired/fixtures.ts";
import { namespaceIds } from "./ids.ts";
import { policyOf, type PolicyInput } from "./policy.ts";

const input = (more: Partial<PolicyInput> = {}): PolicyInput => ({
  peers: [peerOf(1), peerOf(2)],
  guests: [],
  pods: [],
  offloaded: ["shop"],
  addresses: [],
  borders: [],
  nodes: [],
  ...more,
});
const shop = namespaceIds(["shop"]).get("shop");
const local = { namespace: "shop", ip: "10.200.0.5", node: "n1" };
const there = { namespace: "shop", ip: "100.65.0.7", node: "p1" };

describe("who reaches whom", () => {
  it("knows our pod over there by its address, and lets it reach its namespace's pods", () => {
    const p = policyOf(input({ pods: [local, there] }));
    expect(p.sources).toEqual([["100.65.0.7", shop]]);
    expect(p.reach).toEqual([
      [shop, "10.200.0.5"],
      [shop, "100.65.0.7"],
    ]);
  });
  it("believes no address of a pod over there that is not the peer's", () => {
    const p = policyOf(input({ pods: [local, { ...there, ip: "100.66.0.7" }] }));
    expect(p.sources).toEqual([]);
    expect(p.reach).toEqual([[shop, "10.200.0.5"]]);
  });
  it("lets nobody reach pods of a namespace that is not offloaded", () => {
    expect(policyOf(input({ pods: [{ ...local, namespace: "bank" }] })).reach).toEqual([]);
  });
  it("lends a peer its own pods here and nobody else's", () => {
    const guest = { namespace: "tw", ip: "10.200.0.9", node: "n1", origin: "peer-1" };
    const p = policyOf(input({ guests: [guest] }));
    expect([p.peers.get("peer-1")?.lent, p.peers.get("peer-2")?.lent]).toEqual([["10.200.0.9"], []]);
  });
  it("maps an external address for the peers that are named, and for its namespace", () => {
    const fact = {
      external: "10.201.0.50",
      address: "100.66.0.7",
      state: "MAPPED",
      peers: ["peer-1"],
    } as const;
    const p = policyOf(input({ addresses: [{ ...fact, peers: [...fact.peers], namespace: "shop" }] }));
    expect(p.peers.get("peer-1")?.singles).toEqual([["10.72.0.50", "100.66.0.7"]]);
    expect(p.peers.get("peer-2")?.singles).toEqual([]);
    expect(p.reach).toEqual([[shop, "100.66.0.7"]]);
  });
  it("takes no address for gone that is somebody's again, or may be", () => {
    const gone = ["10.200.0.5", "10.200.0.6"];
    expect(policyOf(input({ pods: [local], gone })).gone).toEqual(["10.200.0.6"]);
    const all = {
      name: "b",
      state: "ACTIVE",
      peers: ["*"],
      namespaces: ["*"],
      nodes: false,
      ports: [],
    } as const;
    const borders = [{ ...all, peers: ["*"], namespaces: ["*"], ports: [] }];
    expect(policyOf(input({ pods: [local], gone, borders })).gone).toEqual([]);
  });
  it("opens to the peers of a BorderPolicy what it names", () => {
    const border = { name: "b", state: "ACTIVE", peers: ["p2"], namespaces: ["bank"], nodes: true } as const;
    const p = policyOf(
      input({
        pods: [{ namespace: "bank", ip: "10.200.0.8", node: "n1" }],
        nodes: [{ name: "n1", address: "172.31.0.1", podCIDRs: [] }],
        borders: [{ ...border, peers: ["p2"], namespaces: ["bank"], ports: ["TCP/443"] }],
      }),
    );
    expect(p.peers.get("peer-1")?.openings).toEqual([]);
    expect(p.peers.get("peer-2")?.openings).toEqual([
      { targets: ["10.200.0.8", "172.31.0.1"], ports: [["tcp", 443]] },
    ]);
  });
});

describe("a namespace's number", () => {
  it("does not change when others come, and is nobody else's", () => {
    const all = namespaceIds(Array.from({ length: 5000 }, (_, i) => `ns-${i}`));
    expect(new Set(all.values()).size).toBe(5000);
    expect(namespaceIds(["ns-7"]).get("ns-7")).toBe(all.get("ns-7"));
  });
});
