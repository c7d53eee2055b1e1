import { type Step, type Tools, batch, readList } from "./transaction.ts";
import type { Applied, Link, VxlanDevice } from "./types.ts";
import { KernelError } from "./errors.ts";

export interface LinkState {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address?: string;
  readonly addr_info?: readonly {
    readonly local?: string;
    readonly prefixlen?: number;
    readonly scope?: string;
    readonly family?: string;
  }[];
  readonly linkinfo?: {
    readonly info_kind?: string;
    readonly info_data?: { id?: number; local?: string; local6?: string; port?: number; learning?: boolean };
  };
}

const sameVxlan = (state: LinkState, want: VxlanDevice): boolean => {
  const data = state.linkinfo?.info_data;
  return (
    state.linkinfo?.info_kind === "vxlan" &&
    data?.id === want.vni &&
    data.port === want.port &&
    (data.local ?? data.local6) === want.local &&
    data.learning !== true
  );
};

/** Loopback and link-local addresses belong to the kernel. */
const ours = (address: string): boolean => !/^(127\.|::1\/|fe80:)/.test(address);

const addressesOf = (state: LinkState | undefined): string[] =>
  (state?.addr_info ?? []).map((a) => `${a.local}/${a.prefixlen}`).filter(ours);

const vxlanSteps = (link: Link, want: VxlanDevice, state: LinkState | undefined): Step[] => {
  if (state && sameVxlan(state, want)) return [];
  const details = [
    ...(link.mac === undefined ? [] : ["address", link.mac]),
    ...(link.mtu === undefined ? [] : ["mtu", link.mtu]),
    ...["type vxlan id", want.vni, "dstport", want.port, "local", want.local, "nolearning"],
  ];
  return [
    ...(state ? [{ line: `link del dev ${link.name}` }] : []),
    { line: `link add name ${link.name} ${details.join(" ")}`, undo: `link del dev ${link.name}` },
  ];
};

/** The steps from what there is to what is wanted; `state` undefined: the link is not there. */
export const linkSteps = (link: Link, state: LinkState | undefined): Step[] => {
  const make = link.vxlan ? vxlanSteps(link, link.vxlan, state) : [];
  const before = make.length > 0 ? undefined : state;
  const dev = `dev ${link.name}`;
  const steps = [...make];
  const set = (what: string, want: string | number | undefined, is: string | number | undefined): void => {
    if (want === undefined || want === is || make.length > 0) return;
    steps.push({
      line: `link set ${dev} ${what} ${want}`,
      ...(is === undefined ? {} : { undo: `link set ${dev} ${what} ${is}` }),
    });
  };
  set("address", link.mac, before?.address);
  set("mtu", link.mtu, before?.mtu);
  if (link.addresses) {
    const has = addressesOf(before);
    for (const a of link.addresses.filter((x) => !has.includes(x)))
      steps.push({ line: `addr add ${a} ${dev}`, undo: `addr del ${a} ${dev}` });
    for (const a of has.filter((x) => !link.addresses?.includes(x)))
      steps.push({ line: `addr del ${a} ${dev}`, undo: `addr add ${a} ${dev}` });
  }
  if (!before?.flags.includes("UP")) steps.push({ line: `link set ${dev} up` });
  return steps;
};

export const readLinks = async (tools: Tools): Promise<ReadonlyMap<string, LinkState>> => {
  const all = await readList<LinkState>(tools, ["ip", "-j", "-d", "addr", "show"]);
  return new Map(all.filter((l) => l.ifname).map((l) => [l.ifname, l]));
};

export const applyLinks = async (tools: Tools, links: readonly Link[]): Promise<Applied> => {
  const have = await readLinks(tools);
  const missing = links.find((l) => !l.vxlan && !have.has(l.name));
  if (missing)
    throw new KernelError({ command: "ip addr show", line: missing.name, said: "there is no such link" });
  return batch(
    tools,
    "link",
    ["ip"],
    links.flatMap((l) => linkSteps(l, have.get(l.name))),
  );
};

export const removeLink = async (tools: Tools, name: string): Promise<Applied> => {
  const have = await readLinks(tools);
  return batch(tools, "link", ["ip"], have.has(name) ? [{ line: `link del dev ${name}` }] : []);
};
