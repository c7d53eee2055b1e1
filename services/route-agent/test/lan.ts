/**
 * A node with a pod, and two gateway pods it reaches, as network namespaces; the peer's pod is an address of the
 * gateways themselves. What comes in at either end is counted by its source.
 */
import { silentLogger } from "@tideway/log";
import { createKernel, macOf, OVERLAY_DEVICE, TABLE } from "@tideway/net";
import { createNamespaces } from "@tideway/net/testing";

export const NODE_IP = "192.0.2.11";
export const GATEWAY_IP = "10.200.0.7";
export const OTHER_GATEWAY_IP = "10.200.9.8";
export const POD_IP = "10.200.1.5";
export const POD_CIDR = "10.200.1.0/24";
export const CLUSTER_PODS = "10.200.0.0/16";
export const PEER_PODS = "10.81.0.0/16";
export const PEER_POD = "10.81.0.5";

type Place = "node" | "pod" | "gateway" | "other";

export interface Lan {
  /** Names of the namespaces. */
  ns: Record<Place, string>;
  run(place: Place, ...command: string[]): string;
  /** What an uninstalled node must have neither more nor less of. */
  snapshot(): string;
  /** Whether a ping of 1200 bytes comes and goes. */
  ping(from: Place, to: string, source?: string): boolean;
  /** Sources of the pings that came in since the last call. */
  sources(at: Place): string[];
  stop(): void;
}

const COUNTED = [POD_IP, NODE_IP, PEER_POD, "10.200.1.1"];
const counterOf = (address: string): string => `from-${address.replaceAll(".", "-")}`;
const COUNTERS = `table ip seen {
${COUNTED.map((a) => `  counter ${counterOf(a)} { packets 0 bytes 0; }`).join("\n")}
  chain input { type filter hook input priority 0;
${COUNTED.map((a) => `    icmp type echo-request ip saddr ${a} counter name ${counterOf(a)}`).join("\n")}
  }
}`;

/** A gateway's side of the overlay. */
export const gatewaySide = async (namespace: string, address: string, signal: AbortSignal): Promise<void> => {
  const kernel = createKernel({ log: silentLogger, signal, namespace });
  await kernel.applyLinks([
    {
      name: OVERLAY_DEVICE,
      vxlan: { vni: TABLE, port: TABLE, local: address },
      mac: macOf(address),
      mtu: 1450,
    },
  ]);
  await kernel.applyNeighbours(OVERLAY_DEVICE, [{ address: NODE_IP }]);
  const toNode = { via: NODE_IP, device: OVERLAY_DEVICE, onlink: true };
  await kernel.applyRoutes({
    table: TABLE,
    routes: [
      { destination: POD_CIDR, ...toNode },
      { destination: NODE_IP, ...toNode },
    ],
    rules: [{ priority: TABLE, from: PEER_PODS }],
  });
};

export const createLan = async (): Promise<Lan> => {
  const all = createNamespaces();
  const stopping = new AbortController();
  const ns = {
    node: all.add("node"),
    pod: all.add("pod"),
    gateway: all.add("gateway"),
    other: all.add("other"),
  };
  const run = (place: Place, ...command: string[]): string => all.run(ns[place], ...command);
  for (const place of ["node", "gateway", "other"] as const)
    for (const setting of ["ip_forward=1", "conf.all.rp_filter=0", "conf.default.rp_filter=0"])
      run(place, "sysctl", "-qw", `net.ipv4.${setting}`);
  all.connect(
    { ns: ns.node, device: "cni0", address: "10.200.1.1/24" },
    { ns: ns.pod, device: "eth0", address: `${POD_IP}/24` },
  );
  run("pod", "ip", "route", "add", "default", "via", "10.200.1.1");
  const gateways = [
    { place: "gateway", ip: GATEWAY_IP, device: "eth0", end: `${NODE_IP}/24`, far: "192.0.2.1/24" },
    { place: "other", ip: OTHER_GATEWAY_IP, device: "eth1", end: "198.51.100.2/24", far: "198.51.100.1/24" },
  ] as const;
  for (const { place, ip, device, end, far } of gateways) {
    all.connect({ ns: ns.node, device, address: end }, { ns: ns[place], device: "eth0", address: far });
    run(place, "ip", "address", "add", `${ip}/32`, "dev", "eth0");
    run(place, "ip", "address", "add", `${PEER_POD}/32`, "dev", "lo");
    if (place === "other") run(place, "ip", "route", "add", NODE_IP, "via", "198.51.100.2");
    run("node", "ip", "route", "add", ip, "via", far.split("/")[0] ?? "", "dev", device);
    await gatewaySide(ns[place], ip, stopping.signal);
  }
  for (const place of ["pod", "gateway", "other"] as const) run(place, "nft", COUNTERS);
  return {
    ns,
    run,
    snapshot: () =>
      [
        ["ip", "-br", "link"],
        ["ip", "-br", "-4", "address"],
        ["ip", "-4", "rule"],
        ["ip", "-4", "route", "show", "table", "all"],
        ["nft", "list", "tables"],
      ]
        .map((command) => run("node", ...command))
        .join("\n"),
    ping: (from, to, source) => {
      try {
        const via = source === undefined ? [] : ["-I", source];
        run(from, "ping", "-q", "-c", "1", "-W", "3", "-s", "1200", ...via, to);
        return true;
      } catch {
        return false;
      }
    },
    sources: (at) => {
      const listed = JSON.parse(run(at, "nft", "-j", "reset", "counters", "table", "ip", "seen")) as {
        nftables: { counter?: { name: string; packets: number } }[];
      };
      const seen = listed.nftables.flatMap(({ counter }) => (counter?.packets ? [counter.name] : []));
      return COUNTED.filter((address) => seen.includes(counterOf(address)));
    },
    stop: () => {
      stopping.abort();
      all.removeAll();
    },
  };
};
