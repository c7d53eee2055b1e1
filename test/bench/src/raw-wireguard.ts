import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { entering, nodeCalled } from "@tideway/platform";
import { binaries, type Cluster, until } from "@tideway/sandbox";
import { MEASURE, SERVE } from "../../../cli/src/network/matrix/scripts.ts";

/** One connection for so many seconds, or so many round trips of one byte. */
export type Measure = (wish: { seconds: number; pings: number }) => Promise<Measured>;
export interface Measured {
  bytesPerSecond: number;
  bytes: number;
  /** Sorted. */
  rtt: number[];
}

/** A WireGuard tunnel between two nodes without anything of Tideway: what the network is measured against. */
export interface RawTunnel {
  /** From node to node. */
  measure: Measure;
  /**
   * From a network namespace of one node to one of the other: what any fabric between pods pays before it has done
   * anything, a veth and a pass of forwarding at each end.
   */
  measureBehind: Measure;
  close(): void;
}

const PORT = 51_999;
/** As the gateways': their tunnels have room for IPv6 outside. */
const MTU = 1420;
const SERVER_PORT = 18_080;

interface End {
  enter: [string, string];
  node: string;
  address: string;
  device: string;
  inner: string;
  privateKey: string;
  publicKey: string;
  behind: Behind;
}
/** A network namespace that reaches the tunnel through its node, as a pod does. */
interface Behind {
  netns: string;
  veth: string;
  address: string;
  gateway: string;
  subnet: string;
}

const run = (end: Pick<End, "enter">, command: string[], input?: string): string =>
  execFileSync(end.enter[0], [end.enter[1], ...command], { encoding: "utf8", ...(input ? { input } : {}) });

const makeEnd = (c: Cluster, node: string, index: number): End => {
  const privateKey = execFileSync("wg", ["genkey"], { encoding: "utf8" }).trim();
  return {
    enter: entering(c, node),
    node,
    address: nodeCalled(c, node).address,
    device: `rawbench${index}`,
    inner: `192.168.199.${index}`,
    privateKey,
    publicKey: execFileSync("wg", ["pubkey"], { encoding: "utf8", input: privateKey }).trim(),
    behind: {
      netns: `rawbench-behind${index}`,
      veth: `rawbehind${index}`,
      address: `192.168.198.${index * 4 + 2}`,
      gateway: `192.168.198.${index * 4 + 1}`,
      subnet: `192.168.198.${index * 4}/30`,
    },
  };
};

const enterBehind = ({ behind }: End): [string, string] => ["nsenter", `--net=/run/netns/${behind.netns}`];

const makeBehind = (end: End, other: End): void => {
  const { netns, veth, address, gateway } = end.behind;
  execFileSync("ip", ["netns", "add", netns]);
  run(end, ["ip", "link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", netns]);
  run(end, ["ip", "address", "add", `${gateway}/30`, "dev", veth]);
  run(end, ["ip", "link", "set", veth, "up"]);
  run(end, ["ip", "route", "add", other.behind.subnet, "dev", end.device]);
  const inside = { enter: enterBehind(end) };
  run(inside, ["ip", "address", "add", `${address}/30`, "dev", "eth0"]);
  run(inside, ["ip", "link", "set", "eth0", "mtu", String(MTU), "up"]);
  run(inside, ["ip", "route", "add", "default", "via", gateway]);
};
const removeBehind = ({ behind }: End): void => {
  try {
    execFileSync("ip", ["netns", "delete", behind.netns], { stdio: "ignore" }); // its veth goes along
  } catch {
    // it was not made
  }
};

/** The same implementation as the gateways use: `kernel` or `userspace`. */
export const rawTunnel = async (
  a: { cluster: Cluster; node: string },
  b: { cluster: Cluster; node: string },
  implementation: string,
): Promise<RawTunnel> => {
  const ends = [makeEnd(a.cluster, a.node, 1), makeEnd(b.cluster, b.node, 2)] as const;
  const children: ChildProcess[] = [];
  const close = (): void => {
    for (const child of children) child.kill();
    for (const e of ends) removeBehind(e);
    if (implementation === "kernel") for (const e of ends) run(e, ["ip", "link", "del", e.device]);
  };
  const wireguardGo = await binaries.wireguardGo();
  try {
    for (const [i, end] of ends.entries()) {
      const other = ends[1 - i]!;
      if (implementation === "kernel") run(end, ["ip", "link", "add", end.device, "type", "wireguard"]);
      else
        children.push(
          spawn(end.enter[0], [end.enter[1], wireguardGo, "-f", end.device], { stdio: "ignore" }),
        );
      const there = (): Promise<boolean> =>
        Promise.resolve(run(end, ["wg", "show", "interfaces"]).split(/\s/).includes(end.device));
      await until(there, { what: `${end.device} on ${end.node}`, timeoutMs: 30_000 });
      const peer = ["peer", other.publicKey, "endpoint", `${other.address}:${PORT}`];
      const own = ["private-key", "/dev/stdin", "listen-port", String(PORT)];
      // A child's standard input is a socket under Node, which /dev/stdin cannot open: hence the pipe.
      const wg = [
        "wg",
        "set",
        end.device,
        ...own,
        ...peer,
        "allowed-ips",
        `${other.inner}/32,${other.behind.subnet}`,
      ];
      run(end, ["sh", "-c", 'cat | "$@"', "sh", ...wg], end.privateKey);
      run(end, ["ip", "addr", "add", `${end.inner}/24`, "dev", end.device]);
      run(end, ["ip", "link", "set", end.device, "mtu", String(MTU), "up"]);
      makeBehind(end, other);
    }
    const env = { ...process.env, NAME: "raw", PORT: String(SERVER_PORT) };
    const [server, client] = [ends[1], ends[0]];
    for (const [enter, inside] of [server.enter, enterBehind(server)])
      children.push(spawn(enter, [inside, process.execPath, "-e", SERVE], { env, stdio: "ignore" }));
    await until(
      () =>
        Promise.resolve(
          run(client, ["ping", "-c", "1", "-W", "1", server.inner]).includes(" 0% packet loss"),
        ),
      { what: "the raw tunnel", timeoutMs: 20_000 },
    );
    return {
      measure: (wish) => measure(client.enter, server.inner, wish),
      measureBehind: (wish) => measure(enterBehind(client), server.behind.address, wish),
      close,
    };
  } catch (err) {
    close();
    throw err;
  }
};

const measure = async (
  client: End["enter"],
  host: string,
  wish: Parameters<Measure>[0],
): Promise<Measured> => {
  const text = JSON.stringify({ host, port: SERVER_PORT + 1, streams: 1, ...wish });
  const child = spawn(client[0], [client[1], process.execPath, "-e", MEASURE, text], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (b: Buffer) => (out += b.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`bench: the raw tunnel could not be measured (${code})`);
  return JSON.parse(out) as Measured;
};
