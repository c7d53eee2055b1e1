import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createNamespaces } from "@tideway/net/testing";
import { binaries, until } from "@tideway/sandbox";
import { MEASURE, SERVE } from "../../../cli/src/network/matrix/scripts.ts";
import { createFabric, FIRST_PORT, newKeys, peer, type Side } from "../../../services/gateway/test/fabric.ts";
import { percentile, type Result } from "./result.ts";

/** One gateway with one real peer and up to 49 that never answer: what grows with peers, and what must not. */
const STEPS = [1, 10, 50] as const;
const POD = 10;
/** Percentile of round trips: the packet's path, without what 49 tunnels that call nobody take of the processors. */
const UNDISTURBED = 5;
const REAL = { aSeesB: { pods: "10.61.0.0/16", external: "10.62.0.0/16" } };
const BACK = { pods: "10.71.0.0/16", external: "10.72.0.0/16" };

/** A peer nobody answers for: only facts and keys, as the network-manager would tell them. */
const silentPeer = (name: string): Side =>
  ({
    name,
    nodeIP: "172.31.0.250",
    told: { networks: [], keys: {} },
  }) as unknown as Side;

interface Figures {
  peers: number;
  /** Of the gateway and its userspace tunnels, MB. */
  memoryMb: number;
  rules: number;
  elements: number;
  rttMs: number;
}

const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

/** All processes in a network namespace. */
const processesIn = (ns: string): number[] => {
  const inode = execFileSync("stat", ["-Lc", "%i", `/run/netns/${ns}`], { encoding: "utf8" }).trim();
  return readdirSync("/proc")
    .filter((e) => /^\d+$/.test(e))
    .filter((pid) => {
      try {
        return (
          execFileSync("stat", ["-Lc", "%i", `/proc/${pid}/ns/net`], {
            encoding: "utf8",
            stdio: "pipe",
          }).trim() === inode
        );
      } catch {
        return false; // ended meanwhile
      }
    })
    .map(Number);
};

interface NftObject {
  rule?: object;
  set?: { elem?: unknown[] };
  map?: { elem?: unknown[] };
}

export const benchPeers = async (report: (text: string) => void): Promise<Result[]> => {
  const spaces = createNamespaces();
  const fabric = createFabric(spaces, await binaries.wireguardGo());
  const found: Figures[] = [];
  try {
    const [east, west] = await Promise.all([fabric.add("east", [POD]), fabric.add("west", [POD])]);
    const connect = (b: Side, aSeesB: typeof BACK, aPort: number): void =>
      peer({
        a: east,
        b,
        aSeesB,
        bSeesA: BACK,
        aPort,
        bPort: FIRST_PORT,
        keys: [{ generation: 1, a: newKeys(), b: newKeys() }],
        consumer: "a",
      });
    connect(west, REAL.aSeesB, FIRST_PORT);
    east.told.offloaded = ["shop"];
    east.told.pods = [
      { namespace: "shop", ip: `10.200.0.${POD}`, node: "east-1" },
      { namespace: "shop", ip: `10.61.0.${POD}`, node: "west" },
    ];
    west.told.guests = [{ namespace: "tideway-east--shop", ip: `10.200.0.${POD}`, node: "", origin: "east" }];
    await fabric.routeNode(east, Object.values(REAL.aSeesB));
    await fabric.routeNode(west, Object.values(BACK));
    await west.tell();
    const enter = (ns: string): string[] => [`--net=/run/netns/${ns}`, process.execPath];
    const server = spawn("nsenter", [...enter(west.pod(POD)), "-e", SERVE], {
      env: { ...process.env, NAME: "west", PORT: "8080" },
      stdio: "ignore",
    });
    try {
      for (const [i, peers] of STEPS.entries()) {
        for (let n = i === 0 ? 1 : STEPS[i - 1]!; n < peers; n++)
          connect(
            silentPeer(`silent${n}`),
            { pods: `10.${100 + n}.0.0/16`, external: `11.${n}.0.0/16` },
            FIRST_PORT + 2 * n,
          );
        await east.tell();
        await until(
          async () =>
            (await east.process.ask({ ask: "tunnels" })).tunnels.find((t) => t.clusterId === "west")
              ?.state === "CONNECTED",
          { what: `the tunnel with ${peers} peers`, timeoutMs: 30_000 },
        );
        const rtt: number[] = [];
        for (let round = 0; round < 4; round++) {
          const wish = { host: `10.61.0.${POD}`, port: 8081, seconds: 0, streams: 1, pings: 1_000 };
          const args = [...enter(east.pod(POD)), "-e", MEASURE, JSON.stringify(wish)];
          const child = spawn("nsenter", args, { stdio: ["ignore", "pipe", "inherit"] });
          let out = "";
          child.stdout.on("data", (b: Buffer) => (out += b.toString()));
          await new Promise((resolve) => child.on("close", resolve));
          if (round > 0)
            // the first one warms caches up
            rtt.push(percentile((JSON.parse(out) as { rtt: number[] }).rtt, UNDISTURBED));
        }
        const text = spaces.run(east.gateway, "nft", "-j", "list", "ruleset");
        const { nftables } = JSON.parse(text) as { nftables: NftObject[] };
        found.push({
          peers,
          memoryMb: processesIn(east.gateway).reduce((sum, pid) => sum + memoryOf(pid), 0),
          rules: nftables.filter((o) => o.rule).length,
          elements: nftables.reduce((n, o) => n + ((o.set ?? o.map)?.elem?.length ?? 0), 0),
          rttMs: percentile(rtt, 50),
        });
        const f = found.at(-1)!;
        report(
          `${peers} peers: ${f.memoryMb.toFixed(0)} MB, ${f.rules} rules, ${f.elements} elements, ${f.rttMs.toFixed(2)} ms`,
        );
      }
    } finally {
      server.kill();
    }
  } finally {
    await fabric.close();
    spaces.removeAll();
  }
  return resultsOf(found);
};

/** Linear: the last peers cost no more each than the first ones did. */
const perPeer = (found: readonly Figures[], of: (f: Figures) => number): { early: number; late: number } => {
  const [one, ten, fifty] = found as [Figures, Figures, Figures];
  const slope = (a: Figures, b: Figures): number => (of(b) - of(a)) / (b.peers - a.peers);
  return { early: slope(one, ten), late: slope(ten, fifty) };
};

const resultsOf = (found: readonly Figures[]): Result[] => {
  const linear = (name: string, unit: string, of: (f: Figures) => number, room: number): Result => {
    const { early, late } = perPeer(found, of);
    return {
      name: `50 peers on one gateway: ${name} for each more`,
      unit,
      n: found.length,
      p50: late,
      p99: late,
      reference: early,
      ...(early > 0 ? { ratio: late / early } : {}),
      target: `at most ${room} times that of the first ten`,
      met: late <= early * room,
    };
  };
  const [one] = found;
  const last = found.at(-1);
  const ratio = (last?.rttMs ?? Number.NaN) / (one?.rttMs ?? Number.NaN);
  return [
    linear("memory", "MB", (f) => f.memoryMb, 1.5), // a heap grows in steps
    linear("rules", "rules", (f) => f.rules, 1),
    linear("elements of sets and maps", "elements", (f) => f.elements, 1),
    {
      name: "50 peers on one gateway: fastest round trips pod to pod, against those with one",
      unit: "ms",
      n: 3,
      p50: last?.rttMs ?? Number.NaN,
      p99: last?.rttMs ?? Number.NaN,
      reference: one?.rttMs ?? Number.NaN,
      ratio,
      target: "ratio <= 1.2",
      met: ratio <= 1.2,
    },
  ];
};
