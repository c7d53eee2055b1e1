import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FactOf } from "@tideway/bus";
import { silentLogger } from "@tideway/log";
import { createKernel, macOf, OVERLAY_DEVICE, RULE_PRIORITY, TABLE, VNI, VXLAN_PORT } from "@tideway/net";
import type { Namespaces } from "@tideway/net/testing";
import type { Answer, Question, Told } from "./gateway-process.ts";

/** The same in every cluster, on purpose. */
export const PODS = "10.200.0.0/16";
export const EXTERNAL = "10.201.0.0/16";
const NODE_PODS = "10.200.0.0/24";
export const GATEWAY_IP = "10.200.0.2";
export const FIRST_PORT = 51_820;
const ENTRY = fileURLToPath(new URL("gateway-process.ts", import.meta.url));

export interface Keys {
  privateKey: string;
  publicKey: string;
}
export const newKeys = (): Keys => {
  const privateKey = execFileSync("wg", ["genkey"], { encoding: "utf8" }).trim();
  const publicKey = execFileSync("wg", ["pubkey"], { input: privateKey, encoding: "utf8" }).trim();
  return { privateKey, publicKey };
};

/** How a cluster sees another one. */
export interface Seen {
  pods: string;
  external: string;
}

export interface Side {
  name: string;
  nodeIP: string;
  node: string;
  gateway: string;
  /** Of a side behind NAT: what is between its node and the others. */
  router?: string;
  pod(host: number): string;
  process: GatewayProcess;
  told: Told;
  /** Tells the gateway what `told` holds. */
  tell(): Promise<Answer>;
}

export class GatewayProcess {
  readonly started: Promise<Answer>;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (r: { result?: Answer; error?: string }) => void>();
  private last = 0;

  constructor(o: { ns: string; self: object; wireguardGo: string }) {
    // A mount namespace of its own, so that userspace WireGuard's sockets do not collide with another gateway's.
    const script = 'mkdir -p /var/run/wireguard && mount -t tmpfs tmpfs /var/run/wireguard && exec "$0" "$@"';
    this.child = spawn(
      "nsenter",
      [`--net=/run/netns/${o.ns}`, "unshare", "--mount", "sh", "-c", script, process.execPath, ENTRY],
      {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        env: { ...process.env, GATEWAY_SELF: JSON.stringify(o.self), WIREGUARD_GO: o.wireguardGo },
      },
    );
    this.started = new Promise((resolve, reject) => {
      this.waiting.set(0, (r) => (r.result ? resolve(r.result) : reject(new Error(r.error))));
      this.child.once("exit", (code) => reject(new Error(`gateway process ended with ${code}`)));
    });
    this.child.on("message", (m: { id: number; result?: Answer; error?: string }) => {
      this.waiting.get(m.id)?.(m);
      this.waiting.delete(m.id);
    });
  }

  ask(question: Question): Promise<Answer> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, (r) => (r.result ? resolve(r.result) : reject(new Error(r.error))));
      this.child.send({ id, question });
    });
  }

  async end(signal?: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    if (signal) this.child.kill(signal);
    else this.child.disconnect();
    await gone;
  }
}

const nothing = (): Told => ({
  networks: [],
  addresses: [],
  borders: [],
  offloaded: [],
  nodes: [],
  guests: [],
  pods: [],
  gone: [],
  keys: {},
  owns: true,
});

