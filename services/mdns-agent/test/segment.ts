/** A network segment of the kernel with hosts in namespaces of their own, each with a bus and the agent as a process. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, connectBus, type FactView } from "@tideway/bus";
import { silentLogger } from "@tideway/log";
import type { FactOf } from "@tideway/protos";
import { binaries, until } from "@tideway/sandbox";

const SUBNET = "10.211.53";
const FAR = "10.211.54.1";
const PIN = `sha256/${"A".repeat(43)}=`;

export interface Host {
  id: string;
  /** What the audit's history on its bus says so far. */
  audit(): Promise<FactOf["audit"][]>;
  /** Cluster IDs that the bus says are seen here. */
  sees(): string[];
  /** `more` variables than it needs. */
  start(more?: Record<string, string>): void;
  /** SIGTERM: it says goodbye. */
  end(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface Segment {
  /** The test's own addresses on it: one of its network, and one that no host of it can have. */
  stranger: { near: string; far: string };
  add(name: string): Promise<Host>;
  remove(): Promise<void>;
}

const ip = (...args: string[]): string => execFileSync("ip", args, { encoding: "utf8" });
const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((done) => child.once("exit", () => done()));

/** `ttl` of every announcement, seconds. */
export const createSegment = (ttl: number): Segment => {
  const prefix = `twm${process.pid}`;
  const lan = `${prefix}-lan`;
  const dir = mkdtempSync(join(tmpdir(), "tideway-mdns-"));
  const children = new Set<ChildProcess>();
  const buses: Bus[] = [];
  let hosts = 0;

  ip("netns", "add", lan);
  ip("-n", lan, "link", "add", "br0", "type", "bridge");
  ip("-n", lan, "link", "set", "br0", "up");
  // the test is one more host of the segment: it reaches the buses by it
  ip("link", "add", prefix, "type", "veth", "peer", "name", "test", "netns", lan);
  ip("-n", lan, "link", "set", "test", "master", "br0", "up");
  ip("addr", "add", `${SUBNET}.254/24`, "dev", prefix);
  ip("addr", "add", `${FAR}/24`, "dev", prefix);
  ip("link", "set", prefix, "up");

  const run = (
    ns: string,
    command: string,
    args: string[],
    env: Record<string, string> = {},
  ): ChildProcess => {
    const inside = ["--pdeathsig", "KILL", "nsenter", `--net=/run/netns/${ns}`, command, ...args];
    const child = spawn("setpriv", inside, { stdio: "ignore", env: { ...process.env, ...env } });
    children.add(child);
    return child;
  };

  const connect = async (url: string): Promise<{ bus: Bus; sightings: FactView<"sighting"> }> => {
    const bus = await connectBus({ url, service: "test", clusterID: "test", log: silentLogger, settleMs: 0 });
    buses.push(bus);
    const sightings = await bus.facts("sighting");
    await sightings.synced;
    return { bus, sightings };
  };

  return {
    stranger: { near: `${SUBNET}.254`, far: FAR },
    add: async (name) => {
      const n = ++hosts;
      const [ns, address] = [`${prefix}-${n}`, `${SUBNET}.${n}`];
      ip("netns", "add", ns);
      ip("link", "add", "eth0", "netns", ns, "type", "veth", "peer", "name", `p${n}`, "netns", lan);
      ip("-n", lan, "link", "set", `p${n}`, "master", "br0", "up");
      ip("-n", ns, "addr", "add", `${address}/24`, "dev", "eth0");
      for (const device of ["eth0", "lo"]) ip("-n", ns, "link", "set", device, "up");
      run(ns, await binaries.nats(), ["-js", "-a", address, "-p", "4222", "-sd", join(dir, String(n))]);
      const url = `nats://${address}:4222`;
      const { bus, sightings } = await connect(url);
      const id = `${name}-id`;
      const door = { clusterId: id, clusterName: name, authEndpoint: `${address}:30443`, pin: PIN };
      await bus.publish("door", { peer: "local" }, { ...door, state: "OPEN", protocolVersion: "0.2" });
      let agent: ChildProcess | undefined;
      const stop = async (signal: NodeJS.Signals): Promise<void> => {
        agent?.kill(signal);
        if (agent) await ended(agent);
      };
      return {
        id,
        audit: async () => {
          const all: FactOf["audit"][] = [];
          for await (const e of bus.events({ follow: false, entity: "audit" }))
            all.push(e.data as FactOf["audit"]);
          return all;
        },
        sees: () =>
          sightings
            .list()
            .flatMap(({ data }) => (data.state === "SEEN" ? [data.clusterId] : []))
            .sort(),
        start: (more = {}) => {
          const main = join(import.meta.dirname, "../src/main.ts");
          const env = {
            POD_NAME: name,
            POD_IP: address,
            BUS_URL: url,
            MDNS_TTL_SECONDS: String(ttl),
            ...more,
          };
          const ports = { HEALTH_PORT: "0", METRICS_PORT: "0" };
          agent = run(ns, process.execPath, ["--disable-warning=ExperimentalWarning", main], {
            ...env,
            ...ports,
          });
        },
        end: () => stop("SIGTERM"),
        kill: () => stop("SIGKILL"),
      };
    },
    remove: async () => {
      await Promise.all(buses.map((b) => b.close()));
      for (const child of children) child.kill("SIGKILL");
      await Promise.all([...children].map(ended));
      for (let n = 1; n <= hosts; n++) ip("netns", "del", `${prefix}-${n}`);
      ip("netns", "del", lan);
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

export const sees = (h: Host, ...others: Host[]): Promise<unknown> => {
  const wanted = others.map((o) => o.id).sort();
  return until(() => Promise.resolve(JSON.stringify(h.sees()) === JSON.stringify(wanted)), {
    what: `${h.id} to see ${wanted.join(", ") || "nobody"}`,
    everyMs: 5,
    explain: () => h.sees().join(", "),
  });
};
