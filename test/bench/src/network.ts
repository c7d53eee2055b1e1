import { type Pod, pods } from "@tideway/k8s";
import { translate } from "@tideway/net";
import { MEASURE } from "../../../cli/src/network/matrix/scripts.ts";
import type { Bed, Side } from "./bed.ts";
import { startCpuMeter } from "./cpu-meter.ts";
import { makeProbe, NS, PORT, tunnelOf } from "./network-bed.ts";
import { type Measure, type Measured, type RawTunnel, rawTunnel } from "./raw-wireguard.ts";
import { percentile, type Result, summarise } from "./result.ts";

const SECONDS = 2;
const PINGS = 500;
const ADDED_MS = 0.3;

type Role = "gateway" | "other";
interface Spot {
  pod: Pod;
  side: "ours" | "theirs";
  role: Role;
}
/** Where the pods run, and what share of the raw tunnel is wanted there; bytes flow to `to`. */
const WANTED = [
  { from: "ours/gateway", to: "theirs/gateway", share: 0.9 },
  { from: "theirs/gateway", to: "ours/gateway", share: 0.9 },
  { from: "ours/other", to: "theirs/other", share: 0.8 },
  { from: "theirs/other", to: "ours/other", share: 0.8 },
] as const;

interface Sample {
  mbits: number;
  cpuMsPerGB: number;
  rttMs: number;
}
/** One after the other, so that noise of the machine meets all alike. */
interface Round {
  raw: Sample;
  behind: Sample;
  own: Sample;
}

/** A pod of east's on each kind of node of both clusters; the provider is left no choice of node. */
const placeProbes = async (bed: Bed): Promise<Map<string, Spot>> => {
  const spots = new Map<string, Spot>();
  const place = async (s: Side, side: Spot["side"], gatewayNode: string): Promise<void> => {
    for (const node of s.cluster.nodes) {
      const role: Role = node === gatewayNode ? "gateway" : "other";
      const others = s.cluster.nodes.filter((n) => n !== node);
      await s.cluster.kubectl("cordon", ...others);
      const hostname = side === "ours" ? node : "west";
      const pod = await makeProbe(bed.east, { name: `${side}-${role}`, namespace: NS, hostname });
      await s.cluster.kubectl("uncordon", ...others);
      spots.set(`${side}/${role}`, { pod, side, role });
    }
  };
  await place(bed.east, "ours", (await tunnelOf(bed.east, "west"))?.status?.node ?? "");
  await place(bed.west, "theirs", (await tunnelOf(bed.west, "east"))?.status?.node ?? "");
  return spots;
};

/** Where `from` reaches `to`: a pod of ours is seen over there at a translated address. */
const addressOf = async (bed: Bed, from: Spot, to: Spot): Promise<string> => {
  const ip = to.pod.status?.podIP ?? "";
  if (from.side === "ours") return ip;
  const local = (await tunnelOf(bed.east, "west"))?.spec.local;
  return (local?.seenPodCIDR && translate(ip, local.podCIDR, local.seenPodCIDR)) ?? ip;
};

const podMeasure =
  (bed: Bed, client: Spot, host: string): Measure =>
  async (wish) => {
    const text = JSON.stringify({ host, port: PORT + 1, streams: 1, ...wish });
    const run = ["exec", client.pod.metadata.name, "--", "node", "-e", MEASURE, text];
    return JSON.parse(await bed.east.cluster.kubectl("-n", NS, ...run)) as Measured;
  };

const sample = async (measure: Measure): Promise<Sample> => {
  const { rtt } = await measure({ seconds: 0, pings: PINGS });
  const cpu = startCpuMeter();
  const { bytesPerSecond, bytes } = await measure({ seconds: SECONDS, pings: 0 });
  return { mbits: (bytesPerSecond * 8) / 1e6, cpuMsPerGB: cpu() / (bytes / 1e9), rttMs: percentile(rtt, 50) };
};

const median = (all: readonly number[]): number => percentile(all, 50);