/** Clusters of one node each: node, gateway's pod and pods are network namespaces, wired as Kubernetes and a CNI would. */
export const createFabric = (spaces: Namespaces, wireguardGo: string) => {
  const sides: Side[] = [];
  const ended = new AbortController();
  const hub = spaces.add("hub");
  spaces.run(hub, "ip", "link", "add", "br0", "type", "bridge");
  spaces.run(hub, "ip", "link", "set", "br0", "up");

  const plug = (bridge: string, device: string, ns: string, name: string, address: string): void => {
    spaces.run(bridge, "ip", "link", "add", device, "type", "veth", "peer", "name", name, "netns", ns);
    spaces.run(bridge, "ip", "link", "set", device, "master", "br0", "up");
    spaces.run(ns, "ip", "addr", "add", address, "dev", name);
    spaces.run(ns, "ip", "link", "set", name, "up");
  };
  const sysctl = (ns: string, ...settings: string[]): void => {
    spaces.run(ns, "sysctl", "-qw", ...settings);
  };

  const addPod = (node: string, index: number, host: number): string => {
    const ns = spaces.add(`pod${host}`);
    plug(node, `v${index}p${host}`, ns, "eth0", `10.200.0.${host}/24`);
    spaces.run(ns, "ip", "route", "add", "default", "via", "10.200.0.1");
    return ns;
  };

  /** Somebody on the network between the clusters. */
  const addHost = (host: number): { ns: string; address: string } => {
    const ns = spaces.add(`host${host}`);
    const address = `172.31.0.${host}`;
    plug(hub, `v${host}h`, ns, "up0", `${address}/24`);
    return { ns, address };
  };

  /** Between the node and the others: it hides all behind one address and new ports, and lets nobody call in. */
  const addNat = (index: number, node: string, nodeIP: string): string => {
    const router = spaces.add("nat");
    plug(hub, `v${index}n`, router, "up0", `172.31.0.${index}/24`);
    const inside = nodeIP.replace(/\d+$/, "254");
    spaces.connect(
      { ns: router, device: "in0", address: `${inside}/24` },
      { ns: node, device: "up0", address: `${nodeIP}/24` },
    );
    spaces.run(node, "ip", "route", "add", "default", "via", inside);
    sysctl(router, "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0");
    const rules = `table ip nat {
      chain out { type nat hook postrouting priority 100; oifname "up0" masquerade random; }
      chain forward {
        type filter hook forward priority 0;
        iifname "up0" ct state != { established, related } counter drop;
      }
    }`;
    spaces.run(router, "nft", rules);
    return router;
  };

  /** What the kubelet, kube-proxy's NodePorts and the CNI do of a node. */
  const addNode = (index: number, nodeIP: string, behindNat: boolean): { node: string; router?: string } => {
    const node = spaces.add("node");
    const router = behindNat ? { router: addNat(index, node, nodeIP) } : {};
    if (!behindNat) plug(hub, `v${index}n`, node, "up0", `${nodeIP}/24`);
    spaces.run(node, "ip", "link", "add", "br0", "type", "bridge");
    spaces.run(node, "ip", "addr", "add", "10.200.0.1/24", "dev", "br0");
    spaces.run(node, "ip", "link", "set", "br0", "up");
    sysctl(node, "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0");
    const rules = `table ip node {
      chain in { type nat hook prerouting priority -100; iifname "up0" udp dport 51820-51999 dnat to ${GATEWAY_IP}; }
      chain out { type nat hook postrouting priority 100; oifname "up0" ip saddr ${NODE_PODS} masquerade; }
    }`;
    spaces.run(node, "nft", rules);
    return { node, ...router };
  };

  let count = 0;
  const beginnings = new Map<Side, () => GatewayProcess>();
  /** Another gateway in the place of one that ended. */
  const again = async (side: Side): Promise<void> => {
    side.process = beginnings.get(side)?.() ?? side.process;
    await side.process.started;
  };
  const add = async (
    name: string,
    hosts: readonly number[],
    o: { behindNat?: boolean } = {},
  ): Promise<Side> => {
    const index = ++count;
    const nodeIP = o.behindNat ? `192.168.77.${index}` : `172.31.0.${index}`;
    const { node, ...router } = addNode(index, nodeIP, o.behindNat ?? false);
    const gateway = addPod(node, index, 2);
    sysctl(
      gateway,
      "net.ipv4.ip_forward=1",
      "net.ipv4.conf.all.rp_filter=0",
      "net.ipv4.conf.default.rp_filter=0",
      "net.ipv4.fwmark_reflect=1",
    );
    const pods = new Map(hosts.map((host) => [host, addPod(node, index, host)]));
    const told = nothing();
    told.nodes = [{ name: `${name}-1`, address: nodeIP, podCIDRs: [NODE_PODS] }];
    const begin = (): GatewayProcess =>
      new GatewayProcess({
        ns: gateway,
        wireguardGo,
        self: {
          podName: `gateway-${name}`,
          podIP: GATEWAY_IP,
          nodeName: `${name}-1`,
          nodeIP,
          uplink: { device: "eth0", gateway: "10.200.0.1", mtu: 1500 },
          probeMs: 250,
          lostMs: 1000,
        },
      });
    const side: Side = {
      name,
      nodeIP,
      node,
      ...router,
      gateway,
      told,
      process: begin(),
      pod: (host) => pods.get(host) ?? "",
      tell: () => side.process.ask({ ask: "tell", told }),
    };
    sides.push(side);
    beginnings.set(side, begin);
    await side.process.started;
    return side;
  };

  /** What the route-agent does on a node. */
  const routeNode = async (side: Side, prefixes: readonly string[]): Promise<void> => {
    const kernel = createKernel({ log: silentLogger, signal: ended.signal, namespace: side.node });
    await kernel.applyLinks([
      {
        name: OVERLAY_DEVICE,
        vxlan: { vni: VNI, port: VXLAN_PORT, local: side.nodeIP },
        mac: macOf(side.nodeIP),
        mtu: 1450,
        addresses: [`${side.nodeIP}/32`],
      },
    ]);
    await kernel.applyNeighbours(OVERLAY_DEVICE, [{ address: GATEWAY_IP }]);
    await kernel.applyRoutes({
      table: TABLE,
      routes: prefixes.map((destination) => ({
        destination,
        via: GATEWAY_IP,
        device: OVERLAY_DEVICE,
        onlink: true,
        source: side.nodeIP,
      })),
      rules: [{ priority: RULE_PRIORITY }],
    });
  };

  return {
    add,
    again,
    addHost,
    routeNode,
    sides,
    close: async () => {
      ended.abort();
      await Promise.all(sides.map((s) => s.process.end()));
    },
  };
};

