import { join } from "node:path";
import { isInvalid } from "@tideway/errors";
import { createKube, fromKubeconfig, type Kube, type KubeObject, type Resource } from "@tideway/k8s";
import { type ApiServer, startApiServer } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peerConditionWriter } from "../src/foreign-cluster-condition.ts";
import {
  type ForeignCluster,
  foreignClusters,
  invitations,
  namespaceMaps,
  namespaceOffloadings,
  resourceOffers,
  resourceRequests,
  sharingPolicies,
  shadowPods,
} from "../src/index.ts";

let api: ApiServer;
let kube: Kube;
beforeAll(async () => {
  api = await startApiServer({ name: "crds" });
  await api.applyCrds(join(import.meta.dirname, "../../../deploy/base/crds"));
  kube = createKube(fromKubeconfig(api.kubeconfig), { userAgent: "test" });
});
afterAll(async () => {
  await kube?.close();
  await api?.stop();
});

const spec = { clusterID: "id", clusterName: "west", authEndpoint: "192.0.2.1:443", pins: [] };
const cluster = (name: string, over: object = {}): ForeignCluster => ({
  metadata: { name },
  spec: { ...spec, ...over },
});
const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
  } catch (err) {
    expect(isInvalid(err)).toBe(true);
    return String(err);
  }
  return "it was taken";
};
const make = <T extends KubeObject>(r: Resource<T>, name: string, body: object): Promise<T> =>
  kube.create(r, {
    metadata: { name, ...(r.namespaced ? { namespace: "default" } : {}) },
    spec: body,
  } as never);

describe("the API server", () => {
  it("fills in what is not said", async () => {
    expect((await kube.create(foreignClusters, cluster("defaults"))).spec).toEqual({
      ...spec,
      outgoingPeering: "No",
      incomingPeering: "Auto",
      unpeerTimeoutSeconds: 30,
    });
    expect((await make(sharingPolicies, "defaults", { offer: {} })).spec).toEqual({
      offer: { validFor: "1h" },
      defaultAction: "ask",
      reserve: { percent: 30 },
    });
    expect((await make(namespaceOffloadings, "offloading", {})).spec).toEqual({
      podOffloadingStrategy: "LocalAndRemote",
    });
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "an endpoint without a port",
      () => kube.create(foreignClusters, cluster("a", { authEndpoint: "west" })),
      /spec.authEndpoint.*must be host:port/,
    ],
    [
      "a port beyond 65535",
      () => kube.create(foreignClusters, cluster("a", { authEndpoint: "west:65536" })),
      /must be host:port/,
    ],
    [
      "a pin that is none",
      () => kube.create(foreignClusters, cluster("a", { pins: ["x"] })),
      /spec.pins\[0\].*must be "sha256\/"/,
    ],
    [
      "a peer name with --",
      () => kube.create(foreignClusters, cluster("a--b")),
      /metadata.name is the peer name/,
    ],
    [
      "a peer name that is too long",
      () => kube.create(foreignClusters, cluster("a".repeat(41))),
      /at most 40/,
    ],
    [
      "a deadline beyond an hour",
      () => kube.create(foreignClusters, cluster("a", { unpeerTimeoutSeconds: 3601 })),
      /less than or equal to 3600/,
    ],
    [
      "a NamespaceOffloading of another name",
      () => make(namespaceOffloadings, "mine", {}),
      /metadata.name must be offloading/,
    ],
    [
      "a second ResourceRequest",
      () => make(resourceRequests, "second", { clusterID: "id" }),
      /metadata.name must be request/,
    ],
    [
      "a second ResourceOffer",
      () => make(resourceOffers, "second", { clusterID: "id", resources: {} }),
      /metadata.name must be offer/,
    ],
    [
      "an offer of a node pool under another name",
      () => make(resourceOffers, "offer-a", { clusterID: "id", pool: "b", resources: {} }),
      /offer-<pool> for the offer of a node pool/,
    ],
    [
      "a reserve that is neither amount nor share",
      () => make(sharingPolicies, "share", { reserve: { resources: { cpu: "101%" } } }),
      /reserve.resources.cpu/,
    ],
    [
      "a second NamespaceMap",
      () => make(namespaceMaps, "second", { namespaces: [] }),
      /metadata.name must be namespaces/,
    ],
    [
      "amounts that are none",
      () => make(resourceRequests, "request", { clusterID: "id", resources: { cpu: "lots" } }),
      /must be a Kubernetes quantity/,
    ],
    [
      "two rules of one name",
      () =>
        make(sharingPolicies, "two", {
          rules: [
            { name: "a", action: "ask" },
            { name: "a", action: "ask" },
          ],
        }),
      /Duplicate value/,
    ],
    [
      "a token in place of its hash",
      () => make(invitations, "plain", { tokenHash: "secret" }),
      /must be the SHA-256/,
    ],
  ])("refuses %s, in words", async (_, attempt, words) => expect(await refusal(attempt())).toMatch(words));

  it("takes amounts, shares, pools and withdrawals as people write them", async () => {
    const made = await make(sharingPolicies, "whole", {
      reserve: { percent: 20, resources: { cpu: 2, memory: "4Gi", "nvidia.com/gpu": "50%" } },
      total: { cpu: 10 },
      rules: [{ name: "gold", when: "peer.labels.tier == 'gold'", action: "accept" }],
      offer: {
        labels: { "example.com/provider": "us" },
        storageClasses: [{ name: "fast", default: true, capacity: "100Gi", price: "0.0002" }],
        ingressClasses: [{ name: "public", peers: ["east"] }],
        price: { currency: "EUR", perHour: { cpu: "0.03" } },
      },
      pools: [{ name: "gpu", nodeSelector: { accelerator: "a100" }, perPeer: { "nvidia.com/gpu": 1 } }],
      withdrawals: [{ peer: "east", deadline: "5m", reason: "maintenance" }],
    });
    expect(made.spec).toMatchObject({ offer: { validFor: "1h" }, pools: [{ name: "gpu" }] });
    const offer = { clusterID: "id", pool: "gpu", resources: { "nvidia.com/gpu": "1" } };
    expect((await make(resourceOffers, "offer-gpu", offer)).spec).toEqual(offer);
  });

  it("keeps a cluster's ID", async () => {
    await kube.create(foreignClusters, cluster("fixed"));
    const attempt = kube.patch(foreignClusters, "fixed", undefined, { spec: { clusterID: "other" } });
    expect(await refusal(attempt)).toMatch(/spec.clusterID.*cannot be changed/);
  });

  it("keeps every field of a ShadowPod's PodSpec", async () => {
    const pod = { containers: [{ name: "c", image: "i", futureField: { deep: [1] } }] };
    const made = await make(shadowPods, "any", { originUID: "u", originNamespace: "n", pod });
    expect(made.spec.pod).toEqual(pod);
  });

  it("shows what one wants to know of a peer", async () => {
    await kube.create(foreignClusters, cluster("columns"));
    const condition = {
      type: "Ready",
      status: "False",
      reason: "Unreachable",
      message: "",
      lastTransitionTime: new Date().toISOString(),
    };
    await kube.patch(
      foreignClusters,
      "columns",
      undefined,
      { status: { conditions: [condition] } },
      { subresource: "status" },
    );
    const [header, row] = (await api.kubectl("get", "fc", "columns")).trim().split("\n");
    expect(header?.split(/\s+/)).toEqual([
      "NAME",
      "CLUSTER",
      "OUTGOING",
      "INCOMING",
      "READY",
      "REASON",
      "AGE",
    ]);
    expect(row?.split(/\s+/).slice(0, 6)).toEqual(["columns", "west", "No", "Auto", "False", "Unreachable"]);
    expect(await api.kubectl("get", "tideway")).toContain("foreigncluster.discovery.tideway.dev/columns");
  });
});

