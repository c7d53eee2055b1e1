import { setTimeout as delay } from "node:timers/promises";
import { type ForeignCluster, foreignClusters, peerOfNamespace, tenants } from "@tideway/api";
import { type Namespace, namespaces, type Node, nodes } from "@tideway/k8s";
import { type Bed, seen, watching } from "./bed.ts";
import { type Result, summarise } from "./result.ts";

const isReady = (node: Readonly<Node> | undefined): boolean =>
  node?.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

/** Younger tenant namespaces end at Kubernetes' own pace (ADR 0011), which is not what is measured here. */
const AGE_MS = 11_000;
const aged = (namespace: Readonly<Namespace> | undefined): Promise<void> =>
  delay(Math.max(0, Date.parse(namespace?.metadata.creationTimestamp ?? "") + AGE_MS - Date.now()));

/** Peers and unpeers `rounds` times with a standing token; starts and ends peered. */
export const benchPeering = async (bed: Bed, rounds: number): Promise<Result[]> => {
  const peering: number[] = [];
  const nodeGone: number[] = [];
  const allGone: number[] = [];
  await using eastNodes = await watching(bed, bed.east, nodes);
  await using eastClusters = await watching(bed, bed.east, foreignClusters);
  await using eastSpaces = await watching(bed, bed.east, namespaces);
  await using westTenants = await watching(bed, bed.west, tenants);
  await using westClusters = await watching(bed, bed.west, foreignClusters);
  await using westSpaces = await watching(bed, bed.west, namespaces);
  const intend = (outgoingPeering: ForeignCluster["spec"]["outgoingPeering"]): Promise<unknown> =>
    bed.east.kube.patch(foreignClusters, "west", undefined, { spec: { outgoingPeering } });
  if (!eastClusters.get("west")) throw new Error("bench: east does not know west");

  for (let i = 0; i < rounds; i++) {
    await aged(westSpaces.get("tideway-tenant-east"));
    const downAt = performance.now();
    await intend("No");
    await seen(eastNodes, "virtual node gone", () => !eastNodes.get("west"));
    nodeGone.push(performance.now() - downAt);
    await Promise.all([
      seen(westTenants, "tenant gone on west", () => westTenants.size === 0),
      seen(westClusters, "ForeignCluster gone on west", () => westClusters.size === 0),
      seen(
        westSpaces,
        "tenant namespace gone on west",
        () => !westSpaces.list().some((n) => peerOfNamespace(n.metadata.name) !== undefined),
      ),
      seen(
        eastSpaces,
        "tenant namespace gone on east",
        () => !eastSpaces.list().some((n) => peerOfNamespace(n.metadata.name) !== undefined),
      ),
    ]);
    allGone.push(performance.now() - downAt);

    const upAt = performance.now();
    await intend("Yes");
    await seen(eastNodes, "virtual node Ready", () => isReady(eastNodes.get("west")));
    peering.push(performance.now() - upAt);
    bed.report(
      `peering ${i + 1}/${rounds}: up ${peering.at(-1)!.toFixed(0)} ms, down ${allGone.at(-1)!.toFixed(0)} ms`,
    );
  }
  const up = summarise(peering);
  const down = summarise(allGone);
  const node = summarise(nodeGone);
  return [
    {
      name: "peering, intent to virtual node Ready (again right after an unpeer)",
      unit: "ms",
      ...up,
      target: "p50 <= 500, p99 <= 1000",
      met: up.p50 <= 500 && up.p99 <= 1000,
    },
    { name: "unpeer, node gone", unit: "ms", ...node, target: "p50 <= 1000", met: node.p50 <= 1000 },
    {
      name: "unpeer, everything gone on both sides",
      unit: "ms",
      ...down,
      target: "p50 <= 1000",
      met: down.p50 <= 1000,
    },
  ];
};