const resultsOf = (
  w: (typeof WANTED)[number],
  rounds: readonly Round[],
  implementation: string,
): Result[] => {
  const of = (side: keyof Round, what: keyof Sample): number[] => rounds.map((p) => p[side][what]);
  const way = `pod to pod, ${w.from} to ${w.to}`;
  const ratio = median(rounds.map((p) => p.own.mbits / p.raw.mbits));
  const behindRatio = median(rounds.map((p) => p.own.mbits / p.behind.mbits));
  const cost = median(rounds.map((p) => p.own.cpuMsPerGB / p.raw.cpuMsPerGB));
  const rtt = summarise(of("own", "rttMs"));
  const rawRtt = median(of("raw", "rttMs"));
  return [
    {
      name: `${way}, against raw WireGuard (${implementation}) in turn`,
      unit: "Mbit/s",
      ...summarise(of("own", "mbits")),
      reference: median(of("raw", "mbits")),
      ratio,
      target: `ratio >= ${w.share}`,
      met: ratio >= w.share,
    },
    {
      name: `${way}, against namespaces behind the raw tunnel in turn`,
      unit: "Mbit/s",
      ...summarise(of("own", "mbits")),
      reference: median(of("behind", "mbits")),
      ratio: behindRatio,
      target: `ratio >= ${w.share}`,
      met: behindRatio >= w.share,
    },
    {
      name: `${way}: processor time`,
      unit: "ms/GB",
      ...summarise(of("own", "cpuMsPerGB")),
      reference: median(of("raw", "cpuMsPerGB")),
      ratio: cost,
      target: `ratio <= ${(1 / w.share).toFixed(2)}`,
      met: cost <= 1 / w.share,
    },
    {
      name: `${way}: round trip of one byte over TCP`,
      unit: "ms",
      ...rtt,
      reference: rawRtt,
      ratio: rtt.p50 / rawRtt,
      target: `at most ${ADDED_MS} ms more at p50`,
      met: rtt.p50 - rawRtt <= ADDED_MS,
    },
  ];
};

const measureWays = async (
  bed: Bed,
  spots: ReadonlyMap<string, Spot>,
  raw: RawTunnel,
  rounds: number,
): Promise<Round[][]> => {
  const all: Round[][] = WANTED.map(() => []);
  for (let i = 0; i < rounds; i++)
    for (const [w, { from, to }] of WANTED.entries()) {
      const [server, client] = [spots.get(from), spots.get(to)];
      if (!server || !client) continue;
      const own = podMeasure(bed, client, await addressOf(bed, client, server));
      const round = {
        raw: await sample(raw.measure),
        behind: await sample(raw.measureBehind),
        own: await sample(own),
      };
      all[w]?.push(round);
      const [mbits, behind, of] = [round.own, round.behind, round.raw].map((s) => s.mbits.toFixed(0));
      bed.report(
        `network ${i + 1}/${rounds}: ${from} to ${to} ${mbits} of ${of} Mbit/s, ${behind} behind the raw tunnel`,
      );
    }
  return all;
};

/** Pod to pod against a tunnel between the same two nodes, without anything of Tideway: `rounds` times each way. */
export const benchNetwork = async (bed: Bed, rounds: number): Promise<Result[]> => {
  const [ours, theirs] = await Promise.all([tunnelOf(bed.east, "west"), tunnelOf(bed.west, "east")]);
  const implementation = ours?.status?.implementation ?? "userspace";
  const spots = await placeProbes(bed);
  const raw = await rawTunnel(
    { cluster: bed.east.cluster, node: ours?.status?.node ?? bed.east.cluster.nodes[0]! },
    { cluster: bed.west.cluster, node: theirs?.status?.node ?? bed.west.cluster.nodes[0]! },
    implementation,
  );
  try {
    const all = await measureWays(bed, spots, raw, rounds);
    return WANTED.flatMap((w, i) => (all[i]?.length ? resultsOf(w, all[i], implementation) : []));
  } finally {
    raw.close();
    for (const { pod } of spots.values())
      await bed.east.kube.delete(pods, pod.metadata.name, NS, { gracePeriodSeconds: 0 });
  }
};