describe("the condition of a concern", () => {
  const writer = (service: string, type: string) => peerConditionWriter({ kube, service, type });
  const read = async (name: string) =>
    (await kube.get(foreignClusters, name)).status?.conditions?.map((c) => [c.type, c.status]) ?? [];

  it("is written beside those of others, and taken away alone", async () => {
    await kube.create(foreignClusters, cluster("shared"));
    const [auth, negotiator] = [writer("auth", "Authenticated"), writer("negotiator", "Negotiated")];
    const good = { status: "True", reason: "Done", message: "" } as const;
    expect(await auth.write("shared", good)).toBe(true);
    expect(await negotiator.write("shared", good)).toBe(true);
    expect((await read("shared")).toSorted()).toEqual([
      ["Authenticated", "True"],
      ["Negotiated", "True"],
    ]);
    await negotiator.write("shared", undefined);
    expect(await read("shared")).toEqual([["Authenticated", "True"]]);
  });

  it("is not written twice, also not after a restart", async () => {
    await kube.create(foreignClusters, cluster("quiet"));
    const good = { status: "True", reason: "Done", message: "" } as const;
    await writer("auth", "Authenticated").write("quiet", good);
    const { metadata } = await kube.get(foreignClusters, "quiet");
    await writer("auth", "Authenticated").write("quiet", good);
    expect((await kube.get(foreignClusters, "quiet")).metadata.resourceVersion).toBe(
      metadata.resourceVersion,
    );
  });

  it("makes no ghost of a ForeignCluster that is gone, and is written to its successor", async () => {
    const auth = writer("auth", "Authenticated");
    const bad = (reason: string) => ({ status: "False", reason, message: "" }) as const;
    expect(await auth.write("ghost", bad("Never"))).toBe(false);
    await kube.create(foreignClusters, cluster("ghost"));
    await auth.write("ghost", bad("First"));
    await kube.delete(foreignClusters, "ghost");
    expect(await auth.write("ghost", bad("Second"))).toBe(false);
    expect(await kube.find(foreignClusters, "ghost")).toBeUndefined();
    await kube.create(foreignClusters, cluster("ghost"));
    expect(await auth.write("ghost", bad("Second"))).toBe(true);
    expect(await read("ghost")).toEqual([["Authenticated", "False"]]);
  });
});