/** Both facts of a peering: what each side's network-manager would say. */
export const peer = (o: {
  a: Side;
  b: Side;
  /** Where a sees b, and b sees a. */
  aSeesB: Seen;
  bSeesA: Seen;
  aPort: number;
  bPort: number;
  keys: { generation: number; a: Keys; b: Keys }[];
  /** Where one is called by the other, when not at its node; "": it announces nothing, as behind NAT. */
  endpoints?: { a?: string; b?: string };
  /** a uses b's capacity. */
  consumer: "a";
}): void => {
  const fact = (mine: "a" | "b"): FactOf["network"] => {
    const [self, other] = mine === "a" ? [o.a, o.b] : [o.b, o.a];
    const [seen, seenBy] = mine === "a" ? [o.aSeesB, o.bSeesA] : [o.bSeesA, o.aSeesB];
    const [port, otherPort] = mine === "a" ? [o.aPort, o.bPort] : [o.bPort, o.aPort];
    const theirs = mine === "a" ? "b" : "a";
    const endpoint = o.endpoints?.[theirs];
    for (const k of o.keys) self.told.keys[`tunnel-${other.name}/${k.generation}`] = k[mine].privateKey;
    return {
      clusterId: other.name,
      name: other.name,
      state: "READY",
      localPodCidr: PODS,
      localPodSeenCidr: seenBy.pods,
      localExternalCidr: EXTERNAL,
      localExternalSeenCidr: seenBy.external,
      remotePodCidr: PODS,
      remotePodSeenCidr: seen.pods,
      remoteExternalCidr: EXTERNAL,
      remoteExternalSeenCidr: seen.external,
      generations: o.keys.map((k) => String(k.generation)),
      remoteKeys: Object.fromEntries(o.keys.map((k) => [k.generation, k[theirs].publicKey])),
      remoteEndpoints: Object.fromEntries(
        o.keys.map((k) => [
          k.generation,
          endpoint ?? `${other.nodeIP}:${otherPort + (k.generation % 2 === 1 ? 0 : 1)}`,
        ]),
      ),
      listenPort: port,
      secretName: `tunnel-${other.name}`,
      mtu: 1420,
      reason: "",
      message: "",
      consumer: mine === "a",
      provider: mine === "b",
    };
  };
  for (const [side, f] of [
    [o.a, fact("a")],
    [o.b, fact("b")],
  ] as const)
    side.told.networks = [...side.told.networks.filter((n) => n.clusterId !== f.clusterId), f];
};
