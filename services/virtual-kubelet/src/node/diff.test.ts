import type { Node } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { specPatch, statusPatch } from "./diff.ts";
import { nodeOf, type NodeWish } from "./manifests.ts";

const AT = "2026-01-01T00:00:00Z";
const LATER = "2026-01-01T00:00:10Z";
const wish = (more: Partial<NodeWish> = {}): NodeWish => ({
  name: "west",
  peer: "west",
  pool: "",
  clusterID: "w",
  resources: { cpu: "4", memory: "8Gi", pods: "110" },
  labels: { region: "eu" },
  distance: {},
  address: "10.0.0.1",
  port: 10250,
  kubeletVersion: "v1.34.4-tideway",
  ready: true,
  reason: "ProviderReady",
  message: "it answers",
  cordoned: false,
  network: undefined,
  nowIso: LATER,
  ...more,
});
const owner = { metadata: { name: "west", uid: "v" }, spec: { clusterID: "w", resources: {} } };
const made = (more: Partial<NodeWish> = {}): Node => {
  const node = nodeOf(wish({ nowIso: AT, ...more }), owner);
  return { ...node, metadata: { ...node.metadata, uid: "n" } };
};

describe("a node that is as it should be", () => {
  it("is not written, however often it is looked at", () => {
    expect(specPatch(made(), wish())).toBeUndefined();
    expect(statusPatch(made(), wish())).toBeUndefined();
  });
  it("keeps labels, taints and a cordon that others gave it", () => {
    const node = made();
    node.metadata.labels = { ...node.metadata.labels, mine: "yes" };
    node.spec = {
      taints: [...(node.spec?.taints ?? []), { key: "x", effect: "NoExecute" }],
      unschedulable: true,
    };
    expect(specPatch(node, wish())).toBeUndefined();
  });
});

describe("a node that differs", () => {
  it("loses a label that the offer has no more", () =>
    expect(specPatch(made(), wish({ labels: {} }))).toMatchObject({
      metadata: { uid: "n", labels: { region: null } },
    }));
  it("gets its taint back", () =>
    expect(specPatch({ ...made(), spec: {} }, wish())).toMatchObject({
      spec: { taints: [{ key: "tideway.dev/virtual-node" }] },
    }));
  it("is cordoned when the peering ends", () =>
    expect(specPatch(made(), wish({ cordoned: true }))).toMatchObject({ spec: { unschedulable: true } }));
  it("has only its Ready condition written when only that changed, with the time of the change", () =>
    expect(statusPatch(made(), wish({ ready: false, reason: "ProviderUnreachable" }))).toMatchObject({
      metadata: { uid: "n" },
      status: { conditions: [{ type: "Ready", status: "False", lastTransitionTime: LATER }] },
    }));
  it("keeps the time of the change when only the words change", () =>
    expect(statusPatch(made(), wish({ message: "other words" }))).toMatchObject({
      status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: AT }] },
    }));
  it("keeps the time of its network's change, and writes that condition alone", () => {
    const [network, later] = [
      { unavailable: true, reason: "TunnelDown", message: "no answer" },
      { unavailable: true, reason: "TunnelDown", message: "still none" },
    ];
    const connected = { unavailable: false, reason: "TunnelConnected", message: "" };
    expect(statusPatch(made({ network }), wish({ network }))).toBeUndefined();
    expect(statusPatch(made({ network }), wish({ network: later }))).toEqual({
      metadata: { uid: "n" },
      status: {
        conditions: [
          expect.objectContaining({ type: "NetworkUnavailable", status: "True", lastTransitionTime: AT }),
        ],
      },
    });
    expect(statusPatch(made({ network }), wish({ network: connected }))).toMatchObject({
      status: {
        conditions: [{ type: "NetworkUnavailable", status: "False", lastTransitionTime: LATER }],
      },
    });
  });
  it("says nothing of a network that is there no more, also when it moves", () => {
    const node = made({ network: { unavailable: true, reason: "TunnelDown", message: "" } });
    const gone = { $patch: "delete", type: "NetworkUnavailable" };
    expect(statusPatch(node, wish())).toMatchObject({ status: { conditions: [gone] } });
    const moved = statusPatch(node, wish({ address: "10.0.0.2" })) as { status: { conditions: object[] } };
    expect(moved.status.conditions).toContainEqual(gone);
    expect(made().status?.conditions?.map((c) => c.type)).not.toContain("NetworkUnavailable");
  });
  it("moves to the replica that serves it now", () =>
    expect(statusPatch(made(), wish({ address: "10.0.0.2" }))).toMatchObject({
      status: { addresses: [{ type: "InternalIP", address: "10.0.0.2" }, { type: "Hostname" }] },
    }));
  it("loses a resource that is offered no more", () =>
    expect(
      statusPatch(made({ resources: { cpu: "4", gpu: "1" } }), wish({ resources: { cpu: "4" } })),
    ).toMatchObject({
      status: { capacity: { cpu: "4", gpu: null }, allocatable: { gpu: null } },
    }));
});

it("a provider cannot name itself, take a role or speak for Tideway by labels of its offer", () => {
  const labels = {
    "kubernetes.io/hostname": "east-0",
    "node-role.kubernetes.io/control-plane": "",
    "tideway.dev/remote-cluster-id": "other",
    "topology.kubernetes.io/region": "eu",
    "region.tideway.dev/eu-1": "true",
  };
  expect(made({ labels }).metadata.labels).toMatchObject({
    "kubernetes.io/hostname": "west",
    "tideway.dev/remote-cluster-id": "w",
    "topology.kubernetes.io/region": "eu",
    "region.tideway.dev/eu-1": "true",
  });
  expect(made({ labels }).metadata.labels).not.toHaveProperty("node-role.kubernetes.io/control-plane");
});

describe("a cordon", () => {
  const cordoned = (more: object) => ({ ...made(), spec: { ...made().spec, unschedulable: true }, ...more });
  const marked = (mark: object) =>
    cordoned({ metadata: { ...made().metadata, annotations: { ...made().metadata.annotations, ...mark } } });
  const MARK = { "offloading.tideway.dev/cordoned-by-offer": "true" };
  it("of ours is marked", () =>
    expect(specPatch(made(), wish({ cordoned: true }))).toMatchObject({
      metadata: { annotations: MARK },
      spec: { unschedulable: true },
    }));
  it("of ours is taken off again with its mark", () =>
    expect(specPatch(marked(MARK), wish())).toMatchObject({
      metadata: { annotations: { "offloading.tideway.dev/cordoned-by-offer": null } },
      spec: { unschedulable: null },
    }));
  it("of a person stays, and is not taken for ours", () => {
    expect(specPatch(cordoned({}), wish())).toBeUndefined();
    expect(specPatch(cordoned({}), wish({ cordoned: true }))).toBeUndefined();
  });
});
