import { setTimeout as delay } from "node:timers/promises";
import {
  type ForeignCluster,
  foreignClusters,
  peerOfNamespace,
  tenants,
  tunnelEndpoints,
} from "@tideway/api";
import { namespaces } from "@tideway/k8s";
import { load } from "@tideway/platform";
import { until } from "@tideway/sandbox";
import { type Bed, seen, type Side, watching } from "./bed.ts";
import { isUp, makeProbe, NS, tunnelOf } from "./network-bed.ts";
import { type Result, summarise } from "./result.ts";

/** Younger tenant namespaces end at Kubernetes' own pace (ADR 0011). */
const AGE_MS = 11_000;

/** From the intent to a tunnel that answers on both sides; starts and ends peered. */
export const benchTunnel = async (bed: Bed, rounds: number): Promise<Result[]> => {
  const took: number[] = [];
  await using eastTunnels = await watching(bed, bed.east, tunnelEndpoints);
  await using westTunnels = await watching(bed, bed.west, tunnelEndpoints);
  await using westTenants = await watching(bed, bed.west, tenants);
  await using eastSpaces = await watching(bed, bed.east, namespaces);
  await using westSpaces = await watching(bed, bed.west, namespaces);
  const intend = (outgoingPeering: ForeignCluster["spec"]["outgoingPeering"]): Promise<unknown> =>
    bed.east.kube.patch(foreignClusters, "west", undefined, { spec: { outgoingPeering } });
  const noTenant = (i: typeof eastSpaces): boolean =>
    !i.list().some((n) => peerOfNamespace(n.metadata.name) !== undefined);
  for (let i = 0; i < rounds; i++) {
    const made = westSpaces.get("tideway-tenant-east")?.metadata.creationTimestamp ?? "";
    await delay(Math.max(0, Date.parse(made) + AGE_MS - Date.now()));
    await intend("No");
    await seen(westTenants, "tenant gone on west", () => westTenants.size === 0);
    await seen(eastSpaces, "tenant namespace gone on east", () => noTenant(eastSpaces));
    await seen(westSpaces, "tenant namespace gone on west", () => noTenant(westSpaces));
    const startedAt = performance.now();
    await intend("Yes");
    await Promise.all([
      seen(eastTunnels, "tunnel up on east", () => isUp(eastTunnels.get("tideway-network/tunnel-west"))),
      seen(westTunnels, "tunnel up on west", () => isUp(westTunnels.get("tideway-network/tunnel-east"))),
    ]);
    took.push(performance.now() - startedAt);
    bed.report(`tunnel ${i + 1}/${rounds}: up after ${took.at(-1)!.toFixed(0)} ms`);
  }
  const s = summarise(took);
  return [
    {
      name: "tunnel, intent of peering to up on both sides",
      unit: "ms",
      ...s,
      target: "p50 <= 1000",
      met: s.p50 <= 1000,
    },
  ];
};

const kill = async (s: Side, peer: string): Promise<void> => {
  const gateway = (await tunnelOf(s, peer))?.status?.gateway;
  if (!gateway) throw new Error(`bench: ${s.cluster.name} has no gateway to ${peer}`);
  const now = ["--grace-period=0", "--force"];
  await s.cluster.kubectl("-n", "tideway-network", "delete", "pod", gateway, ...now);
  await until(async () => (await tunnelOf(s, peer))?.status?.gateway !== gateway, {
    what: "another gateway",
  });
  await until(async () => isUp(await tunnelOf(s, peer)), { what: "the tunnel up again" });
};

/** A gateway is killed, of either side in turn, while a pod asks another across the border every few milliseconds. */
export const benchFailover = async (bed: Bed, rounds: number): Promise<Result[]> => {
  const [, onto = ""] = bed.east.cluster.nodes;
  await makeProbe(bed.east, { name: "asks", namespace: NS, hostname: onto });
  const target = await makeProbe(bed.east, { name: "answers", namespace: NS, hostname: "west" });
  const gaps: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const side = i % 2 === 0 ? bed.east : bed.west;
    const running = await load(bed.east.cluster, NS, "asks", {
      host: target.status?.podIP ?? "",
      everyMs: 20,
      workers: 4,
      timeoutMs: 250,
    });
    try {
      await kill(side, i % 2 === 0 ? "west" : "east");
      await delay(1_000); // a tail of the load, so that its last gap ends
    } finally {
      gaps.push((await running.stop()).longestGapMs);
    }
    bed.report(
      `failover ${i + 1}/${rounds}: gateway of ${side.cluster.name}, ${gaps.at(-1)!.toFixed(0)} ms without an answer`,
    );
  }
  for (const name of ["asks", "answers"])
    await bed.east.cluster.kubectl("-n", NS, "delete", "pod", name, "--now");
  const s = summarise(gaps);
  return [
    {
      name: "gateway killed: time without an answer, pod to pod",
      unit: "ms",
      ...s,
      target: "p99 <= 3000",
      met: s.p99 <= 3000,
    },
  ];
};
