import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  checkout,
  hostAddress,
  type Lan,
  lanNetns,
  type NodePlace,
  type Place,
  POD_CIDR,
  RUN_ROOT,
} from "./layout.ts";
import { withLock } from "./lock.ts";
import type { Cni } from "./record.ts";
import { attempt, run } from "./run.ts";

const lanFile = (p: Place): string => join(p.run, "lan.json");
export const lanLock = join(RUN_ROOT, "lan.lock");
const MAX_SLOTS = 14;

export const hasNetns = (name: string): boolean => existsSync(`/run/netns/${name}`);

export function readLan(p: Place): Lan | undefined {
  try {
    return JSON.parse(readFileSync(lanFile(p), "utf8")) as Lan;
  } catch {
    return undefined;
  }
}

export interface Joined {
  lan: Lan;
  /** The cluster had no address before: what an earlier run left of it (before a reboot, say) is of no use. */
  fresh: boolean;
}

/** Makes the segment that all nodes of a sandbox share, and gives the cluster a slot of addresses on it. */
export function joinLan(p: Place, cluster: string): Promise<Joined> {
  return withLock(lanLock, async () => {
    mkdirSync(p.run, { recursive: true });
    writeFileSync(join(p.run, "owner.json"), JSON.stringify({ dir: p.dir, checkout }));
    const known = hasNetns(lanNetns(p)) ? readLan(p) : undefined;
    const lan = known ?? { octet: await freeOctet(p), slots: {} };
    if (!known) await makeLan(p, lan);
    const fresh = lan.slots[cluster] === undefined;
    lan.slots[cluster] ??= freeSlot(lan);
    writeFileSync(lanFile(p), JSON.stringify(lan));
    return { lan, fresh };
  });
}

export function releaseSlot(p: Place, cluster: string): Promise<void> {
  return withLock(lanLock, async () => {
    const lan = readLan(p);
    if (!lan) return;
    const { [cluster]: _gone, ...slots } = lan.slots;
    writeFileSync(lanFile(p), JSON.stringify({ ...lan, slots }));
  });
}

export function freeSlot(lan: Lan): number {
  const used = new Set(Object.values(lan.slots));
  for (let slot = 0; slot < MAX_SLOTS; slot++) if (!used.has(slot)) return slot;
  throw new Error(`a sandbox holds at most ${MAX_SLOTS} clusters`);
}

async function freeOctet(p: Place): Promise<number> {
  const links = JSON.parse(await run("ip", ["-j", "-4", "addr"])) as { addr_info: { local: string }[] }[];
  const taken = new Set(
    links.flatMap((l) => l.addr_info.map((a) => a.local.split(".").slice(0, 3).join("."))),
  );
  const first = Number.parseInt(p.id.slice(2, 4), 16);
  for (let i = 0; i < 256; i++) {
    const octet = (first + i) % 256;
    if (!taken.has(`10.210.${octet}`)) return octet;
  }
  throw new Error("no subnet of 10.210.0.0/16 is free");
}

/**
 * The bridge has a namespace of its own, so that what filters bridged traffic on the host (br_netfilter with a
 * container engine's rules) neither sees nor drops it. The host is one more machine on the segment.
 */
async function makeLan(p: Place, lan: Lan): Promise<void> {
  const ns = lanNetns(p);
  await attempt("ip", ["netns", "del", ns]);
  await attempt("ip", ["link", "del", p.id]);
  await batch([`netns add ${ns}`, `link add ${p.id} type veth peer name host netns ${ns}`]);
  await batch(
    [
      `link add br0 type bridge`,
      `link set br0 up`,
      `link set lo up`,
      `link set host master br0`,
      `link set host up`,
    ],
    ns,
  );
  await sysctl({ "net/bridge/bridge-nf-call-iptables": "0", "net/bridge/bridge-nf-call-ip6tables": "0" }, ns);
  await batch([`addr add ${hostAddress(lan)}/24 dev ${p.id}`, `link set ${p.id} up`]);
}

