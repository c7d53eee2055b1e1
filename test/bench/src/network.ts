import { checkout, fetchAndCheck } from "@tideway/platform";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BenchReport, Way } from "../../../cli/src/network/bench/model.ts";
import type { Bed } from "./bed.ts";
import { IMAGE, makeProbe, NS, tunnelOf } from "./network-bed.ts";
import { rawTunnel } from "./raw-wireguard.ts";
import { percentile, type Result, summarise } from "./result.ts";

const SECONDS = 3;

const across = async (bed: Bed): Promise<Way[]> => {
  const { east, west } = bed;
  const { stdout } = await promisify(execFile)(
    join(checkout, "bin/tideway"),
    [
      ...["--kubeconfig", east.cluster.kubeconfig, "network", "bench", "west", "-o", "json", "--wait"],
      ...["--peer-kubeconfig", west.cluster.kubeconfig, "--image", IMAGE, "--duration", `${SECONDS}s`],
    ],
    { maxBuffer: 16 << 20 },
  );
  return (JSON.parse(stdout) as BenchReport).ways;
};

/** Where the pods run, and what share of the raw tunnel is wanted there. */
const WANTED = [
  { from: "ours/gateway", to: "theirs/gateway", share: 0.9 },
  { from: "theirs/gateway", to: "ours/gateway", share: 0.9 },
  { from: "ours/other", to: "theirs/gateway", share: 0.8 },
  { from: "ours/other", to: "theirs/other", share: 0.8 },
  { from: "theirs/other", to: "ours/other", share: 0.8 },
] as const;
const ADDED_MS = 0.3;

/** Pod to pod against a tunnel between the same two nodes, in turn, so that noise meets both alike. */
export const benchNetwork = async (bed: Bed, rounds: number): Promise<Result[]> => {
  const [ours, theirs] = await Promise.all([tunnelOf(bed.east, "west"), tunnelOf(bed.west, "east")]);
  const implementation = ours?.status?.implementation ?? "userspace";
  const raw = await rawTunnel(
    { cluster: bed.east.cluster, node: ours?.status?.node ?? bed.east.cluster.nodes[0]! },
    { cluster: bed.west.cluster, node: theirs?.status?.node ?? bed.west.cluster.nodes[0]! },
    implementation,
  );
  const rates: number[] = [];
  const roundTrips: number[] = [];
  const ways: Way[] = [];
  try {
    for (let i = 0; i < rounds; i++) {
      const before = await raw.measure(SECONDS);
      ways.push(...(await across(bed)));
      const after = await raw.measure(SECONDS);
      rates.push(before.bytesPerSecond, after.bytesPerSecond);
      roundTrips.push(before.rttMs, after.rttMs);
      bed.report(`network ${i + 1}/${rounds}: raw ${((before.bytesPerSecond * 8) / 1e6).toFixed(0)} Mbit/s`);
    }
  } finally {
    raw.close();
  }
  const rawMbit = (percentile(rates, 50) * 8) / 1e6;
  const rawRtt = percentile(roundTrips, 50);
  return WANTED.flatMap(({ from, to, share }): Result[] => {
    const own = ways.filter((w) => w.from === from && w.to === to);
    if (own.length === 0) return [];
    const rate = summarise(own.map((w) => (w.bytesPerSecond * 8) / 1e6));
    const rtt = summarise(own.map((w) => w.rtt.p50));
    return [
      {
        name: `pod to pod, ${to} to ${from}, against raw WireGuard (${implementation})`,
        unit: "Mbit/s",
        ...rate,
        reference: rawMbit,
        ratio: rate.p50 / rawMbit,
        target: `ratio >= ${share}`,
        met: rate.p50 / rawMbit >= share,
      },
      {
        name: `round trip of one byte over TCP, ${from} to ${to}`,
        unit: "ms",
        ...rtt,
        reference: rawRtt,
        ratio: rtt.p50 / rawRtt,
        target: `at most ${ADDED_MS} ms more at p50`,
        met: rtt.p50 - rawRtt <= ADDED_MS,
      },
    ];
  });
};

const GIB_IN_MIB = 1024;

/** One whole GiB each way, and its checksum. */
export const benchTransfer = async (bed: Bed): Promise<Result[]> => {
  const { east } = bed;
  const hosts = { takes: east.cluster.nodes[1] ?? "", sends: "west" };
  const results: Result[] = [];
  for (const [name, hostname] of Object.entries(hosts))
    await makeProbe(east, { name, namespace: NS, hostname });
  const expose = ["expose", "pod", "--port=8080", "--cluster-ip=None"];
  for (const [from, to] of [
    ["takes", "sends"],
    ["sends", "takes"],
  ] as const) {
    await east.cluster.kubectl("-n", NS, ...expose, to);
    const ready = [
      "exec",
      from,
      "--",
      "curl",
      "-sS",
      "--retry",
      "20",
      "--retry-all-errors",
      "--retry-delay",
      "1",
    ];
    await east.cluster.kubectl("-n", NS, ...ready, `http://${to}:8080/`); // until its name is known over there
    const startedAt = performance.now();
    const script = fetchAndCheck(to, GIB_IN_MIB);
    const said = (await east.cluster.kubectl("-n", NS, "exec", from, "--", "node", "-e", script)).trim();
    const seconds = (performance.now() - startedAt) / 1_000;
    results.push({
      name: `1 GiB ${from === "takes" ? "from" : "to"} the other side, checksum compared`,
      unit: "s",
      n: 1,
      p50: seconds,
      p99: seconds,
      target: "intact",
      met: said === `${GIB_IN_MIB * 2 ** 20} true`,
    });
  }
  for (const name of Object.keys(hosts))
    await east.cluster.kubectl("-n", NS, "delete", "pod,service", name, "--now");
  return results;
};
