import { sharingPolicies } from "@tideway/api";
import { nodes } from "@tideway/k8s";
import { tideway } from "@tideway/platform";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureConnected } from "./fabric.ts";
import {
  claimManifest,
  claimOf,
  list,
  noVolumesBut,
  podManifest,
  twinOf,
  volumeOf,
  volumesOnBoth,
} from "./volumes.ts";
import {
  apply,
  dropNamespace,
  east,
  nodeOf,
  offloadedNamespace,
  phaseIs,
  podOf,
  type Side,
  west,
} from "./world.ts";

/** East lies in one region; west has a node in it, and one in another. Claims say where their data may lie. */
const NS = "kept-data";
const TWIN = twinOf(NS);
const REGION = "topology.kubernetes.io/region";
const PLACES = [
  [east, { [east.cluster.nodes[0] ?? ""]: "us-1", [east.cluster.nodes[1] ?? ""]: "us-1" }],
  [west, { [west.cluster.nodes[0] ?? ""]: "eu-1", [west.cluster.nodes[1] ?? ""]: "us-1" }],
] as const;

const offer = (labels: Record<string, string | null>): Promise<unknown> =>
  west.kube.patch(sharingPolicies, "default", undefined, { spec: { offer: { labels } } });
const kept = (name: string, regions: string): object => {
  const claim = claimManifest(NS, name) as { metadata: object };
  return {
    ...claim,
    metadata: { ...claim.metadata, annotations: { "storage.tideway.dev/keep-in": regions } },
  };
};
const podOn = (name: string, hostname: string): object => {
  const pod = podManifest(NS, name, name, "true") as { spec: object };
  return { ...pod, spec: { ...pod.spec, nodeSelector: { "kubernetes.io/hostname": hostname } } };
};
const regionOf = async (s: Side, node = ""): Promise<string | undefined> =>
  (await s.kube.find(nodes, node))?.metadata.labels?.[REGION];

let before: string[][];
beforeAll(async () => {
  await ensureConnected();
  before = await volumesOnBoth();
  for (const [side, places] of PLACES)
    for (const [node, region] of Object.entries(places))
      await side.cluster.kubectl("label", "node", node, `${REGION}=${region}`, "--overwrite");
  await offer({ "region.tideway.dev/eu-1": "true", "region.tideway.dev/us-1": "true" });
  await offloadedNamespace(NS);
  await tideway(east.cluster, "offload", "namespace", NS, "--wait"); // here and there
  await until(async () => (await nodeOf())?.metadata.labels?.["region.tideway.dev/eu-1"] === "true", {
    what: "the regions of west at its virtual node",
    timeoutMs: 60_000,
  });
});
afterAll(async () => {
  await dropNamespace(NS);
  await offer({ "region.tideway.dev/eu-1": null, "region.tideway.dev/us-1": null });
  for (const [side, places] of PLACES)
    for (const node of Object.keys(places)) await side.cluster.kubectl("label", "node", node, `${REGION}-`);
});

describe("a claim that is to be kept in a region", () => {
  it.each(["eu-1", "us-1"])("gets its volume on the node of the peer that lies in %s", async (region) => {
    const name = `in-${region}`;
    await apply(east.cluster, list(kept(name, region), podOn(name, "west")));
    await phaseIs(east, NS, name, "Running");
    expect(await regionOf(west, (await podOf(west, TWIN, name))?.spec?.nodeName)).toBe(region);
    const volume = await volumeOf(west, (await claimOf(west, TWIN, name))?.spec?.volumeName);
    const terms = volume?.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
    const hosts = terms.flatMap((t) => t.matchExpressions ?? []).flatMap((e) => e.values ?? []);
    expect(await Promise.all(hosts.map((host) => regionOf(west, host)))).toEqual([region]);
  });

  it.each([
    ["a real node outside of it", "eu-1", east.cluster.nodes[0] ?? ""],
    ["a peer that has nothing there", "ap-1", "west"],
  ])("stays Pending on %s, with the reason, and no volume is made", async (_what, region, hostname) => {
    const name = `not-${region}`;
    await apply(east.cluster, list(kept(name, region), podOn(name, hostname)));
    const line = async (): Promise<string> => {
      const { conditions = [] } = (await claimOf(east, NS, name))?.status ?? {};
      const c = conditions.find((x) => x.type === "tideway.dev/Provisioned");
      return `${c?.status} ${c?.reason}: ${c?.message}`;
    };
    await until(async () => (await line()).startsWith("False OutsideRegion"), {
      what: "the reason at the claim",
      timeoutMs: 60_000,
      explain: line,
    });
    expect(await line()).toContain(region);
    expect((await claimOf(east, NS, name))?.status?.phase).toBe("Pending");
    expect(await claimOf(west, TWIN, name)).toBeUndefined();
    await east.cluster.kubectl("-n", NS, "delete", `pod/${name}`, `pvc/${name}`, "--timeout=30s");
  });

  it("leaves nothing behind", async () => {
    await dropNamespace(NS);
    await noVolumesBut(before);
  });
});