/** A node: a namespace with a cable to the segment. */
export async function plugNode(p: Place, lan: Lan, node: NodePlace, cni: Cni): Promise<void> {
  const plugged = join(node.run, "plugged"); // without it the namespace is half made
  if (hasNetns(node.netns) && existsSync(plugged)) return;
  await makeNode(p, lan, node);
  if (cni === "bridge") await nft(masquerade, node.netns);
  mkdirSync(node.run, { recursive: true });
  writeFileSync(plugged, "");
}

/** Each node's way to the pods of the others, as a cloud's routes give it to a CNI without an overlay. */
export async function routePods(nodes: readonly NodePlace[]): Promise<void> {
  await Promise.all(
    nodes.map(async (n) => {
      const others = nodes.filter((o) => o !== n);
      if (others.length === 0) return;
      await batch(
        others.map((o) => `route replace ${o.podCidr} via ${o.address}`),
        n.netns,
      );
    }),
  );
}

export async function unroutePods(nodes: readonly NodePlace[], gone: NodePlace): Promise<void> {
  await Promise.all(
    nodes.map((n) => attempt(...inNetns(n.netns, "ip", ["route", "del", gone.podCidr, "via", gone.address]))),
  );
}

async function makeNode(p: Place, lan: Lan, node: NodePlace): Promise<void> {
  await attempt("ip", ["netns", "del", node.netns]);
  await attempt("ip", ["-n", lanNetns(p), "link", "del", node.link]);
  await batch([
    `netns add ${node.netns}`,
    `link add eth0 netns ${node.netns} type veth peer name ${node.link} netns ${lanNetns(p)}`,
  ]);
  await batch([`link set ${node.link} master br0`, `link set ${node.link} up`], lanNetns(p));
  await batch(
    [
      `link set lo up`,
      `addr add ${node.address}/24 dev eth0`,
      `link set eth0 up`,
      `route add default via ${hostAddress(lan)}`,
    ],
    node.netns,
  );
  const rpFilter = { "net/ipv4/conf/all/rp_filter": "0", "net/ipv4/conf/default/rp_filter": "0" };
  await sysctl({ "net/ipv4/ip_forward": "1", ...rpFilter }, node.netns);
}

/** What leaves the pods' range carries the node's address, as with any common CNI. */
const masquerade = `
table ip sandbox-masquerade {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${POD_CIDR} ip daddr != ${POD_CIDR} ip daddr != 224.0.0.0/4 masquerade
  }
}`;

/** Nothing passes between these nodes and those addresses, in either direction, until it is lifted. */
export async function dropBetween(nodes: readonly NodePlace[], addresses: readonly string[]): Promise<void> {
  const set = addresses.join(", ");
  const rules = `
table ip sandbox-partition {
  chain in { type filter hook prerouting priority -310; ip saddr { ${set} } drop; }
  chain out { type filter hook postrouting priority -310; ip daddr { ${set} } drop; }
}`;
  await Promise.all(nodes.filter((n) => hasNetns(n.netns)).map((n) => nft(rules, n.netns)));
}

export async function liftDrops(nodes: readonly NodePlace[]): Promise<void> {
  const lift = "table ip sandbox-partition\ndelete table ip sandbox-partition";
  await Promise.all(nodes.filter((n) => hasNetns(n.netns)).map((n) => nft(lift, n.netns)));
}

export const inNetns = (
  netns: string | undefined,
  command: string,
  args: readonly string[],
): [string, string[]] =>
  netns ? ["nsenter", [`--net=/run/netns/${netns}`, command, ...args]] : [command, [...args]];

async function batch(lines: readonly string[], netns?: string): Promise<void> {
  const byNetns = lines.filter((l) => l.startsWith("netns "));
  for (const l of byNetns) await run("ip", l.split(" "));
  const rest = lines.filter((l) => !l.startsWith("netns "));
  await run(...inNetns(netns, "ip", ["-batch", "-"]), { input: `${rest.join("\n")}\n` });
}

async function nft(rules: string, netns: string): Promise<void> {
  await run(...inNetns(netns, "nft", ["-f", "-"]), { input: rules });
}

async function sysctl(values: Record<string, string>, netns: string): Promise<void> {
  const script = Object.entries(values).map(([k, v]) => `echo ${v} > /proc/sys/${k}`);
  await run(...inNetns(netns, "sh", ["-ec", script.join("\n")]));
}
